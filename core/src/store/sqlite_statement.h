// SqliteStatement: a Statement of SQLiteCpp. Not to outlive its database; one thread.
#pragma once

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <string>

#include "store/statement.h"

namespace cartpilot::store {

class SqliteStatement final : public Statement {
 public:
  SqliteStatement(const SQLite::Database& database, const std::string& query)
      : statement_(database, query) {}

  void bind(int place, std::string_view text) override {
    statement_.bind(place, std::string(text));
  }
  void bind(int place, std::int64_t integer) override { statement_.bind(place, integer); }
  void bind_real(int place, double real) override { statement_.bind(place, real); }
  void bind_null(int place) override { statement_.bind(place); }

  bool step() override { return statement_.executeStep(); }
  int exec() override { return statement_.exec(); }

  std::string text(int column) const override { return at(column).getString(); }
  std::int64_t integer(int column) const override { return at(column).getInt64(); }
  double real(int column) const override { return at(column).getDouble(); }
  Kind kind(int column) const override {
    const SQLite::Column value = at(column);
    return value.isInteger() ? Kind::kInteger
           : value.isFloat() ? Kind::kReal
           : value.isNull()  ? Kind::kNull
                             : Kind::kText;
  }
  int column_count() const override { return statement_.getColumnCount(); }
  std::string column_name(int column) const override { return statement_.getColumnName(column); }

  /// Without values, before the first row.
  void reset() {
    statement_.tryReset();
    statement_.clearBindings();
  }
  const std::string& query() const { return statement_.getQuery(); }

 private:
  SQLite::Column at(int column) const { return statement_.getColumn(column); }

  mutable SQLite::Statement statement_;
};

}  // namespace cartpilot::store
