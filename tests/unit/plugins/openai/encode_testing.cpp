#include "encode_testing.h"

namespace cartpilot::openai::testing {

ToolCall tool_call(const std::string& id, const std::string& name, Json arguments, Json metadata) {
  ToolCall call;
  call.id = id;
  call.name = name;
  call.arguments = std::move(arguments);
  call.provider_metadata = std::move(metadata);
  return call;
}

Message assistant(std::vector<Part> parts, Json metadata) {
  Message message;
  message.role = Role::kAssistant;
  message.parts = std::move(parts);
  message.provider_metadata = std::move(metadata);
  message.provider = "openai";
  return message;
}

Message tool_results(std::vector<ToolResult> results) {
  Message message;
  message.role = Role::kTool;
  for (ToolResult& result : results) message.parts.push_back(std::move(result));
  return message;
}

std::vector<Message> mixer_conversation() {
  ToolResult level;
  level.call_id = "call_a2";
  level.name = "mixer_level";
  level.content = {{"db", -12.5}};
  ToolResult mute;
  mute.call_id = "call_a1";
  mute.name = "mixer_set_mute";
  mute.content = {{"ok", true}};
  return {Message::user("Mute 3"),
          assistant({TextPart{"Muting.", nullptr}, ReasoningPart{"hm", nullptr},
                     tool_call("call_a1", "mixer_set_mute", {{"channel", 3}, {"muted", true}}),
                     tool_call("call_a2", "mixer_level", {{"channel", 3}})}),
          tool_results({level, mute})};
}

RequestPlan plan_at(const std::string& base, const GenerateRequest& request,
                    const std::map<std::string, std::string>& options,
                    const vendor::Quirks& quirks) {
  const OpenAiOptions read = read_options(options);
  const Endpoint endpoint = parse_endpoint(base);
  return plan_request(request, endpoint, read.server.value_or(detect_server(endpoint)), read,
                      quirks);
}

}  // namespace cartpilot::openai::testing
