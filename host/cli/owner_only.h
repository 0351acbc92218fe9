// Can only this user, or root, change what stands at a path? Asked before a file may give
// permission to buy.
//
// A free function; any thread.
#pragma once

#include <filesystem>
#include <string>

namespace cartpilot::host {

/// "" when only this user or root could have written the regular file at `path`: it and every
/// folder above it belong to one of them, none is writable by group or others (the system's sticky
/// folders, such as /tmp, aside), none has an access list, and no part of the path is a symbolic
/// link. Else what is wrong and how to fix it.
std::string why_not_owner_only(const std::filesystem::path& path);

}  // namespace cartpilot::host
