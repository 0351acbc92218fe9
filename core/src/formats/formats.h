// Digests, dates, identifiers, encodings and regular expressions, as Poco Foundation makes them.
//
// Loading that library takes a fifth of the start of a conversation, and nothing here is needed
// before the first request leaves: so it is in the program part cartpilot-formats.so, loaded at the
// first call of any of these. Thread-safe. Every function throws Error{kUnavailable, reason "part"}
// when the part cannot be loaded.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cartpilot::formats {

/// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);

/// A random one (version 4), "8-4-4-4-12" in lower case.
std::string random_uuid();

std::string base64(std::string_view bytes);
/// nullopt when a "%" is not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(const std::string& text);
/// Escapes what no URL may hold as it is, and the characters of `reserved`.
std::string percent_encoded(const std::string& text, const std::string& reserved);

/// Milliseconds since the epoch; nullopt for what is no date or one before it. Poco's parser is
/// generous, so callers with little trust look at the shape first.
std::optional<std::int64_t> unix_ms_of_http_date(const std::string& text);
std::optional<std::int64_t> unix_ms_of_iso_date(const std::string& text);

/// A compiled regular expression of PCRE, on UTF-8. Immutable, may be shared between threads.
class Pattern {
 public:
  virtual ~Pattern() = default;
  /// The first match and its groups ("" for one without part in it), empty when there is none.
  /// nullopt when the engine gives up or `text` is not UTF-8.
  virtual std::optional<std::vector<std::string>> match(const std::string& text) const = 0;
};

/// Throws Error{kInvalidArgument} with the engine's words. "$" matches at the end only, not before
/// a line's end.
std::unique_ptr<Pattern> compile_pattern(const std::string& expression);

}  // namespace cartpilot::formats
