// Suggestions for a mistyped word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cartpilot::text {

/// Words within edit distance 2 of `word` (or that it begins), nearest first.
std::vector<std::string> near_names(std::string_view word, const std::vector<std::string>& words);

}  // namespace cartpilot::text
