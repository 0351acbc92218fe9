// What servers of this family are known to refuse, and what is sent instead.
#pragma once

#include <vector>

#include "cartpilot/vendor/quirks.h"

namespace cartpilot::openai {

/// Flags, asked by plan_request(): "responses" and "chat" (the API the server wants),
/// "echo_reasoning", "plain_schema", "no_strict_member", "no_stream".
std::vector<vendor::Quirk> known_quirks();

}  // namespace cartpilot::openai
