// A wait that ends early when the person stops it.
#pragma once

#include <chrono>
#include <functional>

#include "cartpilot/http.h"

namespace cartpilot::base {

/// Waits for `length`, on the calling thread; true when it waited to the end, false as soon as
/// `context` is cancelled, which it looks at every 20 ms. `sleep` takes the place of sleeping in
/// tests.
bool wait_unless_cancelled(std::chrono::milliseconds length, const CallContext& context,
                           const std::function<void(std::chrono::milliseconds)>& sleep = {});

}  // namespace cartpilot::base
