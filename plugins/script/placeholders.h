// Placeholders: ${FUNCTION.MEMBER.MEMBER} in a script stands for a value of the newest result of
// that function that was no error.
//
//   "${create_intent.intent_id}"            the value itself, whatever its type
//   "Order ${confirm_checkout.order_id}."   its text within a text
//   "${get_intent_offers.offers.0.offer_id}" the first entry of an array
//   "$${"                                   the characters ${
//
// Pure functions; any thread.
#pragma once

#include <string>

#include "cartpilot/llm_provider.h"

namespace cartpilot::script {

/// `value` with the placeholders in all its texts replaced. Throws Error{kInvalidArgument} "no
/// result of create_intent was sent" or the like.
Json replaced(const Json& value, const GenerateRequest& request);
std::string replaced_text(const std::string& text, const GenerateRequest& request);

}  // namespace cartpilot::script
