#include "chat/message_redaction.h"

#include <type_traits>
#include <variant>

#include "text/redaction.h"

namespace cartpilot::chat {
namespace {

void redact_json(Json& value) {
  if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    text = text::redact(text);
  } else if (value.is_structured()) {
    for (Json& member : value) redact_json(member);
  }
}

}  // namespace

Message redacted(Message message) {
  for (Part& part : message.parts) {
    std::visit(
        [](auto& content) {
          using Content = std::decay_t<decltype(content)>;
          if constexpr (std::is_same_v<Content, ToolCall>) {
            redact_json(content.arguments);
            content.arguments_error = text::redact(content.arguments_error);
          } else if constexpr (std::is_same_v<Content, ToolResult>) {
            redact_json(content.content);
          } else {
            content.text = text::redact(content.text);
          }
        },
        part);
  }
  return message;
}

}  // namespace cartpilot::chat
