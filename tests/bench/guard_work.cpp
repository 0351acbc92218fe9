// Fixed pieces of work whose cost is counted, not timed: see scripts/guard.
//
//   cartpilot_guard decode|route|encode-10|encode-200      does it once; callgrind counts the
//                                                          instructions inside guard_region()
//   cartpilot_guard counts                                 allocations and bytes copied, as JSON
//
// Inputs are constants, so that two runs count the same.
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>

#include "chat/stream_assembler.h"
#include "chat/tool_router.h"
#include "commerce/tools.h"
#include "figure.h"
#include "long_talk.h"
#include "replay.h"
#include "vendor.h"

extern std::size_t guard_allocations;
extern std::size_t guard_copied;

extern "C" __attribute__((noinline, visibility("default"))) void guard_region(
    const std::function<void()>& work) {
  work();
  asm volatile("" ::: "memory");
}

namespace cartpilot::bench {
namespace {

constexpr int kEvents = 2000;

struct NoGuard final : chat::CallGuard {
  std::optional<ToolOutcome> before_write(ToolCall&) override { return std::nullopt; }
  void after_write(const ToolCall&, const ToolOutcome&) override {}
  ToolOutcome run_money(const ToolCall&, const CallContext&) override { return {}; }
  void begin_turn() override {}
};

/// CartPilot's functions with an answer at hand.
class CannedTools final : public ToolSet {
 public:
  std::vector<ToolSpec> list() const override { return commerce::cartpilot_tool_specs(); }
  ToolOutcome call(const std::string&, const Json& arguments, const CallContext&) override {
    return {true, {{"offer", arguments}, {"price_cents", 7999}}};
  }
};

/// Counted work: prepare() is not counted, work() is.
struct Work {
  std::function<void()> prepare;
  std::function<void()> run;
  double per = 1;  ///< events or calls in it
};

Work decode(const Setup& setup, const std::string& vendor) {
  auto replay = std::make_shared<ReplayProvider>(setup.plugins, vendor);
  const bool gemini = vendor == "gemini";
  for (int i = 0; i < kEvents; ++i) {
    replay->transport.answer += gemini ? gemini_text("Hello ") : openai_text("Hello ");
  }
  replay->transport.answer += gemini ? gemini_end() : openai_end("stop");
  const auto run = [replay, gemini] {
    GenerateRequest request;
    request.model = gemini ? "gemini-2.5-flash" : "gpt-4o";
    request.messages = {Message::user("hello")};
    NullSink sink;
    chat::StreamAssembler assembler(sink);
    replay->provider->generate(request, assembler, CallContext());
    if (assembler.text_so_far(7 * kEvents).size() != 6 * kEvents)
      throw std::runtime_error("decoded wrongly");
  };
  return {run, run, kEvents};  // the first time fills what is made once
}

Work route() {
  struct World {
    NoGuard guard;
    CannedTools tools;
    chat::ToolRouter router{guard};
  };
  auto world = std::make_shared<World>();
  world->router.add(world->tools, "canned", true);
  constexpr int kCalls = 200;
  const auto run = [world] {
    for (int i = 0; i < kCalls; ++i) {
      ToolCall call;
      call.id = "call";
      call.name = "get_offer_details";
      call.arguments = {{"offer_id", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"}};
      if (world->router.run({call}, CallContext()).front().is_error) {
        throw std::runtime_error("routed wrongly");
      }
    }
  };
  return {run, run, kCalls};
}

/// One more turn after `turns` of a kilobyte.
Work encode(const Setup& setup, const std::string& vendor, int turns) {
  struct World {
    World(const std::filesystem::path& plugins, const std::string& name) : replay(plugins, name) {}
    ReplayProvider replay;
    GenerateRequest request;
  };
  auto world = std::make_shared<World>(setup.plugins, vendor);
  const bool gemini = vendor == "gemini";
  world->replay.transport.answer =
      gemini ? gemini_text("ok") + gemini_end() : openai_text("ok") + openai_end("stop");
  world->request.model = gemini ? "gemini-2.5-flash" : "gpt-4o";
  world->request.tools = commerce::cartpilot_tool_specs();
  world->request.messages = long_talk(turns, 1000, vendor);
  world->request.messages.push_back(Message::user("and now?"));
  const auto run = [world] {
    NullSink sink;
    world->replay.provider->generate(world->request, sink, CallContext());
  };
  const auto prepare = [world, run, vendor, turns] {
    run();
    for (Message& message : talk_turn(turns, 1000, vendor)) {
      world->request.messages.push_back(std::move(message));
    }
    world->request.messages.push_back(Message::user("and now?"));
  };
  return {prepare, run, 1};
}

std::map<std::string, std::function<Work()>> all(const Setup& setup) {
  return {{"decode-gemini", [&] { return decode(setup, "gemini"); }},
          {"decode-openai", [&] { return decode(setup, "openai"); }},
          {"route", [] { return route(); }},
          {"encode-gemini-10", [&] { return encode(setup, "gemini", 10); }},
          {"encode-gemini-200", [&] { return encode(setup, "gemini", 200); }},
          {"encode-openai-10", [&] { return encode(setup, "openai", 10); }},
          {"encode-openai-200", [&] { return encode(setup, "openai", 200); }}};
}

int run(const std::string& name) {
  Setup setup;
  const std::filesystem::path self = std::filesystem::canonical("/proc/self/exe");
  setup.plugins = self.parent_path().parent_path() / "lib" / "cartpilot" / "plugins";
  const auto works = all(setup);
  if (name == "list") {
    for (const auto& [known, make] : works) fmt::print("{}\n", known);
    return 0;
  }
  if (name == "counts") {
    Json counts = Json::object();
    for (const auto& [known, make] : works) {
      const Work work = make();
      work.prepare();
      const std::size_t allocated = guard_allocations;
      const std::size_t moved = guard_copied;
      work.run();
      counts[known] = {
          {"allocations", static_cast<double>(guard_allocations - allocated) / work.per},
          {"bytes_copied", static_cast<double>(guard_copied - moved) / work.per}};
    }
    fmt::print("{}\n", dump_json(counts));
    return 0;
  }
  const auto found = works.find(name);
  if (found == works.end()) return 2;
  const Work work = found->second();
  work.prepare();
  guard_region(work.run);
  return 0;
}

}  // namespace
}  // namespace cartpilot::bench

int main(int argc, char** argv) {
  try {
    return argc == 2 ? cartpilot::bench::run(argv[1]) : 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "cartpilot_guard: {}\n", error.what());
    return 1;
  }
}
