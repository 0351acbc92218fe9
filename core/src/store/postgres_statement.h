// PostgresStatement: a Statement of one PostgresConnection. It is sent when it is first stepped,
// and its rows are all here then. Not to outlive its connection; one thread.
#pragma once

#include <optional>
#include <pqxx/result>
#include <string>
#include <vector>

#include "store/statement.h"

namespace cartpilot::store {

class PostgresConnection;

class PostgresStatement final : public Statement {
 public:
  PostgresStatement(PostgresConnection& connection, const std::string& query);

  void bind(int place, std::string_view text) override;
  void bind(int place, std::int64_t integer) override;
  void bind_real(int place, double real) override;
  void bind_null(int place) override;

  bool step() override;
  int exec() override;

  std::string text(int column) const override;
  std::int64_t integer(int column) const override;
  double real(int column) const override;
  Kind kind(int column) const override;
  int column_count() const override;
  std::string column_name(int column) const override;

 private:
  std::optional<std::string>& value(int place);
  pqxx::field at(int column) const;

  PostgresConnection& connection_;
  const std::string query_;
  std::vector<std::optional<std::string>> values_;
  std::optional<pqxx::result> rows_;
  pqxx::result::size_type row_ = 0;
};

}  // namespace cartpilot::store
