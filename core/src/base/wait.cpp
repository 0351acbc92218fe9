#include "base/wait.h"

#include <algorithm>
#include <thread>

#include "base/outside.h"

namespace cartpilot::base {

bool wait_unless_cancelled(std::chrono::milliseconds length, const CallContext& context,
                           const std::function<void(std::chrono::milliseconds)>& sleep) {
  constexpr std::chrono::milliseconds kLook(20);
  while (length.count() > 0 && !context.cancelled()) {
    const std::chrono::milliseconds slice = std::min(length, kLook);
    const Outside* const outside = outside_here();
    if (outside != nullptr && outside->skips_sleep()) {
      // The looks at the context stay as many.
    } else if (sleep) {
      sleep(slice);
    } else {
      std::this_thread::sleep_for(slice);
    }
    length -= slice;
  }
  return !context.cancelled();
}

}  // namespace cartpilot::base
