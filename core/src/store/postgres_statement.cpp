#include "store/postgres_statement.h"

#include <fmt/format.h>

#include <charconv>
#include <pqxx/pqxx>

#include "cartpilot/error.h"
#include "store/postgres_connection.h"
#include "store/postgres_sql.h"
#include "text/terminal_text.h"

namespace cartpilot::store {
namespace {

/// The server's numbers for types, from its catalogue pg_type.
bool is_integer(pqxx::oid type) {
  constexpr pqxx::oid kInt8 = 20;
  constexpr pqxx::oid kInt2 = 21;
  constexpr pqxx::oid kInt4 = 23;
  constexpr pqxx::oid kNumeric = 1700;  // what a sum of 64-bit numbers is
  return type == kInt8 || type == kInt2 || type == kInt4 || type == kNumeric;
}

bool is_real(pqxx::oid type) {
  constexpr pqxx::oid kFloat4 = 700;
  constexpr pqxx::oid kFloat8 = 701;
  return type == kFloat4 || type == kFloat8;
}

}  // namespace

PostgresStatement::PostgresStatement(PostgresConnection& connection, const std::string& query)
    : connection_(connection), query_(postgres_query(query)) {}

std::optional<std::string>& PostgresStatement::value(int place) {
  const auto size = static_cast<std::size_t>(place);
  if (values_.size() < size) values_.resize(size);
  return values_[size - 1];
}

void PostgresStatement::bind(int place, std::string_view text) {
  // What the server would refuse, or cut, in words of its own.
  if (text.find('\0') != std::string_view::npos || !text::is_utf8(text)) {
    throw Error(ErrorCode::kInvalidArgument,
                "a text with a zero byte or that is no UTF-8 cannot be kept in the state database");
  }
  value(place) = std::string(text);
}

void PostgresStatement::bind(int place, std::int64_t integer) {
  value(place) = std::to_string(integer);
}

void PostgresStatement::bind_real(int place, double real) {
  value(place) = fmt::format("{}", real);
}

void PostgresStatement::bind_null(int place) { value(place).reset(); }

bool PostgresStatement::step() {
  if (!rows_) {
    rows_ = connection_.execute(query_, values_);
    row_ = 0;
  } else {
    ++row_;
  }
  return row_ < rows_->size();
}

int PostgresStatement::exec() {
  return static_cast<int>(connection_.execute(query_, values_).affected_rows());
}

pqxx::field PostgresStatement::at(int column) const {
  return rows_->at(row_).at(static_cast<pqxx::row::size_type>(column));
}

std::string PostgresStatement::text(int column) const {
  const pqxx::field field = at(column);
  return {field.c_str(), field.size()};
}

std::int64_t PostgresStatement::integer(int column) const {
  const std::string digits = text(column);
  std::int64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, number);
  if (!digits.empty() && (read.ec != std::errc() || read.ptr != end)) {
    throw Error(
        ErrorCode::kUnavailable,
        fmt::format("state database {} holds a number that is out of range", connection_.name()));
  }
  return number;
}

double PostgresStatement::real(int column) const {
  const pqxx::field field = at(column);
  return field.is_null() ? 0 : field.as<double>();
}

Statement::Kind PostgresStatement::kind(int column) const {
  const pqxx::field field = at(column);
  return field.is_null()            ? Kind::kNull
         : is_integer(field.type()) ? Kind::kInteger
         : is_real(field.type())    ? Kind::kReal
                                    : Kind::kText;
}

int PostgresStatement::column_count() const { return static_cast<int>(rows_->columns()); }

std::string PostgresStatement::column_name(int column) const {
  return rows_->column_name(static_cast<pqxx::row::size_type>(column));
}

}  // namespace cartpilot::store
