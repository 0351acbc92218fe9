// What libpqxx throws, as an Error for the person. Free functions; any thread.
#pragma once

#include <exception>
#include <string>

#include "cartpilot/error.h"

namespace pqxx {
class result;
}  // namespace pqxx

namespace cartpilot::store {

/// Throws Error{kUnavailable}: "state database NAME WHAT; REMEDY".
[[noreturn]] void refuse_database(const std::string& name, const std::string& what,
                                  const std::string& remedy, const char* reason = "");

/// The same for an exception of libpqxx. Reasons: "busy" when another process holds what is needed,
/// "disk" when the server cannot read or write at present, "connection" when the server cannot be
/// reached or the connection to it ended (`lost`).
[[noreturn]] void refuse_database_for(const std::string& name, const std::exception& error,
                                      bool lost);

/// The SQLSTATE of an exception of libpqxx, "" when it has none.
std::string sqlstate_of(const std::exception& error);

}  // namespace cartpilot::store
