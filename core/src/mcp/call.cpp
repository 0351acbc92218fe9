#include "mcp/call.h"

#include <utility>

#include "mcp/message.h"
#include "mcp/revision.h"

namespace cartpilot::mcp {

Call::Call(Json id, std::string_view revision, Json progress_token, std::shared_ptr<ReplySink> sink)
    : id_(std::move(id)),
      revision_(revision),
      progress_token_(std::move(progress_token)),
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
