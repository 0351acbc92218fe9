// run_in_child(): one check in a process of its own, with a deadline.
//
// The child is forked, so the caller must have one thread. It gets its own process group, which is
// killed when the deadline passes; its standard input is empty, its output is kept aside. A child
// that ends without having said how the check went has crashed, whatever its exit status.
#pragma once

#include <cstdint>
#include <functional>

#include "testing/check_subject.h"

namespace cartpilot::testing {

/// Runs `body` and returns how it ended; never throws what it threw.
CheckEnd run_in_child(std::int64_t deadline_ms, const std::function<void()>& body);

/// The same in this process, for a debugger.
CheckEnd run_here(const std::function<void()>& body);

/// What this child wrote to standard output so far.
std::string output_of_this_child();

}  // namespace cartpilot::testing
