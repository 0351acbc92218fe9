// Permission to buy from the settings file: [purchases], where only its owner can write it.
//
// Free functions; one thread.
#pragma once

#include <string>

#include "cli/arguments.h"
#include "purchase/rules.h"

namespace cartpilot::host {

struct FilePermission {
  Arguments arguments;       ///< with what the file says wherever the flags are silent
  std::string announcement;  ///< one line for the person; "" when the file permits nothing
  purchase::PurchaseRules rules;
};

/// For a command that may buy; other commands get their arguments back unchanged. --approve,
/// --merchants and --allow-repeat stand together: one of them as a flag leaves all three of the
/// file aside, and of its rules all but those that deny; so does approve = "never" in the file.
/// Throws Error{kInvalidArgument} when the file has [purchases] and others could have
/// written it, when it cannot be read, when a rule is not understood, and for rules beside
/// approve = "up-to...".
FilePermission with_file_permission(const Arguments& arguments);

}  // namespace cartpilot::host
