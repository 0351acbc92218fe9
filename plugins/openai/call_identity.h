// Limits of ids and names of calls, and what names mean. Pure functions; any thread.
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

/// `name` with everything outside [A-Za-z0-9_-] replaced; never empty.
std::string wire_function_name(const std::string& name);

/// The declared tool that `name` means, or nullptr. Sees through a "functions." prefix and a tail
/// from "<|" on, which open models leak out of their prompt format.
const ToolSpec* find_tool(const std::vector<ToolSpec>& tools, std::string_view name);

}  // namespace cartpilot::openai
