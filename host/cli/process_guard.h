// What keeps keys inside this process, and its streams apart.
//
// Keys come from the environment. Once read, it is reduced to what the system and its libraries
// need, so that neither /proc nor a child nor a plugin that did not ask sees the rest. The process
// leaves no core file and cannot be attached to by others. Called once at the start, before there
// are threads.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace cartpilot::host {

/// Opens /dev/null in place of a standard stream that is closed. Otherwise the first file or
/// connection of the program would get its number, and what is printed would end up in it.
void open_standard_streams() noexcept;

/// No core file, no reading of this process's memory by others of the same user.
void forbid_core_files() noexcept;

/// HOME, PATH, LANG, TERM and their like: never a secret, whoever declares them.
bool is_general_variable(std::string_view name);

/// Overwrites the values of variables where the system put them, and unsets them: `secrets`, all
/// that are neither general nor the program's own (CARTPILOT_...), and proxies with credentials
/// (net::keep_proxies() before).
void reduce_environment(const std::set<std::string>& secrets);

}  // namespace cartpilot::host
