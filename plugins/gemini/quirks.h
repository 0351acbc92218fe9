// What Gemini models and the hosts in front of them are known to refuse, and what is sent instead.
#pragma once

#include <vector>

#include "cartpilot/vendor/quirks.h"

namespace cartpilot::gemini {

/// Flag, asked by encode_body(): "older_schema" (only `parameters` is known).
std::vector<vendor::Quirk> known_quirks();

}  // namespace cartpilot::gemini
