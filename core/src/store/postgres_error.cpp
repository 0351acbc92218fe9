#include "store/postgres_error.h"

#include <fmt/format.h>

#include <pqxx/pqxx>
#include <string_view>

namespace cartpilot::store {
namespace {

/// The first line of what the server says, without its "ERROR:  ".
std::string first_line(std::string_view text) {
  for (const std::string_view prefix : {"ERROR:  ", "FATAL:  ", "PANIC:  "}) {
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  }
  std::string line(text.substr(0, text.find('\n')));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return line;
}

}  // namespace

void refuse_database(const std::string& name, const std::string& what, const std::string& remedy,
                     const char* reason) {
  Error error(ErrorCode::kUnavailable, fmt::format("state database {} {}; {}", name, what, remedy));
  error.reason = reason;
  throw error;
}

std::string sqlstate_of(const std::exception& error) {
  const auto* const sql = dynamic_cast<const pqxx::sql_error*>(&error);
  return sql == nullptr ? "" : sql->sqlstate();
}

void refuse_database_for(const std::string& name, const std::exception& error, bool lost) {
  const std::string state = sqlstate_of(error);
  const std::string said = first_line(error.what());
  const auto one_of = [&](std::initializer_list<std::string_view> states) {
    for (const std::string_view one : states) {
      if (state.starts_with(one)) return true;
    }
    return false;
  };
  // Lock not available, cancelled by a time limit, deadlock, serialization, too many connections.
  if (one_of({"55P03", "57014", "40", "53300"})) {
    refuse_database(name, "is held by another process", "wait for the other cartpilot to finish",
                    "busy");
  }
  if (one_of({"53100", "53", "58", "XX"})) {
    refuse_database(name, fmt::format("failed ({})", said), "check the server's disk and its log",
                    "disk");
  }
  if (one_of({"25006"})) {
    refuse_database(name, "cannot be written", "name a server that is no read-only copy", "disk");
  }
  if (one_of({"42501"})) {
    refuse_database(name, fmt::format("does not allow it ({})", said),
                    "run 'cartpilot db migrate' as the owner of the database, or grant the rights");
  }
  if (lost || state.starts_with("08") || state.starts_with("57P")) {
    refuse_database(name, fmt::format("cannot be reached ({})", said),
                    "check that the server runs, the address and the password", "connection");
  }
  refuse_database(name, fmt::format("failed ({})", said), "check the server's log");
}

}  // namespace cartpilot::store
