#include "serve/person.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/digest.h"
#include "commands/chat/transcript.h"
#include "commerce/identity.h"
#include "cost/ledger.h"
#include "serve/page_json.h"
#include "serve/relay.h"
#include "serve/request_body.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::host {
namespace {

constexpr double kRequestsAtOnce = 120;
constexpr double kRequestsPerSecond = 40;
constexpr std::size_t kMaxTitleBytes = 80;
constexpr std::size_t kMaxIdBytes = 64;
constexpr int kMaxReadings = 5;

[[noreturn]] void refuse(ErrorCode code, const char* reason, const std::string& message) {
  Error error(code, message);
  error.reason = reason;
  throw error;
}

[[noreturn]] void no_conversation() {
  refuse(ErrorCode::kNotFound, "no_conversation", "there is no such conversation");
}

bool is_id(const std::string& id) {
  return !id.empty() && id.size() <= kMaxIdBytes &&
         std::all_of(id.begin(), id.end(), [](unsigned char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '-' || c == '_' || c == '.';
         });
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

Person::Person(app::AppServices& services, std::string name, app::SessionSettings settings,
               OtherOwner other_owner)
    : services_(services),
      name_(std::move(name)),
      settings_(std::move(settings)),
      other_owner_(std::move(other_owner)),
      state_(services_.open_state(settings_.person)),
      sessions_(*state_),
      journal_(*state_),
      questions_(*state_),
      page_key_(base::hmac_sha256_hex(journal_.install_secret(), "page key")),
      requests_(kRequestsAtOnce, kRequestsPerSecond) {
  answers_ = std::make_unique<QuestionAnswers>(
      questions_, base::hmac_sha256_hex(journal_.install_secret(), "page answers"),
      purchase::AnswerSource{"page", "you"});
}

Person::~Person() = default;

Person::StreamPlace::StreamPlace(Person& person) : person_(person) {
  if (person_.streams_++ < kMaxStreamsOfPerson) return;
  --person_.streams_;
  refuse(ErrorCode::kUnavailable, "too_many",
         fmt::format("{} answers are streamed already; close some pages", kMaxStreamsOfPerson));
}

Person::StreamPlace::~StreamPlace() { --person_.streams_; }

bool Person::may_ask() {
  const std::lock_guard lock(live_mutex_);
  return requests_.take();
}

std::shared_ptr<LiveConversation> Person::find_live(const std::string& id) {
  const std::lock_guard lock(live_mutex_);
  const auto found = live_.find(id);
  return found == live_.end() ? nullptr : found->second;
}

store::SessionSummary Person::stored(const std::string& id) {
  const std::lock_guard lock(state_mutex_);
  const auto found = sessions_.find(id);
  if (!found) no_conversation();
  return *found;
}

Json Person::conversations(const std::string& search) {
  std::vector<store::SessionSummary> all;
  std::set<std::string> asking;
  {
    const std::lock_guard lock(state_mutex_);
    all = sessions_.list();
    for (const auto& question : questions_.list_open()) asking.insert(question.session);
  }
  Json list = Json::array();
  for (const store::SessionSummary& summary : all) {
    if (lower(summary.title).find(lower(search)) == std::string::npos) continue;
    const auto live = find_live(summary.id);
    list.push_back(
        conversation_json(summary, live && live->running(), asking.contains(summary.id)));
  }
  return {{"conversations", std::move(list)}};
}

std::string Person::begin_conversation() {
  const std::string id = store::new_session_id();
  const std::lock_guard lock(state_mutex_);
  sessions_.bind(id, "");
  return id;
}

void Person::moved_away(const std::string& id) {
  std::shared_ptr<LiveConversation> live;
  const std::lock_guard lock(live_mutex_);
  const auto found = live_.find(id);
  if (found == live_.end() || found->second->running()) return;
  live = std::move(found->second);
  live_.erase(found);
  live->events().close();
}

std::vector<std::string> Person::live_ids() {
  std::vector<std::string> ids;
  const std::lock_guard lock(live_mutex_);
  for (const auto& entry : live_) ids.push_back(entry.first);
  return ids;
}

std::shared_ptr<LiveConversation> Person::live(const std::string& id, bool may_begin) {
  if (other_owner_ && is_id(id)) {
    if (const auto address = other_owner_(id)) {
      moved_away(id);
      throw OwnedElsewhere(*address);
    }
  }
  if (auto found = find_live(id)) return found;
  if (!is_id(id)) no_conversation();
  if (!may_begin) stored(id);
  LiveConversation::Stored stored;
  stored.summary = [this, id] {
    const std::lock_guard lock(state_mutex_);
    return sessions_.find(id);
  };
  stored.attempt = [this](const std::string& attempt) {
    const std::lock_guard lock(state_mutex_);
    return journal_.find(attempt);
  };
  auto made = std::make_shared<LiveConversation>(services_, settings_, id, std::move(stored));
  const std::lock_guard lock(live_mutex_);
  if (ending_) refuse(ErrorCode::kUnavailable, "ending", "the program is ending; try again soon");
  if (live_.size() >= kMaxLiveOfPerson) {
    const auto idle = std::find_if(live_.begin(), live_.end(), [](const auto& entry) {
      return entry.second.use_count() == 1 && !entry.second->running();
    });
    if (idle == live_.end()) {
      refuse(ErrorCode::kUnavailable, "too_many", "too many conversations are open; close some");
    }
    live_.erase(idle);
  }
  return live_.emplace(id, std::move(made)).first->second;
}

std::vector<purchase::Attempt> Person::purchases_of(const std::string& id) {
  std::vector<purchase::Attempt> all = journal_.list();
  std::erase_if(all, [&](const purchase::Attempt& attempt) { return attempt.session != id; });
  return all;
}

Person::Reading Person::read(LiveConversation& live) {
  Reading reading;
  // A turn that begins or ends meanwhile is seen at once, so it is read again.
  for (int tries = 0; tries < kMaxReadings; ++tries) {
    reading.position = live.position();
    {
      const std::lock_guard lock(state_mutex_);
      reading.messages = sessions_.load(live.id());
      reading.purchases = purchases_of(live.id());
    }
    if (live.position() == reading.position) break;
  }
  return reading;
}

std::pair<Json, std::int64_t> Person::snapshot(LiveConversation& live) {
  Json messages;
  std::int64_t after = 0;
  // What is said meanwhile would come twice.
  for (int tries = 0; tries < kMaxReadings; ++tries) {
    after = live.events().last();
    const Json partial = live.partial();
    const Reading reading = read(live);
    messages = messages_json(reading.messages, reading.purchases);
    if (!partial.is_null()) messages.push_back(partial);
    if (live.events().last() == after) break;
  }
  return {std::move(messages), after};
}

Json Person::conversation(const std::string& id) {
  const auto open = live(id);
  Reading reading = read(*open);
  if (reading.position.running) {
    const auto before = static_cast<std::size_t>(reading.position.messages);
    if (reading.messages.size() > before) reading.messages.resize(before);
  }
  Json bought = Json::array();
  for (const purchase::Attempt& attempt : reading.purchases) {
    bought.push_back(purchase_json(attempt));
  }
  std::optional<store::SessionSummary> found;
  {
    const std::lock_guard lock(state_mutex_);
    found = sessions_.find(id);
  }
  return {{"id", id},
          {"title", found ? found->title : ""},
          {"provider", found ? found->provider : ""},
          {"model", found ? found->model : ""},
          {"messages", messages_json(reading.messages, reading.purchases)},
          {"events_after", reading.position.after},
          {"running", reading.position.running},
          {"purchases", std::move(bought)}};
}

std::size_t Person::highest_number(const std::string& beginning) {
  std::set<std::string> ids;
  {
    const std::lock_guard lock(state_mutex_);
    for (const store::SessionSummary& summary : sessions_.list()) ids.insert(summary.id);
  }
  {
    const std::lock_guard lock(live_mutex_);
    for (const auto& entry : live_) ids.insert(entry.first);
  }
  std::int64_t highest = 0;
  for (const std::string& id : ids) {
    if (id.starts_with(beginning)) {
      highest = std::max(highest, number_or(id.substr(beginning.size()), 0));
    }
  }
  return static_cast<std::size_t>(highest);
}

void Person::rename(const std::string& id, const std::string& title) {
  stored(id);
  const std::string line = text::field(title, kMaxTitleBytes);
  if (line.empty()) refuse(ErrorCode::kInvalidArgument, "title", "the title is empty");
  const std::lock_guard lock(state_mutex_);
  sessions_.rename(id, line);
}

void Person::remove(const std::string& id) {
  stored(id);
  {
    const std::lock_guard lock(live_mutex_);
    const auto open = live_.find(id);
    if (open != live_.end()) {
      if (open->second->running()) {
        refuse(ErrorCode::kUnavailable, "turn_running",
               "an answer is on its way; stop it first, then delete the conversation");
      }
      open->second->rest();
      open->second->events().close();
      live_.erase(open);
    }
  }
  const store::SessionLock held = services_.lock_session(id, settings_.person);
  const std::lock_guard lock(state_mutex_);
  sessions_.remove(id);
  cost::Ledger(*state_).forget(id);
}

std::string Person::transcript(const std::string& id, bool json) {
  const store::SessionSummary summary = stored(id);
  std::vector<Message> messages;
  {
    const std::lock_guard lock(state_mutex_);
    messages = sessions_.load(id);
  }
  const std::string shop = commerce::CartPilotIdentity::from_text(summary.cartpilot).shown();
  return json ? dump_json(text::redacted(transcript_json(id, shop, messages))) + "\n"
              : text::redact(transcript_markdown(id, shop, messages));
}

std::string Person::say(LiveConversation& live, const std::string& text,
                        const std::string& run_id) {
  if (running_turns() >= kMaxTurnsOfPerson && !live.running()) {
    refuse(ErrorCode::kUnavailable, "too_many",
           fmt::format("{} other conversations are answering; wait for one of them, or stop it",
                       kMaxTurnsOfPerson));
  }
  return live.say(text, run_id);
}

std::size_t Person::running_turns() {
  const std::lock_guard lock(live_mutex_);
  return static_cast<std::size_t>(std::count_if(
      live_.begin(), live_.end(), [](const auto& entry) { return entry.second->running(); }));
}

void Person::stop_all() {
  const std::lock_guard lock(live_mutex_);
  ending_ = true;
  for (const auto& entry : live_) entry.second->end();
}

void Person::abandon_all() {
  const std::lock_guard lock(live_mutex_);
  for (const auto& entry : live_) entry.second->abandon();
}

void Person::rest(std::chrono::seconds idle) {
  std::vector<std::shared_ptr<LiveConversation>> resting;
  {
    const std::lock_guard lock(live_mutex_);
    for (const auto& entry : live_) {
      if (entry.second->idle_for(idle)) resting.push_back(entry.second);
    }
  }
  for (const auto& live : resting) live->rest();
}

Json Person::question() {
  Json body;
  {
    const std::lock_guard lock(state_mutex_);
    body = answers_->show();
    Json& question = body["question"];
    if (!question.is_null()) {
      const auto found = sessions_.find(string_or(question, "conversation"));
      question["conversation_title"] = found ? found->title : "";
    }
  }
  return body;
}

QuestionAnswers::Reply Person::question_code(const std::string& token) {
  const std::lock_guard lock(state_mutex_);
  return answers_->code(token);
}

QuestionAnswers::Reply Person::question_answer(const std::string& token, const std::string& typed) {
  const std::lock_guard lock(state_mutex_);
  return answers_->answer(token, typed);
}

QuestionAnswers::Reply Person::question_decline(const std::string& token) {
  const std::lock_guard lock(state_mutex_);
  return answers_->decline(token);
}

}  // namespace cartpilot::host
