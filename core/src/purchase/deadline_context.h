// DeadlineContext: the caller's context with an earlier deadline.
//
// For looking around after a confirm: the looks are worth a few seconds of the person's time, not
// more. The outer context is borrowed. Any thread.
#pragma once

#include <algorithm>
#include <chrono>

#include "cartpilot/http.h"

namespace cartpilot::purchase {

class DeadlineContext final : public CallContext {
 public:
  DeadlineContext(const CallContext& outer, std::chrono::milliseconds budget)
      : outer_(outer), deadline_unix_ms_(earlier(outer.deadline_unix_ms(), budget)) {}

  bool cancelled() const noexcept override { return outer_.cancelled(); }
  std::int64_t deadline_unix_ms() const noexcept override { return deadline_unix_ms_; }

 private:
  static std::int64_t earlier(std::int64_t outer, std::chrono::milliseconds budget) {
    const auto end = std::chrono::system_clock::now() + budget;
    const std::int64_t own =
        std::chrono::duration_cast<std::chrono::milliseconds>(end.time_since_epoch()).count();
    return outer == 0 ? own : std::min(outer, own);
  }

  const CallContext& outer_;
  const std::int64_t deadline_unix_ms_;
};

}  // namespace cartpilot::purchase
