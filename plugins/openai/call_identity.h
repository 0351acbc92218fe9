// Ids and names of calls, within the limits of the wire.
//
// A conversation may hold calls made by other vendors' models, whose ids are longer or carry other
// characters than this vendor accepts. Such ids are replaced, always the same way, so that the
// beginning of a conversation stays byte-identical from request to request (prompt caches).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/tool.h"

namespace cartpilot::openai {

constexpr std::size_t kMaxChatCallId = 40;
constexpr std::size_t kMaxResponsesCallId = 64;
constexpr std::size_t kMaxFunctionName = 64;

/// "call_" and 24 random letters and digits, for calls that came without an id. Any thread.
std::string new_call_id();

/// `id` itself when it is short and plain enough and `occurrence` is 0 (the first call with this
/// id), else a replacement that depends on nothing but the arguments.
std::string wire_call_id(const std::string& id, std::size_t occurrence, std::size_t longest);

/// `name` with everything outside [A-Za-z0-9_-] replaced; never empty.
std::string wire_function_name(const std::string& name);

/// The declared tool that `name` means, or nullptr. Sees through a "functions." prefix and a tail
/// from "<|" on, which open models leak out of their prompt format.
const ToolSpec* find_tool(const std::vector<ToolSpec>& tools, std::string_view name);

}  // namespace cartpilot::openai
