// What keeps keys inside this process, and its streams apart.
//
// Keys come from the environment. Once read they are wiped from it, so that neither /proc nor a
// child sees them, and the process leaves no core file and cannot be attached to by others. Called
// once at the start, before there are threads.
#pragma once

#include <set>
#include <string>

namespace cartpilot::host {

/// Opens /dev/null in place of a standard stream that is closed. Otherwise the first file or
/// connection of the program would get its number, and what is printed would end up in it.
void open_standard_streams() noexcept;

/// No core file, no reading of this process's memory by others of the same user.
void forbid_core_files() noexcept;

/// Overwrites the values of variables where the system put them, and unsets them: `names`, and all
/// whose names say that they hold a key, which a plugin could read although it never asked for
/// them.
void wipe_from_environment(const std::set<std::string>& names);

}  // namespace cartpilot::host
