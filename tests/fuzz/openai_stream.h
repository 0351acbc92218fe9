// Reads bytes as an answer of either API, whole or as a stream, and checks what must hold for any
// bytes: nothing but Error leaves the decoder, calls come only with a Finish at the very end, and
// the network's cuts change nothing.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cartpilot/http_provider.h"
#include "net/sse_decoder.h"
#include "openai/answer_context.h"

namespace cartpilot::openai::fuzz {

/// Everything that came out, as one text, with ids that were made up taken out.
class Recorder final : public EventSink {
 public:
  void on_event(const StreamEvent& event) override {
    if (finished) std::abort();  // Finish is the last
    if (const auto* text = std::get_if<TextDelta>(&event)) {
      said += text->text;
    } else if (const auto* call = std::get_if<ToolCallEvent>(&event)) {
      if (call->call.id.empty() || call->call.name.empty()) std::abort();
      if (!call->call.arguments.is_object() && call->call.arguments_error.empty()) std::abort();
      calls += call->call.name + dump_json(call->call.arguments) + call->call.arguments_error;
      ++count;
    } else if (const auto* finish = std::get_if<Finish>(&event)) {
      finished = true;
      end = finish->raw_reason;
    }
  }
  std::string said;
  std::string calls;
  std::string end;
  std::size_t count = 0;
  bool finished = false;
};

inline const std::vector<ToolSpec>& tools() {
  static const std::vector<ToolSpec> kTools = [] {
    ToolSpec tool;
    tool.name = "mixer_level";
    tool.parameters = parse_json(
        R"({"type":"object","properties":{"channel":{"type":"integer"},"unit":{"type":"string"},
            "more":{"type":"array","items":{"$ref":"#"}}},"required":["channel"]})");
    return std::vector<ToolSpec>{tool};
  }();
  return kTools;
}

template <typename Decoder>
Recorder decode(std::string_view bytes, bool stream, std::size_t piece) {
  AnswerContext context;
  context.tools = &tools();
  context.endpoint = "https://test/v1";
  Decoder decoder(std::move(context));
  Recorder recorder;
  try {
    if (stream) {
      net::SseDecoder lines([&](const HttpEvent& event) { return decoder.decode(event, recorder); },
                            1U << 20);
      bool more = true;
      for (std::size_t at = 0; more && at < bytes.size(); at += piece) {
        more = lines.feed(bytes.substr(at, piece));
      }
      if (more) lines.finish();
    } else {
      decoder.decode({HttpEvent::Kind::kBody, "", bytes}, recorder);
    }
    decoder.finish(recorder);
    if (!recorder.finished) std::abort();
  } catch (const Error& error) {
    if (recorder.finished || recorder.count != 0) std::abort();  // a call that came may have run
    recorder.end = error.what();
  }
  return recorder;
}

template <typename Decoder>
void run(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return;
  const bool stream = (data[0] & 1) != 0;
  const std::size_t piece = 1 + data[1];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Recorder whole = decode<Decoder>(bytes, stream, bytes.size() + 1);
  if (!stream) return;
  const Recorder cut = decode<Decoder>(bytes, true, piece);
  if (whole.said != cut.said || whole.calls != cut.calls || whole.end != cut.end) std::abort();
}

}  // namespace cartpilot::openai::fuzz
