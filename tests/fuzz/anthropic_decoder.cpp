// Anything as an answer of the Messages API: as a whole body, and as a stream in pieces of any
// size.
//
// The first byte is the size of the pieces, 0 = a whole body. Besides not falling over, the decoder
// has to say the same however the bytes are cut, to run nothing of an answer that failed or was cut
// short, and to leave blocks that can be sent back.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "anthropic/decode.h"
#include "anthropic/encode.h"
#include "cartpilot/detail/wire_event.h"
#include "cartpilot/error.h"
#include "net/sse_decoder.h"

namespace cartpilot::anthropic {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// Ids that were made up are random: "call_" and 24 letters and digits.
std::string without_made_up_ids(std::string line) {
  for (std::size_t at = line.find("\"call_"); at != std::string::npos;
       at = line.find("\"call_", at + 1)) {
    if (line.find('"', at + 1) == at + 30) line.erase(at + 6, 24);
  }
  return line;
}

struct Recorder final : EventSink {
  void on_event(const StreamEvent& event) override {
    require(!finished);
    if (const auto* call = std::get_if<ToolCallEvent>(&event)) {
      require(!call->call.id.empty() && !call->call.name.empty());
      require(call->call.arguments.is_object());
      message.parts.emplace_back(call->call);
    }
    if (const auto* text = std::get_if<TextDelta>(&event)) {
      shown += text->text;
      message.parts.emplace_back(TextPart{text->text, nullptr});
    }
    if (const auto* finish = std::get_if<Finish>(&event)) {
      finished = true;
      reason = finish->reason;
      message.provider_metadata = finish->provider_metadata;
    }
    lines.push_back(without_made_up_ids(dump_json(event_to_json(event))));
  }
  std::vector<std::string> lines;
  Message message;
  std::string shown;
  bool finished = false;
  FinishReason reason = FinishReason::kOther;
};

/// The answer as events, and how it ended.
Recorder decode(std::string_view bytes, std::size_t piece) {
  Recorder recorder;
  vendor::Notices notices;
  vendor::SecondTry second_try;
  DecodeContext context;
  context.service.title = "Anthropic";
  context.service.model = "claude-sonnet-5-5";
  context.endpoint = "https://api.anthropic.com";
  context.used_ids = {"used"};
  context.notices = &notices;
  context.second_try = &second_try;
  AnthropicDecoder decoder(std::move(context));
  try {
    bool more = true;
    if (piece == 0) {
      decoder.decode(HttpEvent{HttpEvent::Kind::kBody, "", bytes}, recorder);
    } else {
      net::SseDecoder splitter(
          [&](const HttpEvent& event) { return decoder.decode(event, recorder); }, 1U << 20U);
      for (std::size_t at = 0; more && at < bytes.size(); at += piece) {
        more = splitter.feed(bytes.substr(at, piece));
      }
      if (more) splitter.finish();
    }
    decoder.finish(recorder);
    require(recorder.finished);
    const bool may_run =
        recorder.reason == FinishReason::kToolCalls || recorder.reason == FinishReason::kOther;
    require(may_run || tool_calls_of(recorder.message).empty());
  } catch (const Error& error) {
    // A failed answer must not have handed out anything that runs.
    require(!recorder.finished && tool_calls_of(recorder.message).empty());
    require(std::string_view(error.what()).find('\n') == std::string_view::npos);
    recorder.lines.emplace_back(error.what());
  }
  return recorder;
}

/// What was decoded can be encoded, for this and for another model, here and elsewhere; and the
/// words that were shown are the words of the history.
void send_back(const Recorder& answer) {
  if (!answer.finished) return;
  Message message = answer.message;
  message.role = Role::kAssistant;
  message.provider = "anthropic";
  for (const char* base : {"https://api.anthropic.com", "https://api.deepseek.com/anthropic"}) {
    const Endpoint endpoint = parse_endpoint(base, nullptr);
    for (const char* model : {"claude-sonnet-5-5", "claude-opus-5-5"}) {
      RequestPlan plan;
      plan.endpoint = &endpoint;
      plan.model = model;
      plan.plain_ids = endpoint.server->first_party;
      const bool refused =
          message.provider_metadata.is_object() && message.provider_metadata.contains("refused");
      const Json messages =
          encode_messages({Message::user("x"), message, Message::user("y")}, plan, nullptr);
      require(messages.front()["role"] == "user" && messages.back()["role"] == "user");
      std::string words;
      for (std::size_t i = 0; i < messages.size(); ++i) {
        require(i == 0 || messages[i]["role"] != messages[i - 1]["role"]);
        require(!messages[i]["content"].empty());
        for (const Json& block : messages[i]["content"]) {
          const std::string text = string_or(block, "text");
          if (string_or(block, "type") == "tool_use") require(block["input"].is_object());
          if (messages[i]["role"] != "assistant" || string_or(block, "type") != "text") continue;
          require(!vendor::trim(text).empty());
          require(answer.shown.find(text) != std::string::npos);
          words += text;
        }
      }
      if (refused && plan.endpoint->server->first_party) require(words.empty());
    }
  }
}

}  // namespace
}  // namespace cartpilot::anthropic

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using cartpilot::anthropic::decode;
  if (size == 0) return 0;
  const std::size_t piece = data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto answer = decode(bytes, piece);
  cartpilot::anthropic::send_back(answer);
  if (piece != 0) {
    cartpilot::anthropic::require(decode(bytes, std::max<std::size_t>(bytes.size(), 1)).lines ==
                                  answer.lines);
  }
  return 0;
}
