#include "mcp/batch.h"

#include <utility>

namespace cartpilot::mcp {

BatchSink::BatchSink(std::shared_ptr<ReplySink> outer, std::size_t requests)
    : outer_(std::move(outer)), awaited_(requests) {}

void BatchSink::notify(const Json& notification) { outer_->notify(notification); }

void BatchSink::answer(const Json& response) {
  Json all;
  {
    const std::lock_guard lock(mutex_);
    if (!response.is_null()) answers_.push_back(response);
    if (--awaited_ > 0) return;
    // A batch of which every request was cancelled gets no answer, not an empty array.
    if (!answers_.empty()) all = std::move(answers_);
  }
  outer_->answer(all);
}

}  // namespace cartpilot::mcp
