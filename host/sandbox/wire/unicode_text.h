// The few questions the service asks of UTF-8 text, counted in code points as Python counts them.
//
// Pure functions; text that is not UTF-8 is handled byte by byte and never read past its end.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cartpilot::sandbox {

/// False for overlong forms, surrogates, truncated sequences and stray bytes.
bool is_utf8(std::string_view text);

std::size_t code_point_count(std::string_view text);

/// Python's str.split(): runs of Unicode white space separate, none is kept.
std::vector<std::string> split_on_whitespace(std::string_view text);

}  // namespace cartpilot::sandbox
