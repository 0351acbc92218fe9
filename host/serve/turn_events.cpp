#include "serve/turn_events.h"

#include <fmt/format.h>

#include <utility>

#include "base/random.h"
#include "serve/page_json.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kNameBytes = 8;

}  // namespace

std::string TurnEvents::begin(const std::string& thread, const std::string& run) {
  thread_ = thread;
  run_ = run;
  messages_name_ = base::random_hex(kNameBytes);
  messages_ = 0;
  log_.append({{"type", "RUN_STARTED"}, {"threadId", thread_}, {"runId", run_}});
  return messages_name_ + ".0";
}

void TurnEvents::finish(const Usage& usage) {
  end_text();
  log_.append(
      {{"type", "RUN_FINISHED"},
       {"threadId", thread_},
       {"runId", run_},
       {"outcome", {{"type", "success"}}},
       {"result",
        {{"usage",
          {{"input_tokens", usage.input_tokens}, {"output_tokens", usage.output_tokens}}}}}});
}

void TurnEvents::fail(const std::string& message, const std::string& code) {
  end_text();
  log_.append({{"type", "RUN_ERROR"}, {"message", message}, {"code", code}, {"runId", run_}});
}

void TurnEvents::custom(const std::string& name, Json value) {
  log_.append({{"type", "CUSTOM"}, {"name", name}, {"value", std::move(value)}});
}

Json TurnEvents::partial() const {
  const std::lock_guard lock(mutex_);
  if (open_message_.empty()) return nullptr;
  return {{"id", open_message_}, {"role", "assistant"}, {"content", text_}};
}

void TurnEvents::put_text(const std::string& text) {
  if (text.empty()) return;
  std::string id;
  bool begins = false;
  {
    const std::lock_guard lock(mutex_);
    begins = open_message_.empty();
    if (begins) {
      open_message_ = fmt::format("{}.{}", messages_name_, ++messages_);
      text_.clear();
    }
    text_ += text;
    id = open_message_;
  }
  if (begins) {
    log_.append({{"type", "TEXT_MESSAGE_START"}, {"messageId", id}, {"role", "assistant"}});
  }
  log_.append({{"type", "TEXT_MESSAGE_CONTENT"}, {"messageId", id}, {"delta", text}});
}

void TurnEvents::end_text() {
  put_text(redaction_.finish());
  std::string id;
  {
    const std::lock_guard lock(mutex_);
    id = std::exchange(open_message_, "");
  }
  if (!id.empty()) log_.append({{"type", "TEXT_MESSAGE_END"}, {"messageId", id}});
}

void TurnEvents::on_event(const StreamEvent& event) {
  if (const auto* text = std::get_if<TextDelta>(&event)) {
    put_text(redaction_.feed(text->text));
  } else if (const auto* warning = std::get_if<WarningEvent>(&event)) {
    custom("cartpilot.notice", {{"text", warning->message}});
  }
}

void TurnEvents::on_tool_call(const ToolCall& call) {
  end_text();
  log_.append({{"type", "TOOL_CALL_START"},
               {"toolCallId", call.id},
               {"toolCallName", call.name},
               {"parentMessageId", fmt::format("{}.{}", messages_name_, messages_)}});
  log_.append(
      {{"type", "TOOL_CALL_ARGS"}, {"toolCallId", call.id}, {"delta", dump_json(call.arguments)}});
  log_.append({{"type", "TOOL_CALL_END"}, {"toolCallId", call.id}});
}

void TurnEvents::on_tool_result(const ToolCall& call, const ToolResult& result, std::int64_t) {
  Json event = {{"type", "TOOL_CALL_RESULT"},
                {"messageId", call.id + ".result"},
                {"toolCallId", call.id},
                {"role", "tool"},
                {"content", dump_json(result.content)}};
  if (result.is_error) event["error"] = true;
  log_.append(event);
  Json cards = cards_of(call.name, result.content);
  if (cards.empty()) return;
  custom("cartpilot.cards", {{"toolCallId", call.id}, {"cards", std::move(cards)}});
}

void TurnEvents::on_retry(std::int64_t wait_ms, const std::string& reason) {
  custom("cartpilot.retry", {{"wait_ms", wait_ms}, {"reason", reason}});
}

void TurnEvents::on_purchase(const purchase::PurchaseReport& report) {
  const auto attempt = report.attempt.empty() ? std::nullopt : attempt_(report.attempt);
  custom("cartpilot.purchase", attempt ? purchase_json(*attempt) : purchase_json(report));
}

}  // namespace cartpilot::host
