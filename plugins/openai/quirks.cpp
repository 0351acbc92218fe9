#include "openai/quirks.h"

namespace cartpilot::openai {

std::vector<vendor::Quirk> known_quirks() {
  return {
      {"/messages",  // only Chat Completions has it
       {"use /v1/responses", "use the v1/responses", "use the responses api",
        "only supported in v1/responses", "only supported in the responses",
        "only available in the responses", "not supported in the v1/chat/completions"},
       "",
       "responses",
       "is wanted on Responses by the server; switched"},
      {"/input",  // only Responses has it
       {"use /v1/chat/completions", "use the chat completions",
        "only supported in v1/chat/completions", "not supported in the v1/responses"},
       "",
       "chat",
       "is wanted on Chat Completions by the server; switched"},
      {"/messages", {"reasoning_content"}, "", "echo_reasoning", "-"},
      {"/tools",
       {"invalid schema for function", "invalid_function_parameters", "strict"},
       "",
       "plain_schema",
       "does not accept a strict function schema; the schemas are sent as they are"},
      {"/tools", {"strict"}, "", "no_strict_member", "does not know strict schemas; left out"},
      {"/max_tokens", {}, "/max_completion_tokens", "", "-"},
      {"/max_completion_tokens", {}, "/max_tokens", "", "-"},
      {"/temperature", {}},
      {"/parallel_tool_calls", {}},
      {"/stream_options", {}},
      {"/reasoning_effort", {}},
      {"/reasoning/summary", {"reasoning.summary"}},
      {"/reasoning/effort", {"reasoning.effort", "reasoning_effort"}},
      {"/reasoning", {}},
      {"/include", {}},
      {"/store", {}},
      {"/tool_choice", {}},
      {"/max_output_tokens", {}},
      {"/stream", {}, "", "no_stream", "does not stream; answers come whole"},
  };
}

}  // namespace cartpilot::openai
