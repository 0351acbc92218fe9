#include "chat/message_redaction.h"

#include <type_traits>
#include <variant>

#include "text/redaction.h"

namespace cartpilot::chat {

Message redacted(Message message) {
  message.provider_metadata = text::redacted(message.provider_metadata);
  for (Part& part : message.parts) {
    std::visit(
        [](auto& content) {
          using Content = std::decay_t<decltype(content)>;
          content.provider_metadata = text::redacted(content.provider_metadata);
          if constexpr (std::is_same_v<Content, ToolCall>) {
            content.id = text::redact(content.id);
            content.name = text::redact(content.name);
            content.arguments = text::redacted(content.arguments);
            content.arguments_error = text::redact(content.arguments_error);
          } else if constexpr (std::is_same_v<Content, ToolResult>) {
            content.call_id = text::redact(content.call_id);
            content.name = text::redact(content.name);
            content.content = text::redacted(content.content);
          } else {
            content.text = text::redact(content.text);
          }
        },
        part);
  }
  return message;
}

}  // namespace cartpilot::chat
