// The function format without the chat: for programs that have a model loop of their own.
//
// Reads whatever such a program has in its hands: one call of either API, an assistant message, a
// whole completion or response, or the array inside them; and answers in the same form. The form is
// remembered in the metadata of call and result. Pure functions.
#pragma once

#include <vector>

#include "cartpilot/tool.h"
#include "openai/endpoint.h"

namespace cartpilot::openai {

/// `strict` declares strict schemas where possible; calls then come with nulls for what is not
/// given, and parse_functions must be told.
Json declare_functions(const std::vector<ToolSpec>& tools, Api api, bool strict);

std::vector<ToolCall> parse_functions(const Json& message, bool strict);

/// `api` decides for results whose form is not known.
Json answer_functions(const std::vector<ToolResult>& results, Api api);

}  // namespace cartpilot::openai
