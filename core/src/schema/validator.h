// SchemaValidator: checks tool arguments against a JSON Schema (draft 2020-12).
//
// Covers the keywords tool schemas use; a schema with any other keyword is refused when it is
// compiled, never ignored (annotations such as title, description, default, examples, $comment,
// deprecated are allowed and have no effect). docs/architecture.md lists both groups. A compiled
// validator is immutable and may be used by several threads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::schema {

class CompiledSchema;

struct Violation {
  std::string path;     ///< JSON Pointer into the instance, "" = the whole
  std::string message;  ///< "is 2.5, must be an integer"
};

constexpr std::size_t kMaxViolations = 20;

class SchemaValidator {
 public:
  /// Compiles `schema`. Throws Error{kInvalidArgument} with the pointer to the keyword that is
  /// unknown or malformed.
  explicit SchemaValidator(const Json& schema);
  ~SchemaValidator();
  SchemaValidator(SchemaValidator&&) noexcept;
  SchemaValidator& operator=(SchemaValidator&&) noexcept;

  /// All violations, at most kMaxViolations; empty = valid.
  std::vector<Violation> validate(const Json& instance) const;

  /// Turns numbers like 2.0 into 2 wherever the schema asks for an integer. Nothing else is
  /// coerced.
  void narrow_integers(Json& instance) const;

 private:
  std::unique_ptr<const CompiledSchema> compiled_;
};

}  // namespace cartpilot::schema
