// EcmaPattern: the regular expressions of JSON Schema's `pattern`, matched by PCRE2.
//
// JSON Schema means ECMA-262 expressions with Unicode semantics. What PCRE2 reads differently is
// rewritten; what only one of the two knows (back references, inline flags, possessive quantifiers,
// unknown escapes) is refused when the pattern is made, never matched differently. A value;
// immutable and safe to share between threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

struct pcre2_real_code_8;

namespace cartpilot::schema {

class EcmaPattern {
 public:
  /// Throws Error{kInvalidArgument} saying what in `source` is wrong or not supported.
  explicit EcmaPattern(const std::string& source);

  /// Whether `text` (UTF-8) contains a match. nullopt when the match would take more than the
  /// bounds on work and memory allow: about a tenth of a second, whatever pattern and text are.
  std::optional<bool> found_in(const std::string& text) const;

  const std::string& source() const { return source_; }

 private:
  std::string source_;
  std::uint64_t longest_repeat_ = 0;  ///< the largest number in {n,m}
  std::shared_ptr<const pcre2_real_code_8> code_;
};

}  // namespace cartpilot::schema
