// TableReader: one table of a script file as checked values.
//
// Every function returns nullopt (or an empty list) when the member is absent and throws
// Error{kInvalidArgument} "FILE, line 7: user: expected text" when its value does not fit. finish()
// refuses members that nobody read. Borrows the document; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "script/document.h"

namespace cartpilot::script {

class TableReader {
 public:
  /// The table at `path`; `what` names it in messages ("an answer").
  TableReader(const Document& document, const Json& value, std::string path, std::string what);

  std::optional<std::string> text(const std::string& name);
  std::optional<bool> flag(const std::string& name);
  std::optional<std::int64_t> number(const std::string& name, std::int64_t least,
                                     std::int64_t most);
  std::optional<std::string> choice(const std::string& name, const std::vector<std::string>& words);
  std::vector<std::string> texts(const std::string& name);
  /// A table of its own.
  std::optional<TableReader> table(const std::string& name, const std::string& what);
  /// An array of tables.
  std::vector<TableReader> tables(const std::string& name, const std::string& what);
  /// Any value, null when absent.
  Json any(const std::string& name);

  void finish() const;

  bool has(const std::string& name) const { return value_->contains(name); }
  int line() const { return document_->line_of(path_); }
  [[noreturn]] void refuse(const std::string& name, const std::string& why) const;

 private:
  const Json* member(const std::string& name);

  const Document* document_;
  const Json* value_;
  std::string path_;
  std::string what_;
  std::vector<std::string> known_;
};

}  // namespace cartpilot::script
