// How fast the anthropic plugin reads streams, on one core.
//
//   cartpilot_anthropic_decode_bench [--benchmark_filter=...]
//
// "Events" counts events of a stream, framing included; "Arguments" reads one function call whose
// arguments are that many bytes, in deltas of 64.
#include <benchmark/benchmark.h>

#include <string>
#include <utility>

#include "anthropic/decode.h"
#include "net/sse_decoder.h"

namespace cartpilot::anthropic {
namespace {

constexpr std::size_t kEvents = 20'000;
constexpr std::size_t kDelta = 64;
constexpr std::size_t kMaxEventBytes = 64U << 20;
constexpr std::size_t kNetworkRead = 16'384;

class CountingSink final : public EventSink {
 public:
  void on_event(const StreamEvent& event) override {
    ++events;
    if (const auto* call = std::get_if<ToolCallEvent>(&event)) {
      whole = call->call.arguments_error.empty();
    }
  }
  std::size_t events = 0;
  bool whole = false;
};

std::string stream_event(const std::string& type, const std::string& members) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + members + "}\n\n";
}

std::string begun(const std::string& block) {
  return stream_event("message_start",
                      R"(,"message":{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message",)"
                      R"("role":"assistant","model":"claude-sonnet-5-5","content":[],)"
                      R"("stop_reason":null,"usage":{"input_tokens":812,"output_tokens":1}})") +
         stream_event("content_block_start", R"(,"index":0,"content_block":)" + block);
}

std::string delta(const std::string& type, const std::string& key, const std::string& text) {
  return stream_event("content_block_delta", R"(,"index":0,"delta":{"type":")" + type + R"(",")" +
                                                 key + "\":" + dump_json(Json(text)) + "}");
}

std::string ended(const std::string& reason) {
  return stream_event("content_block_stop", R"(,"index":0)") +
         stream_event("message_delta", R"(,"delta":{"stop_reason":")" + reason +
                                           R"("},"usage":{"output_tokens":24})") +
         stream_event("message_stop", "");
}

/// Deltas of a function call whose arguments are one object of about `bytes` bytes.
std::string call_stream(std::size_t bytes) {
  std::string input = R"({"items":[)";
  for (int i = 0; input.size() + 64 < bytes; ++i) {
    input += R"({"product_id":"prod_)" + std::to_string(100000 + i) + R"(","quantity":1},)";
  }
  input += "{}]}";
  std::string text =
      begun(R"({"type":"tool_use","id":"toolu_1","name":"create_checkout","input":{}})");
  for (std::size_t at = 0; at < input.size(); at += kDelta) {
    text += delta("input_json_delta", "partial_json", input.substr(at, kDelta));
  }
  return text + ended("tool_use");
}

void read_stream(benchmark::State& state, const std::string& text) {
  CountingSink sink;
  vendor::Notices notices;
  vendor::SecondTry second_try;
  for (auto _ : state) {
    DecodeContext context;
    context.service.title = "Anthropic";
    context.endpoint = "https://api.anthropic.com";
    context.notices = &notices;
    context.second_try = &second_try;
    AnthropicDecoder decoder(std::move(context));
    net::SseDecoder lines([&](const HttpEvent& event) { return decoder.decode(event, sink); },
                          kMaxEventBytes);
    for (std::size_t at = 0; at < text.size(); at += kNetworkRead) {
      if (!lines.feed(std::string_view(text).substr(at, kNetworkRead))) break;
    }
    decoder.finish(sink);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}

void TextEvents(benchmark::State& state) {
  std::string text = begun(R"({"type":"text","text":""})");
  for (std::size_t i = 0; i < kEvents; ++i) {
    text += delta("text_delta", "text", " word" + std::to_string(i % 100));
  }
  read_stream(state, text + ended("end_turn"));
  state.SetItemsProcessed(static_cast<std::int64_t>(kEvents) * state.iterations());
}
BENCHMARK(TextEvents)->Unit(benchmark::kMillisecond);

/// Up to the plugin's limit of one call.
void Arguments(benchmark::State& state) {
  read_stream(state, call_stream(static_cast<std::size_t>(state.range(0))));
  state.SetComplexityN(state.range(0));
}
BENCHMARK(Arguments)
    ->RangeMultiplier(2)
    ->Range(1 << 15, 1 << 19)
    ->Unit(benchmark::kMillisecond)
    ->Complexity(benchmark::oN);

}  // namespace
}  // namespace cartpilot::anthropic

BENCHMARK_MAIN();
