// Requests that chat applications make beside the conversation: titles, tags, follow-up questions,
// search queries.
//
// They come through the same door as what the person says, and carry the conversation as text. They
// are recognised by their own words and answered here, from that text: no model is asked and no
// conversation is touched. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>

#include "cartpilot/json.h"

namespace cartpilot::host {

/// The text of one message: its string, or its text parts joined.
std::string text_of_message(const Json& message);

/// The whole answer to a request of this kind; nullopt for what a person may have said.
std::optional<std::string> answer_to_task(const Json& messages);

}  // namespace cartpilot::host
