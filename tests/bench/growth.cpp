// How costs grow: with the history, the tools, the plugins, the length of an answer, and the number
// of conversations at once.
#include <atomic>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "chat/session.h"
#include "commerce/tools.h"
#include "drawing.h"
#include "figure.h"
#include "gemini/provider.h"
#include "net/http_client.h"
#include "openai/provider.h"
#include "replay.h"
#include "vendor.h"

namespace cartpilot::bench {
namespace {

std::vector<double> to(double first, double last, double factor) {
  std::vector<double> values;
  for (double value = first; value < last; value *= factor) values.push_back(value);
  values.push_back(last);
  return values;
}

template <typename Work>
double time_of(int runs, Work&& work) {
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) {
    const auto begin = Clock::now();
    work();
    times.push_back(milliseconds(Clock::now() - begin));
  }
  return median(times);
}

Curve history(const Setup& setup) {
  Curve curve{"history",
              "One more turn, by what was said before",
              "turns of 10 kB each",
              "milliseconds",
              to(4, 1024, 2),
              {{"gemini", {}}, {"openai", {}}, {"copying the request twice", {}}}};
  for (const double turns : curve.x) {
    const TurnCost gemini = next_turn(setup, "gemini", static_cast<int>(turns), 8);
    const TurnCost openai = next_turn(setup, "openai", static_cast<int>(turns), 8);
    const std::string bytes(gemini.request_bytes, 'x');
    curve.lines[0].values.push_back(gemini.milliseconds);
    curve.lines[1].values.push_back(openai.milliseconds);
    curve.lines[2].values.push_back(time_of(20, [&] {
      const std::string once = bytes;
      const std::string twice = once;
      if (twice.size() != bytes.size()) throw std::runtime_error("no memory");
    }));
  }
  return curve;
}

/// As many tools as asked for, all alike.
class ManyTools final : public ToolSet {
 public:
  explicit ManyTools(std::size_t count) {
    const std::vector<ToolSpec> own = commerce::cartpilot_tool_specs();
    for (std::size_t i = 0; i < count; ++i) {
      ToolSpec spec = own[i % own.size()];
      spec.name = fmt::format("tool_{}", i);
      spec.effect = EffectClass::kRead;
      spec.parameters = {{"type", "object"},
                         {"properties", {{"offer_id", {{"type", "string"}}}}},
                         {"additionalProperties", false}};
      specs_.push_back(std::move(spec));
    }
  }
  std::vector<ToolSpec> list() const override { return specs_; }
  ToolOutcome call(const std::string&, const Json&, const CallContext&) override { return {}; }

