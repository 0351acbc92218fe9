#pragma once

#include "cartpilot/vendor/text.h"

namespace cartpilot::gemini {
using vendor::contains;
using vendor::is_digit;
using vendor::one_line;
inline std::string lower_case(std::string_view text) { return vendor::lower(text); }
inline std::string upper_case(std::string_view text) { return vendor::upper(text); }
inline std::string trimmed(std::string_view text) { return std::string(vendor::trim(text)); }
std::string stable_hash(std::string_view text);
}  // namespace cartpilot::gemini
