#include "serve/program_door.h"

#include <optional>
#include <set>
#include <utility>

#include "http/request_headers.h"
#include "serve/visitors.h"
#include "text/ascii.h"

namespace cartpilot::host {
namespace {

constexpr std::string_view kBearer = "bearer ";

std::string bearer_of(const HttpHeaders& headers) {
  const std::string sent = only_value(headers, "Authorization");
  if (!text::lower_case(sent).starts_with(kBearer)) return "";
  return std::string(text::trimmed(sent.substr(kBearer.size())));
}

bool is_below(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder + "/");
}

}  // namespace

ProgramDoor::ProgramDoor(std::unique_ptr<store::StateDb> state, People& people,
                         std::string page_url, bool openai, std::unique_ptr<McpAccess> mcp,
                         bool one_person)
    : state_(std::move(state)),
      tokens_(*state_),
      people_(people),
      openai_api_(std::move(page_url)),
      openai_(openai),
      mcp_(std::move(mcp)),
      one_person_(one_person) {}

bool ProgramDoor::handle(const mcp::EndpointRequest& request, RelayedRequest& from, bool relayed,
                         mcp::EndpointReply& reply) {
  const bool openai = openai_ && is_below(request.path, "/v1");
  const bool mcp = mcp_ != nullptr && request.path == mcp::kEndpointPath;
  if (!openai && !mcp) return false;
  const std::string token = bearer_of(request.headers);
  std::optional<ProgramToken> holder;
  if (relayed) {
    holder = ProgramToken{from.token_id, from.person, ""};
  } else if (!token.empty()) {
    const std::lock_guard lock(mutex_);
    holder = tokens_.find(token);
    if (holder && (holder->person == kOnlyPerson) != one_person_) holder.reset();
  }
  if (!holder) {
    OpenAiApi::refuse(reply, 401, "this needs a token of 'cartpilot token new'", "invalid_api_key");
    return true;
  }
  from = {holder->person, holder->id};
  const auto person = people_.find(holder->person);
  if (!relayed && !person->may_ask()) {
    OpenAiApi::refuse(reply, 429, "these are too many requests; wait a moment", "too_often");
  } else if (openai) {
    openai_api_.handle(request, *person, *holder, reply);
  } else {
    mcp_->handle(request, token, *holder, reply);
  }
  return true;
}

void ProgramDoor::hurry() {
  if (mcp_) mcp_->hurry();
}

void ProgramDoor::sweep() {
  if (!mcp_) return;
  std::set<std::string> ids;
  {
    const std::lock_guard lock(mutex_);
    for (const ProgramToken& token : tokens_.list(std::nullopt)) ids.insert(token.id);
  }
  mcp_->keep_only(ids);
}

Json ProgramDoor::list(const std::string& person) {
  const std::lock_guard lock(mutex_);
  Json list = Json::array();
  for (const ProgramToken& token : tokens_.list(person)) {
    list.push_back({{"id", token.id},
                    {"name", token.name},
                    {"created_unix_ms", token.created_unix_ms},
                    {"last_used_unix_ms", token.used_unix_ms}});
  }
  return {{"tokens", std::move(list)}};
}

Json ProgramDoor::make(const std::string& person, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const ProgramTokens::Made made = tokens_.make(person, name);
  return {{"id", made.id}, {"token", made.token}};
}

bool ProgramDoor::revoke(const std::string& person, const std::string& id) {
  bool revoked = false;
  {
    const std::lock_guard lock(mutex_);
    revoked = tokens_.revoke(id, person);
  }
  sweep();
  return revoked;
}

}  // namespace cartpilot::host
