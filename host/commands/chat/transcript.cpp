#include "commands/chat/transcript.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <system_error>

#include "cartpilot/detail/wire.h"
#include "terminal/shop_lines.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

std::string json_line(const ToolCall& call) {
  return fmt::format("- called `{}` `{}`\n", text::safe_line(call.name),
                     text::safe_line(dump_json(call.arguments)));
}

std::string json_line(const ToolResult& result) {
  return fmt::format("- `{}` {}: `{}`\n", text::safe_line(result.name),
                     result.is_error ? "failed" : "answered",
                     text::safe_line(dump_json(result.content)));
}

std::string sentence(const ToolResult& result, const Json& arguments) {
  std::string about = sentence_of(result.name, arguments);
  if (about.empty()) about = "Ran " + result.name;
  const std::string outcome = result.is_error ? "failed: " + string_or(result.content, "message")
                                              : outcome_of(result.name, result.content);
  return fmt::format("- {}{}\n", text::safe_line(about),
                     outcome.empty() ? "" : ": " + text::safe_line(outcome));
}

}  // namespace

std::string transcript_markdown(const std::string& session_id, const std::string& cartpilot,
                                const std::vector<Message>& messages, bool with_calls) {
  std::string text = fmt::format("# Conversation {}\n\nCartPilot: {}\n", session_id, cartpilot);
  std::map<std::string, Json> arguments;  // by id of the call
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
        arguments[call->id] = call->arguments;
        if (with_calls) text += json_line(*call);
      } else if (const auto* result = std::get_if<ToolResult>(&part)) {
        text += with_calls ? json_line(*result) : sentence(*result, arguments[result->call_id]);
      }
    }
  }
  return text;
}

void write_transcript(const std::string& file, const std::string& text) {
  const int made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made < 0) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("cannot make '{}': {}", file, std::generic_category().message(errno)));
  }
  const std::string safe = text::redact(text);
  const bool written = ::write(made, safe.data(), safe.size()) == static_cast<ssize_t>(safe.size());
  ::close(made);
  if (!written) throw Error(ErrorCode::kUnavailable, fmt::format("'{}' cannot be written", file));
}

Json transcript_json(const std::string& session_id, const std::string& cartpilot,
                     const std::vector<Message>& messages) {
  Json list = Json::array();
  for (const Message& message : messages) list.push_back(message_to_json(message));
  return {{"session_id", session_id}, {"cartpilot", cartpilot}, {"messages", list}};
}

}  // namespace cartpilot::host
