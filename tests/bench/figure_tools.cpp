// Figure 5: what the program adds to a tool call beyond the HTTP call itself.
#include <atomic>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "chat/tool_router.h"
#include "commerce/tools.h"
#include "figure.h"
#include "net/http_client.h"
#include "vendor.h"

namespace cartpilot::bench {
namespace {

constexpr const char* kOffer = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
constexpr int kCalls = 2000;
constexpr std::chrono::milliseconds kSlow{30};

struct NoGuard final : chat::CallGuard {
  std::optional<ToolOutcome> before_write(ToolCall&) override { return std::nullopt; }
  void after_write(const ToolCall&, const ToolOutcome&) override {}
  ToolOutcome run_money(const ToolCall&, const CallContext&) override { return {}; }
  void begin_turn() override {}
};

ToolCall read_call(int number) {
  ToolCall call;
  call.id = fmt::format("call_{}", number);
  call.name = "get_offer_details";
  call.arguments = {{"offer_id", fmt::format("{}{}", kOffer, number)}};
  return call;
}

}  // namespace

void measure_tools(const Setup& setup, Figures& figures) {
  const std::string answer = offer_answer(setup.fixtures);
  std::atomic<bool> slow{false};
  Server shop([&](Peer& peer) {
    while (!peer.read_request().empty()) {
      if (slow) std::this_thread::sleep_for(kSlow);
      if (!peer.write(answer)) return;
    }
  });

  net::HttpClient http;
  commerce::ClientOptions options;
  options.base_url = shop.url();
  options.api_key = "bench";
  const commerce::CartPilotClient client(options, http);
  commerce::CartPilotTools tools(client);
  NoGuard guard;
  chat::ToolRouter router(guard);
  router.add(tools, "cartpilot", true);

  HttpRequest bare;
  bare.method = "GET";
  bare.url = shop.url() + "/offers/" + kOffer;
  bare.headers = {{"X-API-Key", "bench"}};
  const auto bare_call = [&] {
    const auto begin = Clock::now();
    if (net::fetch(http, bare, CallContext()).head.status != 200) {
      throw std::runtime_error("the loopback shop failed");
    }
    return microseconds(Clock::now() - begin);
  };
  const auto tool_calls = [&](int count) {
    std::vector<ToolCall> calls;
    for (int i = 0; i < count; ++i) calls.push_back(read_call(i));
    const auto begin = Clock::now();
    const auto results = router.run(calls, CallContext());
    const double time = microseconds(Clock::now() - begin);
    for (const ToolResult& result : results) {
      if (result.is_error) {
        throw std::runtime_error("a tool call failed: " + dump_json(result.content));
      }
    }
    return time;
  };
  std::vector<double> bares;
  std::vector<double> calls;
  for (int i = 0; i < kCalls; ++i) {
    const double without = bare_call();
    const double with = tool_calls(1);
    if (i < 50) continue;
    bares.push_back(without);
    calls.push_back(with);
  }
  figures.push_back({5, "tool call, added to the bare HTTP call", "us", "the bare kept-alive call",
                     median(bares), median(calls) - median(bares), 200, 3});

  slow = true;
  std::vector<double> singles;
  std::vector<double> fours;
  for (int i = 0; i <= setup.runs; ++i) {
    const double one = tool_calls(1);
    const double four = tool_calls(4);
    if (i == 0) continue;
    singles.push_back(one / 1000);
    fours.push_back(four / 1000);
  }
  figures.push_back({5, "4 parallel reads", "ms", "the slowest alone", median(singles),
                     median(fours), 1.10 * median(singles)});
}

}  // namespace cartpilot::bench
