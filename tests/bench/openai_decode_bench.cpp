// How fast the openai plugin reads streams, on one core.
//
//   cartpilot_openai_decode_bench [--benchmark_filter=...]
//
// "Events" counts events of a stream, framing included; "Arguments" reads one function call whose
// arguments are that many bytes, in deltas of 64.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "net/sse_decoder.h"
#include "openai/chat_decode.h"
#include "openai/responses_decode.h"

namespace cartpilot::openai {
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

std::string chat_event(const std::string& delta, const std::string& finish = "null") {
  return R"(data: {"id":"chatcmpl-Bq2kqYhU1p0dXw3Zr8s5V9tLmN4o","object":"chat.completion.chunk",)"
         R"("created":1795400000,"model":"gpt-4.1-mini-2025-04-14","service_tier":"default",)"
         R"("system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":)" +
         delta + R"(,"logprobs":null,"finish_reason":)" + finish +
         R"(}],"usage":null,"obfuscation":"x3Fq"})" + "\n\n";
}

std::string json_string(const std::string& text) { return dump_json(Json(text)); }

/// Deltas of a function call whose arguments are one object of about `bytes` bytes.
std::vector<std::string> argument_deltas(std::size_t bytes) {
  std::string arguments = R"({"items":[)";
  for (int i = 0; arguments.size() + 64 < bytes; ++i) {
    arguments += R"({"product_id":"prod_)" + std::to_string(100000 + i) + R"(","quantity":1},)";
  }
  arguments += "{}]}";
  std::vector<std::string> deltas;
  for (std::size_t at = 0; at < arguments.size(); at += kDelta) {
    deltas.push_back(json_string(arguments.substr(at, kDelta)));
  }
  return deltas;
}

std::string chat_call_stream(std::size_t bytes) {
  std::string text = chat_event(
      R"({"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function",)"
      R"("function":{"name":"create_checkout","arguments":""}}]})");
  for (const std::string& delta : argument_deltas(bytes)) {
    text += chat_event(R"({"tool_calls":[{"index":0,"function":{"arguments":)" + delta + "}}]}");
  }
  return text + chat_event("{}", R"("tool_calls")") + "data: [DONE]\n\n";
}

std::string responses_event(const std::string& type, const std::string& members) {
  return "event: response." + type + "\ndata: {\"type\":\"response." + type + "\"," + members +
         "}\n\n";
}

std::string responses_call_stream(std::size_t bytes) {
  const std::string head =
      R"({"type":"function_call","id":"fc_0123456789abcdef","call_id":"call_1",)"
      R"("name":"create_checkout","arguments":)";
  std::string text =
      responses_event("output_item.added", R"("sequence_number":2,"output_index":0,"item":)" +
                                               head + R"("","status":"in_progress"})");
  std::string whole;
  int number = 3;
  for (const std::string& delta : argument_deltas(bytes)) {
    text += responses_event("function_call_arguments.delta",
                            R"("sequence_number":)" + std::to_string(number++) +
                                R"(,"item_id":"fc_0123456789abcdef","output_index":0,"delta":)" +
                                delta + R"(,"obfuscation":"x3Fq")");
    whole += parse_json(delta).get<std::string>();
  }
  text += responses_event("output_item.done", R"("output_index":0,"item":)" + head +
                                                  json_string(whole) + R"(,"status":"completed"})");
  return text + responses_event("completed",
                                R"("response":{"status":"completed","model":"m","output":[]})");
}

template <typename Decoder>
void read_stream(benchmark::State& state, const std::string& text) {
  const std::vector<ToolSpec> tools;
  CountingSink sink;
  for (auto _ : state) {
    AnswerContext context;
    context.tools = &tools;
    context.endpoint = "https://api.openai.com/v1";
    context.service.title = "OpenAI";
    Decoder decoder(std::move(context));
    net::SseDecoder lines([&](const HttpEvent& event) { return decoder.decode(event, sink); },
                          kMaxEventBytes);
    for (std::size_t at = 0; at < text.size(); at += kNetworkRead) {
      if (!lines.feed(std::string_view(text).substr(at, kNetworkRead))) break;
    }
    decoder.finish(sink);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}

void count_events(benchmark::State& state) {
  state.SetItemsProcessed(static_cast<std::int64_t>(kEvents) * state.iterations());
}

void ChatTextEvents(benchmark::State& state) {
  std::string text;
  for (std::size_t i = 1; i < kEvents; ++i) {
    text += chat_event(R"({"content":" word)" + std::to_string(i % 100) + "\"}");
  }
  text += chat_event("{}", R"("stop")") + "data: [DONE]\n\n";
  read_stream<ChatDecoder>(state, text);
  count_events(state);
}
BENCHMARK(ChatTextEvents)->Unit(benchmark::kMillisecond);

void ChatArgumentEvents(benchmark::State& state) {
  read_stream<ChatDecoder>(state, chat_call_stream(kEvents * kDelta));
  count_events(state);
}
BENCHMARK(ChatArgumentEvents)->Unit(benchmark::kMillisecond);

void ChatArguments(benchmark::State& state) {
  read_stream<ChatDecoder>(state, chat_call_stream(static_cast<std::size_t>(state.range(0))));
  state.SetComplexityN(state.range(0));
}
BENCHMARK(ChatArguments)
    ->RangeMultiplier(2)
    ->Range(1 << 18, 1 << 23)
    ->Unit(benchmark::kMillisecond)
    ->Complexity(benchmark::oN);

void ResponsesArguments(benchmark::State& state) {
  read_stream<ResponsesDecoder>(state,
                                responses_call_stream(static_cast<std::size_t>(state.range(0))));
  state.SetComplexityN(state.range(0));
}
BENCHMARK(ResponsesArguments)
    ->RangeMultiplier(2)
    ->Range(1 << 18, 1 << 23)
    ->Unit(benchmark::kMillisecond)
    ->Complexity(benchmark::oN);

}  // namespace
}  // namespace cartpilot::openai

BENCHMARK_MAIN();
