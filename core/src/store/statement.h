// Statement: one prepared SQL statement of the state database, whichever database that is.
//
// Places of values count from 1, columns of a row from 0. A text is UTF-8. It is obtained from
// StateDb::prepared() and belongs to one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cartpilot::store {

class Statement {
 public:
  enum class Kind { kNull, kInteger, kReal, kText };

  Statement() = default;
  virtual ~Statement() = default;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// The text is copied.
  virtual void bind(int place, std::string_view text) = 0;
  virtual void bind(int place, std::int64_t integer) = 0;
  virtual void bind_real(int place, double real) = 0;
  virtual void bind_null(int place) = 0;

  /// Binds the values to the places 1, 2, ...
  template <typename... Values>
  void bind_all(const Values&... values) {
    int place = 0;
    (bind(++place, values), ...);
  }

  /// Goes to the next row, at first to the first one. False when there is none.
  virtual bool step() = 0;
  /// For a statement without rows: runs it and returns how many rows it changed.
  virtual int exec() = 0;

  // Of the present row. A NULL is an empty text and the number 0.
  virtual std::string text(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual double real(int column) const = 0;
  virtual Kind kind(int column) const = 0;
  bool is_null(int column) const { return kind(column) == Kind::kNull; }

  virtual int column_count() const = 0;
  virtual std::string column_name(int column) const = 0;
};

}  // namespace cartpilot::store
