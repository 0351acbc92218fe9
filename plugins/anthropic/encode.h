// Encode: a neutral request as the JSON body of POST /v1/messages.
//
// Pure: the same messages always give the same bytes, and the members that stay the same during a
// conversation come first, so that one request begins like the one before it; signatures are bound
// to that beginning and the service caches it. What the model wrote itself goes back block by block
// as it came. An answer that was refused is left out together with the words it answered: with them
// in the history every later answer would be refused, too.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "anthropic/plan.h"

namespace cartpilot::anthropic {

/// `beta` goes into the body where there is no header for it. `paused` is the beginning of an
/// answer that the service wants to go on with, empty when there is none. Throws
/// Error{kInvalidArgument} when nothing can be sent.
Json encode_body(const GenerateRequest& request, const RequestPlan& plan,
                 const std::vector<std::string>& beta, const Json& paused);

/// The member `messages` alone.
Json encode_messages(const std::vector<Message>& messages, const RequestPlan& plan,
                     const Json& paused);

/// What tells each thinking block in `messages` (as sent) apart: its signature, or its data.
std::set<std::string> thinking_keys(const Json& messages);

bool is_thinking(const Json& block);

}  // namespace cartpilot::anthropic
