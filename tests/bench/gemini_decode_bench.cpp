// How fast Gemini's answers are decoded: a long stream, and one call with a large argument.
//
// Both run the way bytes take in the program: pieces as a socket gives them, through the event
// splitter, into the plugin's decoder. events_per_second counts server-sent events on one core.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "cartpilot/json.h"
#include "gemini/decode.h"
#include "net/sse_decoder.h"

namespace cartpilot::gemini {
namespace {

constexpr std::size_t kPiece = 16 * 1024;
constexpr std::size_t kEventLimit = 64 << 20;

struct CountingSink final : EventSink {
  void on_event(const StreamEvent& event) override {
    ++events;
    if (const auto* text = std::get_if<TextDelta>(&event)) text_bytes += text->text.size();
    finished = finished || std::holds_alternative<Finish>(event);
  }
  std::size_t events = 0;
  std::size_t text_bytes = 0;
  bool finished = false;
};

std::string frame(const std::string& json) { return "data: " + json + "\r\n\r\n"; }

/// One chunk as the service writes it: parts, running counts, model, id.
std::string chunk(const std::string& parts, int tokens, const std::string& more = "") {
  return frame(fmt::format(
      R"({{"candidates":[{{"content":{{"parts":[{}],"role":"model"}},"index":0{}}}],)"
      R"("usageMetadata":{{"promptTokenCount":1871,"candidatesTokenCount":{},)"
      R"("totalTokenCount":{},"promptTokensDetails":[{{"modality":"TEXT","tokenCount":1871}}]}},)"
      R"("modelVersion":"gemini-3.8-flash","responseId":"aQx1ZvX8KoPz7dcPjc2Z0Qw"}})",
      parts, more, tokens, 1871 + tokens));
}

struct Recording {
  std::string bytes;
  std::size_t events = 0;
};

/// Thoughts, then text in the usual few words an event, then a signed call and the closing chunk.
Recording long_answer(std::size_t size) {
  Recording recording;
  int tokens = 0;
  const auto add = [&](const std::string& parts, const std::string& more = "") {
    recording.bytes += chunk(parts, tokens += 9, more);
    ++recording.events;
  };
  for (int i = 0; i < 50; ++i) {
    add(fmt::format(R"({{"text":"**Comparing** offer {} with the limit.\n","thought":true}})", i));
  }
  for (int i = 0; recording.bytes.size() < size; ++i) {
    add(fmt::format(R"({{"text":" the \"Über\" model {} costs $79.99 and ships\nwithin days,"}})",
                    i));
  }
  add(fmt::format(
      R"({{"functionCall":{{"id":"g98os1Jf","name":"create_checkout","args":{{"offer_id":"o-1"}}}},)"
      R"("thoughtSignature":"{}="}})",
      std::string(1023, 'Q')));
  add(R"({"text":""})", R"(,"finishReason":"STOP")");
  return recording;
}

CountingSink decode(std::string_view bytes) {
  vendor::Notices notices;
  vendor::SecondTry second_try;
  DecodeContext context;
  context.service.title = "Gemini";
  context.service.model = "gemini-3.8-flash";
  context.backend = "generativelanguage.googleapis.com";
  context.names = {{"create_checkout", "create_checkout"}};
  context.notices = &notices;
  context.second_try = &second_try;
  GeminiDecoder decoder(context);
  CountingSink sink;
  net::SseDecoder splitter([&](const HttpEvent& event) { return decoder.decode(event, sink); },
                           kEventLimit);
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) splitter.feed(bytes.substr(at, kPiece));
  splitter.finish();
  decoder.finish(sink);
  return sink;
}

void decode_stream(benchmark::State& state) {
  const Recording recording = long_answer(static_cast<std::size_t>(state.range(0)) << 20U);
  for (auto _ : state) {
    const CountingSink sink = decode(recording.bytes);
    if (!sink.finished) state.SkipWithError("the answer did not end");
    benchmark::DoNotOptimize(sink.text_bytes);
  }
  const auto rounds = static_cast<double>(state.iterations());
  state.counters["events"] = static_cast<double>(recording.events);
  state.counters["events_per_second"] = benchmark::Counter(
      rounds * static_cast<double>(recording.events), benchmark::Counter::kIsRate);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(recording.bytes.size()));
}
BENCHMARK(decode_stream)->Arg(10)->Unit(benchmark::kMillisecond);

void decode_large_argument(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::string text;
  while (text.size() < size) text += "a line of an order note \\u00e9 and more\\n";
  const std::string bytes =
      chunk(R"({"functionCall":{"id":"a","name":"create_checkout","args":{"note":")" + text +
                R"("}},"thoughtSignature":"UQ=="})",
            9, R"(,"finishReason":"STOP")");
  for (auto _ : state) {
    const CountingSink sink = decode(bytes);
    if (!sink.finished) state.SkipWithError("the answer did not end");
  }
  state.SetComplexityN(state.range(0));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(decode_large_argument)
    ->RangeMultiplier(2)
    ->Range(1 << 17, 1 << 22)
    ->Unit(benchmark::kMillisecond)
    ->Complexity(benchmark::oN);

}  // namespace
}  // namespace cartpilot::gemini

BENCHMARK_MAIN();
