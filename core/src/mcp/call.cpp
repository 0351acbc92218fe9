#include "mcp/call.h"

#include <utility>

#include "base/random.h"
#include "mcp/message.h"
#include "mcp/revision.h"

namespace cartpilot::mcp {
namespace {

constexpr std::size_t kElicitationIdBytes = 16;

}  // namespace

Call::Call(Json id, std::string_view revision, Json progress_token, CallClient client,
           std::shared_ptr<ReplySink> sink)
    : id_(std::move(id)),
      revision_(revision),
      progress_token_(std::move(progress_token)),
      client_(client),
      sink_(std::move(sink)) {}

void Call::progress(double done, std::optional<double> total, const std::string& message) {
  if (progress_token_.is_null()) return;
  const std::lock_guard lock(mutex_);
  if (ended_ || done <= last_progress_) return;
  last_progress_ = done;
  Json params = {{"progressToken", progress_token_}, {"progress", done}};
  if (total) params["total"] = *total;
  if (!message.empty() && has_progress_messages(revision_)) params["message"] = message;
  sink_->notify(make_notification("notifications/progress", std::move(params)));
}

PageRequest Call::show_page(const std::string& url, const std::string& message) {
  const std::lock_guard lock(mutex_);
  if (!client_.shows_pages || ended_) return PageRequest::kNotPossible;
  if (client_.was_asked) return PageRequest::kSent;
  client_.was_asked = true;
  Json params = {{"mode", "url"}, {"url", url}, {"message", message}};
  if (revision_ == kModernRevision) {
    input_request_ = {{"method", "elicitation/create"}, {"params", std::move(params)}};
    return PageRequest::kReturn;
  }
  const std::string id = base::random_hex(kElicitationIdBytes);
  params["elicitationId"] = id;
  // Its answer is a response to a request that nobody remembers.
  sink_->notify({{"jsonrpc", "2.0"},
                 {"id", "page-" + id},
                 {"method", "elicitation/create"},
                 {"params", std::move(params)}});
  return PageRequest::kSent;
}

void Call::cancel() {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  ended_ = true;
  cancelled_ = true;
  sink_->answer(nullptr);
}

void Call::finish(const Json& response) {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  ended_ = true;
  sink_->answer(response);
}

}  // namespace cartpilot::mcp
