// Statements: the SQL of one SQLite connection, each text parsed once and kept.
//
// Refers to its Database, which has to outlive it. A Run binds copies of its values, and ends the
// execution when it goes out of scope, so that no read stays open. Failures are SQLite::Exception.
// Not synchronised: one thread at a time.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace cartpilot::sandbox {

/// One execution of a kept statement.
class Run {
 public:
  template <typename... Values>
  explicit Run(SQLite::Statement& statement, const Values&... values) : statement_(statement) {
    int index = 0;
    (bind(++index, values), ...);
  }
  ~Run() { statement_.tryReset(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Goes to the next row; false behind the last one.
  bool next() { return statement_.executeStep(); }

  std::string text(int column) const { return statement_.getColumn(column).getString(); }
  std::optional<std::string> optional_text(int column) const {
    if (statement_.isColumnNull(column)) return std::nullopt;
    return text(column);
  }
  std::int64_t integer(int column) const { return statement_.getColumn(column).getInt64(); }

 private:
  void bind(int index, const std::string& value) { statement_.bind(index, value); }
  void bind(int index, std::int64_t value) { statement_.bind(index, value); }
  void bind(int index, const std::optional<std::string>& value) {
    if (value) {
      statement_.bind(index, *value);
    } else {
      statement_.bind(index);
    }
  }

  SQLite::Statement& statement_;
};

class Statements {
 public:
  explicit Statements(SQLite::Database& database) : database_(database) {}

  /// `sql` has to be a literal: it is kept by address.
  SQLite::Statement& operator[](const char* sql) {
    const auto known = kept_.find(sql);
    if (known != kept_.end()) return known->second;
    return kept_.try_emplace(sql, database_, sql).first->second;
  }

  /// Runs a statement that gives no rows.
  template <typename... Values>
  void execute(const char* sql, const Values&... values) {
    Run(operator[](sql), values...).next();
  }

 private:
  SQLite::Database& database_;
  std::unordered_map<std::string_view, SQLite::Statement> kept_;
};

}  // namespace cartpilot::sandbox
