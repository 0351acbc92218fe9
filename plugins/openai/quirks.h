// What servers of this family are known to refuse, and what is sent instead.
#pragma once

#include <optional>
#include <vector>

#include "cartpilot/vendor/quirks.h"

namespace cartpilot::openai {

/// Flags, asked by plan_request(): "responses" and "chat" (the API the server wants),
/// "plain_schema", "no_strict_member", "no_stream", "plain_content"; and, set by the provider,
/// "echo_reasoning", "no_reasoning", "no_item_ids".
std::vector<vendor::Quirk> known_quirks();

/// Where a server wants the model's thoughts back in Chat Completions.
enum class ThoughtsWanted { kNone, kAll };

/// What a refusal says about the thoughts in the messages, in whatever words; nullopt = nothing.
std::optional<ThoughtsWanted> thoughts_wanted(const vendor::ErrorBody& refusal);

/// True for a refusal of Responses items because of their ids: it names an id of the input, or says
/// that an item was not found.
bool refuses_item_ids(const vendor::ErrorBody& refusal);

}  // namespace cartpilot::openai
