// Permission to buy from the settings file: [purchases], where only its owner can write it.
//
// Free functions; one thread.
#pragma once

#include <string>

#include "cli/arguments.h"

namespace cartpilot::host {

struct FilePermission {
  Arguments arguments;       ///< with what the file says wherever the flags are silent
  std::string announcement;  ///< one line for the person; "" when the file permits nothing
};

/// For a command that may buy; other commands get their arguments back unchanged. --approve,
/// --merchants and --allow-repeat stand together: one of them as a flag leaves all three of the
/// file aside. Throws Error{kInvalidArgument} when the file has [purchases] and others could have
/// written it, or when it cannot be read.
FilePermission with_file_permission(const Arguments& arguments);

}  // namespace cartpilot::host