 private:
  std::vector<ToolSpec> specs_;
};

struct NoGuard final : chat::CallGuard {
  std::optional<ToolOutcome> before_write(ToolCall&) override { return std::nullopt; }
  void after_write(const ToolCall&, const ToolOutcome&) override {}
  ToolOutcome run_money(const ToolCall&, const CallContext&) override { return {}; }
  void begin_turn() override {}
};

Curve tools(const Setup& setup) {
  Curve curve{"tools",       "What more tools cost",
              "tools",       "milliseconds",
              to(1, 512, 2), {{"making them known", {}}, {"one turn", {}}, {"one call", {}}}};
  ReplayProvider replay(setup.plugins, "gemini");
  replay.transport.answer = gemini_text("ok") + gemini_end();
  for (const double count : curve.x) {
    ManyTools many(static_cast<std::size_t>(count));
    NoGuard guard;
    curve.lines[0].values.push_back(time_of(10, [&] {
      chat::ToolRouter router(guard);
      router.add(many, "many", false);
    }));
    chat::ToolRouter router(guard);
    router.add(many, "many", false);
    GenerateRequest request;
    request.messages = {Message::user("hello")};
    request.tools = router.specs();
    NullSink sink;
    curve.lines[1].values.push_back(
        time_of(20, [&] { replay.provider->generate(request, sink, CallContext()); }));
    ToolCall call;
    call.id = "call";
    call.name = fmt::format("tool_{}", static_cast<int>(count) - 1);
    call.arguments = {{"offer_id", "x"}};
    constexpr int kCalls = 200;
    curve.lines[2].values.push_back(time_of(10,
                                            [&] {
                                              for (int i = 0; i < kCalls; ++i)
                                                router.run({call}, CallContext());
                                            }) /
                                    kCalls);
  }
  return curve;
}

/// Copies of the small plugin, each with an id of its own.
void make_plugins(const Setup& setup, const std::filesystem::path& folder, int count) {
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(setup.plugins / "cartpilot-gemini.so", folder / "cartpilot-gemini.so");
  std::ifstream file(setup.self.parent_path().parent_path() / "lib" / "cartpilot" / "bench" /
                         "cartpilot-bench000.so",
                     std::ios::binary);
  const std::string original{std::istreambuf_iterator<char>(file), {}};
  const std::string id = "bench000";
  for (int i = 1; i < count; ++i) {
    std::string copy = original;
    const std::string other = fmt::format("bench{:03}", i);
    for (std::size_t at = copy.find(id); at != std::string::npos; at = copy.find(id, at + 1)) {
      copy.replace(at, id.size(), other);
    }
    std::ofstream(folder / fmt::format("cartpilot-{}.so", other), std::ios::binary) << copy;
  }
}

Curve plugins(const Setup& setup) {
  Curve curve{"plugins",
              "What more installed plugins cost",
              "plugins",
              "milliseconds",
              {1, 2, 5, 10, 20, 50, 100, 200, 500},
              {{"starting one provider", {}}, {"loading the tools of all", {}}}};
  ReplayTransport transport;
  for (const double count : curve.x) {
    const std::filesystem::path folder = setup.home / fmt::format("plugins-{}", count);
    make_plugins(setup, folder, static_cast<int>(count));
    const plugin::SearchOptions search = ReplayProvider::search(folder);
    curve.lines[0].values.push_back(time_of(10, [&] {
      plugin::PluginHost host(search, transport);
      host.make_provider("gemini", {}, {});
    }));
    // Loaded code stays loaded, so the first time is the figure.
    curve.lines[1].values.push_back(time_of(1, [&] {
      plugin::PluginHost host(search, transport);
      if (host.make_tool_sets({}).size() + 1 != static_cast<std::size_t>(count)) {
        throw std::runtime_error("not all plugins were loaded");
      }
    }));
  }
  return curve;
}

/// Behind the boundary an answer ends at one mebibyte (its last event carries all of it), so the
/// providers are used directly.
Curve stream(const Setup&) {
  Curve curve{
      "stream",       "Decoding one answer, by its length", "bytes",
      "milliseconds", {1e3, 1e4, 1e5, 1e6, 1e7, 1e8},       {{"gemini", {}}, {"openai", {}}}};
  ReplayTransport transport;
  ProviderConfig config;
  config.environment = {{"GEMINI_API_KEY", "bench"}, {"OPENAI_API_KEY", "bench"}};
  config.transport = &transport;
  gemini::GeminiProvider gemini(config);
  openai::OpenAiProvider openai(config);
  for (std::size_t vendor = 0; vendor < 2; ++vendor) {
    LLMProvider& provider = vendor == 0 ? static_cast<LLMProvider&>(gemini) : openai;
    const std::string event = vendor == 0 ? gemini_text("Hello ") : openai_text("Hello ");
    for (const double bytes : curve.x) {
      transport.answer.clear();
      while (transport.answer.size() + event.size() < static_cast<std::size_t>(bytes)) {
        transport.answer += event;
      }
      transport.answer += vendor == 0 ? gemini_end() : openai_end("stop");
      GenerateRequest request;
      request.model = vendor == 0 ? "gemini-2.5-flash" : "gpt-4o";
      request.messages = {Message::user("hello")};
      NullSink sink;
      curve.lines[vendor].values.push_back(time_of(bytes > 1e7 ? 1 : 5, [&] {
        chat::StreamAssembler assembler(sink);
        provider.generate(request, assembler, CallContext());
        if (!assembler.complete()) throw std::runtime_error("an answer was not complete");
      }));
    }
  }
  return curve;
}

struct Silent final : chat::ChatObserver {
  void on_event(const StreamEvent&) override {}
  void on_tool_call(const ToolCall&) override {}
  void on_tool_result(const ToolCall&, const ToolResult&, std::int64_t) override {}
  void on_retry(std::int64_t, const std::string&) override {}
};
struct Forgetful final : chat::MessageLog {
  void append(const Message&) override {}
};

Curve conversations(const Setup& setup) {
  Curve curve{"conversations", "Conversations at once in one process, one turn of 100 events each",
              "conversations", "milliseconds",
              to(1, 256, 2),   {{"all together", {}}, {"each", {}}}};
  std::string answer = stream_head();
  for (int i = 0; i < 100; ++i) answer += chunk(gemini_text("Hello "));
  answer += chunk(gemini_end()) + "0\r\n\r\n";
  Server vendor([&](Peer& peer) {
    while (!peer.read_request().empty()) {
      if (!peer.write(answer)) return;
    }
  });
  net::HttpClient http;
  plugin::PluginHost host(ReplayProvider::search(setup.plugins), http);
  for (const double count : curve.x) {
    std::vector<std::unique_ptr<LLMProvider>> providers;
    for (int i = 0; i < static_cast<int>(count); ++i) {
      providers.push_back(host.make_provider(
          "gemini", {{"GEMINI_API_KEY", "bench"}, {"GEMINI_BASE_URL", vendor.url()}}, {}));
    }
    std::atomic<int> good{0};
    const auto talk = [&](LLMProvider& provider) {
      NoGuard guard;
      chat::ToolRouter router(guard);
      Silent observer;
      Forgetful log;
      chat::ChatSession session(provider, router, observer, log, {});
      if (session.run_turn("hello", CallContext()).finish == "stop") ++good;
    };
    const double time = time_of(5, [&] {
      std::vector<std::jthread> threads;
      for (auto& provider : providers) threads.emplace_back(talk, std::ref(*provider));
    });
    if (good != 5 * static_cast<int>(count)) throw std::runtime_error("a conversation failed");
    curve.lines[0].values.push_back(time);
    curve.lines[1].values.push_back(time / count);
  }
  return curve;
}

}  // namespace

void draw_growth(const Setup& setup, const std::filesystem::path& folder) {
  fmt::print("{:<16} {:<30} {:>12} {:>12} {:>10}\n", "curve", "line", "at the least", "at the most",
             "exponent");
  for (const auto& measured : {history, tools, plugins, stream, conversations}) {
    const Curve curve = measured(setup);
    write_curve(curve, folder);
    for (const Curve::Line& line : curve.lines) {
      fmt::print("{:<16} {:<30} {:>12.3f} {:>12.3f} {:>10.2f}\n", curve.name, line.name,
                 line.values.front(), line.values.back(), last_exponent(curve, line));
    }
    std::fflush(stdout);
  }
}

}  // namespace cartpilot::bench
