// Owner: which process asked a question, so that a yes to a program that is gone counts for
// nothing.
//
// A process id alone is used again after a while, and all of them after a restart of the machine;
// with the boot and the start of the process it is unique. Pure reading of /proc; any thread.
#pragma once

#include <string>

namespace cartpilot::purchase {

/// This process: "INSTANCE BOOT PID START". INSTANCE is random and the same as long as the process
/// lives; BOOT is the kernel's boot id; START is the start time in clock ticks since boot.
std::string this_owner();

/// Whether the process that `owner` names still runs. A text that is no owner names nobody.
bool owner_is_alive(const std::string& owner);

/// "process 4711", for people.
std::string owner_text(const std::string& owner);

}  // namespace cartpilot::purchase
