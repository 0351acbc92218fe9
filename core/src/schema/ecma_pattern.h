// EcmaPattern: the regular expressions of JSON Schema's `pattern`.
//
// JSON Schema means ECMA-262 expressions with Unicode semantics; the engine underneath speaks
// another dialect, so the expression is translated first. What the engine cannot do the same way
// (back references, unknown escapes, inline flags) is refused when the pattern is made, never
// matched differently. Immutable and safe to share between threads.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace Poco {
class RegularExpression;
}

namespace cartpilot::schema {

class EcmaPattern {
 public:
  /// Throws Error{kInvalidArgument} saying what in `source` is wrong or not supported.
  explicit EcmaPattern(const std::string& source);
  ~EcmaPattern();
  EcmaPattern(EcmaPattern&&) noexcept;
  EcmaPattern& operator=(EcmaPattern&&) noexcept;

  /// Whether `text` (UTF-8) contains a match. nullopt when the engine gives up: matching is bounded
  /// in time and stack, so that no text can hang or crash the program.
  std::optional<bool> found_in(const std::string& text) const;

  const std::string& source() const { return source_; }

 private:
  std::string source_;
  std::unique_ptr<Poco::RegularExpression> expression_;
};

/// The same expression in the engine's dialect. Throws like the constructor.
std::string translate_ecma_pattern(const std::string& source);

}  // namespace cartpilot::schema
