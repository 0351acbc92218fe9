// Buys one thing over a real connection and dies at a point of its choosing: the n-th time it
// writes or syncs, or before it sends or after it was answered. With point 0 it lives.
//
//   buy_and_die buy|resume STATE URL POINT PASSED_MS
//
// "buy" makes a checkout and buys it; "resume" is the next start on the same state: it settles what
// is unfinished and prints the outcome. Time stands still except for what is slept.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fakes/store/test_state.h"
#include "faulty_disk.h"
#include "gate_world.h"
#include "net/http_client.h"

namespace cartpilot::purchase {
namespace {

class Point {
 public:
  explicit Point(int fatal) : fatal_(fatal) {}
  void reach() {
    if (++reached_ == fatal_) ::kill(::getpid(), SIGKILL);
  }

 private:
  const int fatal_;
  int reached_ = 0;
};

class DyingTransport final : public HttpTransport {
 public:
  DyingTransport(HttpTransport& real, Point& point) : real_(real), point_(point) {}
  void send(const HttpRequest& request, HttpSink& sink, const CallContext& context) override {
    point_.reach();
    real_.send(request, sink, context);
    point_.reach();
  }

 private:
  HttpTransport& real_;
  Point& point_;
};

int run(bool resume, const char* state, const char* url, int fatal, std::int64_t passed_ms) {
  Point point(fatal);
  FaultyDisk disk;
  disk.watch([&] { point.reach(); });
  FakeClock clock;
  clock.passed_ms = passed_ms;
  net::HttpClient http{net::HttpClientOptions{}};
  DyingTransport transport(http, point);
  commerce::ClientOptions options;
  options.base_url = url;
  options.api_key = "test-key";
  const commerce::CartPilotClient client(options, transport);
  commerce::CartPilotTools tools(client);
  store::StateDb db(store::open_test_state(state));
  PurchaseJournal journal(db, [&] { return clock.unix_ms(); });
  Questions questions(db, [&] { return clock.unix_ms(); });
  ScriptedPerson person;
  EventLog events;
  const CallContext context;
  PurchaseGate gate(client, journal, parse_policy("ask", ""), questions, person, events,
                    "session-1", clock.gate_clock());
  gate.begin_turn();
  for (const PurchaseReport& report : gate.reconcile(context)) {
    std::printf("%d\n", static_cast<int>(report.end));
  }
  if (resume) return 0;
  const Json item = {{"product_id", "headphones"}, {"quantity", 1}};
  const auto write = [&](const char* function, Json arguments) {
    ToolCall call{"1", function, std::move(arguments), "", nullptr};
    if (gate.before_write(call)) return Json();
    const ToolOutcome outcome = tools.call(call.name, call.arguments, context);
    gate.after_write(call, outcome);
    return outcome.content;
  };
  const Json checkout =
      write("create_checkout", Json{{"offer_id", "offer-a"}, {"items", Json::array({item})}});
  const Json id = {{"checkout_id", checkout["id"]}};
  Json quote = id;
  quote["items"] = Json::array({item});
  write("quote_checkout", quote);
  write("request_approval", id);
  gate.run_money({"2", "approve_checkout", id, "", nullptr}, context);
  const ToolOutcome outcome = gate.run_money({"3", "confirm_checkout", id, "", nullptr}, context);
  std::printf("%d\n", outcome.ok ? 0 : 1);
  return 0;
}

}  // namespace
}  // namespace cartpilot::purchase

int main(int count, char** arguments) {
  if (count != 6) return 2;
  try {
    return cartpilot::purchase::run(std::strcmp(arguments[1], "resume") == 0, arguments[2],
                                    arguments[3], std::atoi(arguments[4]),
                                    std::atoll(arguments[5]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
