// Small text functions of the plugin: case, trimming, one-line excerpts.
//
// All are ASCII-only and independent of the locale, own nothing and may be called from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cartpilot::gemini {

std::string lower_case(std::string_view text);
std::string upper_case(std::string_view text);
std::string trimmed(std::string_view text);

/// `text` with runs of white space and control characters as one blank, cut (with "...") after at
/// most `limit` bytes, never inside a UTF-8 sequence.
std::string one_line(std::string_view text, std::size_t limit);

bool contains(std::string_view text, std::string_view piece);

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// 64-bit FNV-1a as 16 hexadecimal digits: short, stable names for long things.
std::string stable_hash(std::string_view text);

}  // namespace cartpilot::gemini
