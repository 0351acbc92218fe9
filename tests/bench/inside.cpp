// The inside, by Google Benchmark: what the figures of the driver are made of.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "cartpilot/detail/wire.h"
#include "chat/stream_assembler.h"
#include "chat/tool_router.h"
#include "commerce/tools.h"
#include "long_talk.h"
#include "replay.h"
#include "schema/validator.h"
#include "vendor.h"

namespace cartpilot::bench {
namespace {

std::string many(const std::string& event, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += event;
  return text;
}

std::filesystem::path plugins() {
  const std::filesystem::path self = std::filesystem::canonical("/proc/self/exe");
  return self.parent_path().parent_path() / "lib" / "cartpilot" / "plugins";
}

void sse_decoder(benchmark::State& state) {
  const std::string bytes = many(gemini_text("Hello "), 1 << 20);
  const auto piece = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    std::size_t events = 0;
    net::SseDecoder decoder([&](const HttpEvent&) { return ++events > 0; }, 1 << 20);
    const std::string_view view = bytes;
    for (std::size_t at = 0; at < view.size(); at += piece) decoder.feed(view.substr(at, piece));
    benchmark::DoNotOptimize(events);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes.size()));
}
BENCHMARK(sse_decoder)->Arg(64)->Arg(1460)->Arg(16384);

void assembled_event(benchmark::State& state) {
  const StreamEvent event = TextDelta{"Hello "};
  NullSink sink;
  chat::StreamAssembler assembler(sink);
  for (auto _ : state) assembler.on_event(event);
}
BENCHMARK(assembled_event);

/// What the plugin boundary costs per event: to JSON text and back.
void event_over_the_boundary(benchmark::State& state) {
  const StreamEvent event = TextDelta{"Hello "};
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        event_from_json(parse_json(dump_json(event_to_json(event)), "event", kEventJson)));
  }
}
BENCHMARK(event_over_the_boundary);

void decoded_event(benchmark::State& state, const std::string& vendor) {
  ReplayProvider replay(plugins(), vendor);
  const bool gemini = vendor == "gemini";
  constexpr int kEvents = 1000;
  for (int i = 0; i < kEvents; ++i) {
    replay.transport.answer += gemini ? gemini_text("Hello ") : openai_text("Hello ");
  }
  replay.transport.answer += gemini ? gemini_end() : openai_end("stop");
  GenerateRequest request;
  request.model = gemini ? "gemini-2.5-flash" : "gpt-4o";
  request.messages = {Message::user("hello")};
  for (auto _ : state) {
    NullSink sink;
    replay.provider->generate(request, sink, CallContext());
  }
  state.SetItemsProcessed(state.iterations() * kEvents);
}
BENCHMARK_CAPTURE(decoded_event, gemini, "gemini");
BENCHMARK_CAPTURE(decoded_event, openai, "openai");

void schema_check(benchmark::State& state) {
  for (const ToolSpec& spec : commerce::cartpilot_tool_specs()) {
    if (spec.name != "get_offer_details") continue;
    const schema::SchemaValidator validator(spec.parameters);
    const Json arguments = {{"offer_id", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"}};
    for (auto _ : state) benchmark::DoNotOptimize(validator.validate(arguments));
  }
}
BENCHMARK(schema_check);

void message_to_text_and_back(benchmark::State& state) {
  const std::vector<Message> turn = talk_turn(0, 9300, "gemini");
  for (auto _ : state) {
    for (const Message& message : turn) {
      benchmark::DoNotOptimize(
          message_from_json(parse_json(dump_json(message_to_json(message)), "message")));
    }
  }
}
BENCHMARK(message_to_text_and_back);

}  // namespace
}  // namespace cartpilot::bench

BENCHMARK_MAIN();
