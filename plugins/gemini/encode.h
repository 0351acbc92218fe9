// Encode: a neutral request as the JSON body of generateContent.
//
// Pure apart from the notices. The members that stay the same during a conversation come first, so
// that one request's bytes begin like the one before it.
#pragma once

#include <set>
#include <string>

#include "cartpilot/kept_beginning.h"
#include "cartpilot/llm_provider.h"
#include "gemini/endpoint.h"
#include "gemini/notices.h"
#include "gemini/options.h"

namespace cartpilot::gemini {

/// What a model turned out not to accept; the body is built without it.
struct Refused {
  bool thinking = false;
  bool temperature = false;
  bool max_output_tokens = false;
  bool safety = false;
  bool store = false;
  bool tool_mode = false;
  bool json_schema = false;     ///< knows only `parameters`
  bool unsigned_calls = false;  ///< wants signatures although the model id does not say so
  std::set<std::string> signatures;
};

/// Throws Error{kInvalidArgument} when the request cannot be said in this format (no user message,
/// a tool choice that names no declared function).
Json encode_body(const GenerateRequest& request, const std::string& model, const Endpoint& endpoint,
                 const Options& options, const Refused& refused, Notices& notices);

/// The same, but `contents` lacks what `kept` has: kept.dump(body, "contents") is the whole text.
Json encode_body(const GenerateRequest& request, const std::string& model, const Endpoint& endpoint,
                 const Options& options, const Refused& refused, Notices& notices,
                 KeptBeginning& kept);

}  // namespace cartpilot::gemini
