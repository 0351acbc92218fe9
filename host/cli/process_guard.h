// What keeps keys inside this process, and its streams apart.
//
// Keys come from the environment. Once read they are wiped from it, so that neither /proc nor a
// child sees them, and the process leaves no core file and cannot be attached to by others. Called
// once at the start, before there are threads.
#pragma once

#include <string_view>

namespace cartpilot::host {

/// Opens /dev/null in place of a standard stream that is closed. Otherwise the first file or
/// connection of the program would get its number, and what is printed would end up in it.
void open_standard_streams() noexcept;

/// No core file, no reading of this process's memory by others of the same user.
void forbid_core_files() noexcept;

/// Whether a variable of that name holds what must never be printed.
bool is_secret_name(std::string_view name);

/// Overwrites the values of all secret variables where the system put them, and unsets them.
void wipe_secrets_from_environment();

}  // namespace cartpilot::host
