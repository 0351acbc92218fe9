// Functions in Gemini's own JSON: declarations, calls, responses.
//
// Pure functions over values, used both by the chat path and by programs that run their own model
// loop. Names that Gemini would refuse get a stable wire name; everything else passes unchanged.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "cartpilot/tool.h"
#include "gemini/options.h"

namespace cartpilot::gemini {

/// `name` as Gemini accepts it: unchanged when it fits ^[A-Za-z_][A-Za-z0-9_-]{0,63}$, else cleaned
/// and made distinct by a hash of the original.
std::string wire_name(const std::string& name);

/// Wire name -> declared name of all `tools`.
using NameMap = std::map<std::string, std::string>;
NameMap wire_names(const std::vector<ToolSpec>& tools);

/// The declared name behind what the model wrote: wire names are mapped back, and the prefix
/// "default_api:" (or '.') goes when a declared name is left. Unknown names stay as they are.
std::string declared_name(const std::string& written, const NameMap& names);

/// The functionDeclarations array. Losses of a schema conversion are appended to `notices`.
Json encode_declarations(const std::vector<ToolSpec>& tools, SchemaForm form,
                         std::vector<std::string>& notices);

/// Reads `args` of a functionCall into `call`, as vendor/call_arguments.h does.
void read_arguments(const Json& function_call, ToolCall& call);

/// The `response` object of a functionResponse: `content` itself, or wrapped when it is no object
/// or holds "$ref" (which the service would read as a reference to a file).
Json response_object(const Json& content, bool is_error);

/// All calls of a bare call, a part, a list of calls, a content or a whole response. Throws
/// Error{kInvalidArgument} naming the expected forms.
std::vector<ToolCall> parse_calls(const Json& message);

/// The answer in the form the calls had, which parse_calls() left in their provider_metadata. An
/// empty array, nothing to append, for no results.
Json encode_responses(const std::vector<ToolResult>& results);

}  // namespace cartpilot::gemini
