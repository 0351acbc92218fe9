// Encode: a neutral request as the JSON body of generateContent.
//
// Pure apart from the notices. The members that stay the same during a conversation come first, so
// that one request's bytes begin like the one before it.
#pragma once

#include <set>
#include <string>

#include "cartpilot/llm_provider.h"
#include "cartpilot/vendor/notices.h"
#include "gemini/endpoint.h"
#include "gemini/options.h"

namespace cartpilot::gemini {

/// How a conversation must change because a model refused it as it was.
struct Refused {
  bool older_schema = false;    ///< knows only `parameters`
  bool unsigned_calls = false;  ///< wants signatures although the model id does not say so
  std::set<std::string> signatures;
};

/// Throws Error{kInvalidArgument} when the request cannot be said in this format (no user message,
/// a tool choice that names no declared function).
Json encode_body(const GenerateRequest& request, const std::string& model, const Endpoint& endpoint,
                 const Options& options, const Refused& refused, vendor::Notices& notices);

}  // namespace cartpilot::gemini
