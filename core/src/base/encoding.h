// Encodings of bytes as text: Base64, and the percent encoding of URLs.
//
// Free functions; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cartpilot::base {

/// Base64 with padding, in one line.
std::string base64(std::string_view bytes);
/// What Base64 text stands for, nullopt when it is none.
std::optional<std::string> from_base64(const std::string& text);

/// nullopt when a "%" is not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(const std::string& text);
/// Escapes what no URL may hold as it is, and the characters of `reserved`.
std::string percent_encoded(const std::string& text, const std::string& reserved);

}  // namespace cartpilot::base
