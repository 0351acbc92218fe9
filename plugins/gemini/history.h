// History: a neutral conversation as Gemini's `contents`, in the only order the service accepts.
//
// Pure: the same messages always give the same bytes, so that a prefix of a conversation stays
// identical from turn to turn (the service caches it). What the model wrote itself goes back
// verbatim, because thought signatures are bound to their part and its place.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cartpilot/message.h"
#include "cartpilot/vendor/notices.h"

namespace cartpilot::gemini {

/// The value the service documents for calls that never had a signature.
constexpr const char* kPlaceholderSignature = "skip_thought_signature_validator";

struct HistoryContext {
  std::string backend;
  std::string model;
  bool send_ids = true;   ///< false for hosts that refuse `id` in calls and responses
  bool sign_all = false;  ///< the service asked for signatures although the model id does not
  const std::set<std::string>* refused_signatures = nullptr;  ///< may be null
};

/// `messages` as contents. Throws Error{kInvalidArgument} when nothing of them can be sent.
Json encode_contents(const std::vector<Message>& messages, const HistoryContext& context,
                     vendor::Notices& notices);

/// All signatures in `contents` that a service issued.
std::set<std::string> signatures_in(const Json& contents);

}  // namespace cartpilot::gemini
