// DeadlineContext: the caller's context with an earlier deadline.
//
// For looking around after a confirm: the looks are worth a few seconds of the person's time, not
// more. The outer context is borrowed. Any thread.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "cartpilot/http.h"

namespace cartpilot::base {

class DeadlineContext final : public CallContext {
 public:
  DeadlineContext(const CallContext& outer, std::chrono::milliseconds budget)
      : outer_(outer), deadline_unix_ms_(unix_ms_now() + budget.count()) {
    if (outer.deadline_unix_ms() != 0) {
      deadline_unix_ms_ = std::min(deadline_unix_ms_, outer.deadline_unix_ms());
    }
  }

  bool cancelled() const noexcept override { return outer_.cancelled(); }
  std::int64_t deadline_unix_ms() const noexcept override { return deadline_unix_ms_; }

 private:
  const CallContext& outer_;
  std::int64_t deadline_unix_ms_;
};

}  // namespace cartpilot::base
