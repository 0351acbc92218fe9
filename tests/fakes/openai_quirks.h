// What makes a pretend OpenAI server another one: its address, its errors, its habits.
//
// The defaults are OpenAI's own service. Plain values.
#pragma once

#include <string>

namespace cartpilot::fakes {

/// The envelope a server puts its errors into.
enum class OpenAiErrorForm {
  kOpenAi,       ///< {"error":{"message","type","param","code"}}
  kAzure,        ///< the same with "type":null, a status and an innererror
  kArray,        ///< [{"error":{"code":400,"message","status"}}]
  kText,         ///< {"error":"text"}
  kIntegerCode,  ///< {"error":{"code":400,"message","type"}}
  kGateway,      ///< {"error":{"code":400,"message":"Provider returned error","metadata":{"raw"}}}
  kFlat,         ///< {"object":"error","message","code":400}
  kDetail,       ///< {"detail":[{"loc","msg","type"}]}
};

/// Where a server listens and how it wants its key.
struct OpenAiAddress {
  std::string base_path = "/v1";
  std::string root_path;        ///< of models and Responses when it is not base_path (Azure, dated)
  std::string query;            ///< "?api-version=..." on every address
  bool api_key_header = false;  ///< the key comes as "api-key" instead of a bearer token
  bool responses = true;        ///< there is a Responses API
};

/// What compatible servers omit, repeat, refuse or get wrong.
struct OpenAiQuirks {
  // Chat Completions answers
  bool no_index = false;           ///< calls come without index
  bool index_zero = false;         ///< every call has index 0
  bool whole_calls = false;        ///< a call comes in one piece, arguments and all
  bool finish_with_delta = false;  ///< finish_reason in the piece with the last arguments
  bool finish_stop = false;        ///< "stop" although there are calls
  bool no_usage = false;           ///< never, not even when asked
  bool usage_with_finish = false;  ///< in the piece with finish_reason, as x_groq
  bool usage_everywhere = false;   ///< in every piece, growing
  bool no_done = false;            ///< no [DONE]; the stream just ends
  bool repeat_metadata = false;    ///< id, type and name in every piece
  bool null_metadata = false;      ///< id, type and name are null in all but the first piece
  bool comments = false;           ///< comment lines between events
  bool arguments_object = false;   ///< arguments as an object instead of a string
  bool no_ids = false;             ///< calls come without id
  bool long_ids = false;           ///< ids longer than OpenAI itself accepts
  bool obfuscation = false;        ///< padding of changing length in every piece
  bool filter_notes = false;       ///< a first piece without choices, content filter results
  bool native_finish = false;      ///< native_finish_reason beside finish_reason
  bool one_call = false;         ///< at most one call an answer unless parallel_tool_calls is true
  std::string reasoning_field;   ///< "reasoning" or "reasoning_content": thinks aloud
  bool wants_reasoning = false;  ///< reasoning_field has to come back with calls
  bool reasoning_details = false;  ///< sends reasoning_details and wants them back
  bool call_extras = false;        ///< sends extra_content with the first call and wants it back
  // Responses answers
  bool whole_items = false;      ///< the arguments of a call come in one delta
  bool call_origin = false;      ///< calls have namespace and caller, which have to come back
  bool refuse_item_ids = false;  ///< looks ids of items up, in a store that keeps nothing
  // requests
  bool refuse_stream_options = false;
  bool tool_choice_strings = false;  ///< refuses tool_choice as an object
  bool refuse_strict = false;        ///< refuses "strict" in functions
  bool names_begin_with_letter = false;
  std::string limit_field;  ///< the only name of the output limit that is read; "" = both
  OpenAiErrorForm errors = OpenAiErrorForm::kOpenAi;
};

}  // namespace cartpilot::fakes
