// Anything as Gemini's answer: as a whole body, and as a stream in pieces of any size.
//
// The first byte is the size of the pieces, 0 = a whole body. Besides not falling over, the decoder
// has to say the same however the bytes are cut, to run nothing of an answer that failed, and to
// leave parts that can be sent back.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cartpilot/detail/wire.h"
#include "cartpilot/error.h"
#include "gemini/decode.h"
#include "gemini/history.h"
#include "net/sse_decoder.h"

namespace cartpilot::gemini {
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
    finished = std::holds_alternative<Finish>(event);
    if (const auto* call = std::get_if<ToolCallEvent>(&event))
      message.parts.emplace_back(call->call);
    if (const auto* text = std::get_if<TextDelta>(&event)) {
      message.parts.emplace_back(TextPart{text->text, nullptr});
    }
    if (const auto* finish = std::get_if<Finish>(&event)) {
      message.provider_metadata = finish->provider_metadata;
    }
    lines.push_back(without_made_up_ids(dump_json(event_to_json(event))));
  }
  std::vector<std::string> lines;
  Message message;
  bool finished = false;
};

/// The answer as events, and how it ended.
Recorder decode(std::string_view bytes, std::size_t piece) {
  Recorder recorder;
  vendor::Notices notices;
  vendor::SecondTry second_try;
  DecodeContext context;
  context.service.title = "Gemini";
  context.service.model = "gemini-3.8-flash";
  context.backend = "generativelanguage.googleapis.com";
  context.names = {{"get_weather", "get_weather"}};
  context.used_ids = {"used"};
  context.notices = &notices;
  context.second_try = &second_try;
  GeminiDecoder decoder(std::move(context));
  try {
    if (piece == 0) {
      decoder.decode(HttpEvent{HttpEvent::Kind::kBody, "", bytes}, recorder);
    } else {
      net::SseDecoder splitter(
          [&](const HttpEvent& event) { return decoder.decode(event, recorder); }, 1U << 20U);
      for (std::size_t at = 0; at < bytes.size(); at += piece) {
        splitter.feed(bytes.substr(at, piece));
      }
      splitter.finish();
    }
    decoder.finish(recorder);
    require(recorder.finished);
  } catch (const Error& error) {
    // A failed answer must not have handed out anything that runs.
    require(!recorder.finished && tool_calls_of(recorder.message).empty());
    require(std::string_view(error.what()).find('\n') == std::string_view::npos);
    recorder.lines.emplace_back(error.what());
  }
  return recorder;
}

/// What was decoded can be encoded, in this and in another model's conversation.
void send_back(const Recorder& answer) {
  if (!answer.finished) return;
  Message message = answer.message;
  message.role = Role::kAssistant;
  message.provider = "gemini";
  message.model = "gemini-3.8-flash";
  for (const char* model : {"gemini-3.8-flash", "gemini-4-argon"}) {
    HistoryContext context;
    context.backend = "generativelanguage.googleapis.com";
    context.model = model;
    vendor::Notices notices;
    const Json contents =
        encode_contents({Message::user("x"), message, Message::user("y")}, context, notices);
    require(contents.back()["role"] == "user");
    for (const Json& content : contents) require(!content["parts"].empty());
  }
}

}  // namespace
}  // namespace cartpilot::gemini

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using cartpilot::gemini::decode;
  if (size == 0) return 0;
  const std::size_t piece = data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto answer = decode(bytes, piece);
  cartpilot::gemini::send_back(answer);
  if (piece != 0) {
    cartpilot::gemini::require(decode(bytes, std::max<std::size_t>(bytes.size(), 1)).lines ==
                               answer.lines);
  }
  return 0;
}
