// The process that asks a question or shows a page, by a name, so that a yes to a program that is
// gone counts for nothing.
//
// A process id alone is used again after a while, and all of them after a restart of the machine;
// with the boot and the start of the process it is unique. Pure reading of /proc; any thread.
#pragma once

#include <string>

namespace cartpilot::store {

/// This process: "INSTANCE BOOT PID START". INSTANCE is random and the same as long as the process
/// lives; BOOT is the kernel's boot id; START is the start time in clock ticks since boot.
std::string process_owner();

/// Whether the process that `owner` names still runs. A text that is no owner names nobody.
bool process_is_alive(const std::string& owner);

/// Whether `owner` names a process that this machine and this namespace of process ids can judge.
bool is_process_here(const std::string& owner);

/// As process_owner(), for a database that many machines share: BOOT also names the namespace of
/// process ids, which containers on one machine do not share.
std::string shared_process_owner();

}  // namespace cartpilot::store
