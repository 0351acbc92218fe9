#include "mcp/approval_board.h"

#include <utility>

#include "base/clock.h"

namespace cartpilot::host {
namespace {

constexpr std::chrono::milliseconds kLook{50};

}  // namespace

void ApprovalBoard::put(const std::string& checkout_id, ApprovalStatus status) {
  const std::lock_guard lock(mutex_);
  statuses_[checkout_id] = std::move(status);
  changed_.notify_all();
}

std::optional<ApprovalStatus> ApprovalBoard::find(const std::string& checkout_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = statuses_.find(checkout_id);
  if (found == statuses_.end()) return std::nullopt;
  return found->second;
}

std::optional<ApprovalStatus> ApprovalBoard::wait(const std::string& checkout_id,
                                                  std::chrono::seconds limit,
                                                  const CallContext& context,
                                                  const std::function<void(int)>& tick) const {
  const auto begin = base::steady_now();
  int told = 0;
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto found = statuses_.find(checkout_id);
    if (found == statuses_.end()) return std::nullopt;
    const auto waited = base::steady_now() - begin;
    if (!found->second.open || context.cancelled() || waited >= limit) return found->second;
    const int seconds =
        static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(waited).count());
    if (seconds > told) {
      told = seconds;
      lock.unlock();
      tick(seconds);
      lock.lock();
      continue;
    }
    changed_.wait_for(lock, kLook);
  }
}

}  // namespace cartpilot::host
