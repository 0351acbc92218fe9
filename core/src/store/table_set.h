// TableSet: the tables of one module, written once for every database.
//
// Each statement is "CREATE TABLE IF NOT EXISTS NAME (...)" or "CREATE INDEX IF NOT EXISTS NAME ON
// ...", in words that SQLite knows. Plain data of static storage and free functions; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cartpilot::store {

struct TableSet {
  const char* module;  ///< "purchase"
  int version;         ///< grows when a statement is added or changed
  std::span<const char* const> statements;
};

/// The name of what a statement of a TableSet makes.
std::string made_by(std::string_view statement);

}  // namespace cartpilot::store
