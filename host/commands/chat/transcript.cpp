#include "commands/chat/transcript.h"

#include <fmt/format.h>

#include "cartpilot/detail/wire.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

std::string transcript_markdown(const std::string& session_id, const std::string& cartpilot,
                                const std::vector<Message>& messages) {
  std::string text = fmt::format("# Conversation {}\n\nCartPilot: {}\n", session_id, cartpilot);
  for (const Message& message : messages) {
    if (message.role == Role::kUser) text += "\n## You\n\n";
    if (message.role == Role::kAssistant) {
      text += fmt::format("\n## {} ({})\n\n",
                          message.provider.empty() ? "Assistant" : message.provider, message.model);
    }
    for (const Part& part : message.parts) {
      if (const auto* piece = std::get_if<TextPart>(&part)) {
        text += text::safe_text(piece->text) + "\n";
      } else if (const auto* call = std::get_if<ToolCall>(&part)) {
        text += fmt::format("- called `{}` `{}`\n", text::safe_line(call->name),
                            text::safe_line(dump_json(call->arguments)));
      } else if (const auto* result = std::get_if<ToolResult>(&part)) {
        text += fmt::format("- `{}` {}: `{}`\n", text::safe_line(result->name),
                            result->is_error ? "failed" : "answered",
                            text::safe_line(dump_json(result->content)));
      }
    }
  }
  return text;
}

Json transcript_json(const std::string& session_id, const std::string& cartpilot,
                     const std::vector<Message>& messages) {
  Json list = Json::array();
  for (const Message& message : messages) list.push_back(message_to_json(message));
  return {{"session_id", session_id}, {"cartpilot", cartpilot}, {"messages", list}};
}

}  // namespace cartpilot::host
