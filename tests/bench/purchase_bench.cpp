// What the purchase gate costs: its own time and its syncs per purchase, without the person and
// without the network.
//
//   purchase_bench [--purchases N] [--json]
//
// Buys N times (default 400) from a CartPilot in this process, with the record on the real disk.
// Time inside CartPilot and inside the question is left out. Exits 1 when the 99th percentile is
// over 5 ms, a purchase takes more than 8 syncs, or a collector of telemetry that hangs adds more
// than a millisecond.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "faulty_disk.h"
#include "gate_world.h"
#include "telemetry/exporter.h"
#include "unit/purchase/temporary_folder.h"

namespace cartpilot::purchase {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kBudgetMs = 5.0;
constexpr int kBudgetSyncs = 8;
constexpr double kCollectorBudgetMs = 1.0;

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

/// Passes requests on and adds up the time that is not the gate's.
class TimedTransport final : public HttpTransport {
 public:
  explicit TimedTransport(HttpTransport& real) : real_(real) {}
  void send(const HttpRequest& request, HttpSink& sink, const CallContext& context) override {
    const auto begin = Clock::now();
    real_.send(request, sink, context);
    elsewhere += Clock::now() - begin;
  }
  Clock::duration elsewhere{};

 private:
  HttpTransport& real_;
};

/// Takes requests and never answers, until the program ends.
class StuckCollector final : public HttpTransport {
 public:
  void send(const HttpRequest&, HttpSink&, const CallContext& context) override {
    while (!context.cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    throw Error(ErrorCode::kCancelled, "no answer");
  }
};

double percentile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

/// The disk's own limit: a small append and its sync.
double median_sync(const std::filesystem::path& folder) {
  const int file = ::open((folder / "sync").c_str(), O_WRONLY | O_CREAT, 0600);
  std::vector<double> times;
  for (int i = 0; i < 50; ++i) {
    const auto begin = Clock::now();
    if (::write(file, "0123456789abcdef", 16) != 16 || ::fdatasync(file) != 0) return 0;
    times.push_back(milliseconds(Clock::now() - begin));
  }
  ::close(file);
  return percentile(times, 0.5);
}

/// Milliseconds that the spans of one purchase take (twenty of ten attributes, and two counts)
/// while the collector hangs and the queue is full. Nothing else of telemetry happens on that
/// thread.
double stuck_collector_costs() {
  StuckCollector stuck;
  telemetry::TelemetrySettings settings;
  settings.traces_url = settings.metrics_url = "http://localhost:4318";
  telemetry::Exporter exporter(settings, stuck, {});
  telemetry::set_sink(&exporter);
  std::vector<double> times;
  for (int i = 0; i < 400; ++i) {
    const auto begin = Clock::now();
    for (int span = 0; span < 20; ++span) {
      telemetry::Span one("POST /checkouts/{id}/confirm", telemetry::SpanKind::kClient);
      for (int n = 0; n < 10; ++n) one.set("http.response.status_code", "a text of some length");
    }
    telemetry::count("cartpilot.questions", "cartpilot.answer", "approved");
    telemetry::count("cartpilot.purchases", "cartpilot.outcome", "done");
    times.push_back(milliseconds(Clock::now() - begin));
  }
  telemetry::set_sink(nullptr);
  return percentile(times, 0.5);
}

int run(int purchases, bool json) {
  const TemporaryFolder folder;
  const double sync = median_sync(folder.path());
  const FaultyDisk disk;
  PurchasePolicy policy = parse_policy("up-to:10000:USD", "merchant-a");
  policy.allow_repeat = 2 * purchases;  // the same basket each time
  policy.limits.session = policy.limits.day = {INT64_MAX, "USD"};
  GateWorld world(policy, folder.path() / "state.db");
  TimedTransport transport(world.server);
  const commerce::CartPilotClient client(world.client.options(), transport);
  PurchaseGate gate(client, world.journal, policy, world.questions, world.person, world.events,
                    "session-1");
  int most_syncs = 0;
  std::vector<double> times;
  for (int i = 0; i < purchases; ++i) {
    gate.begin_turn();
    world.gate->begin_turn();
    const std::string id = world.prepare();
    world.server.checkout(id)["expires_at"] = "2099-01-01T00:00:00Z";
    const Json argument = {{"checkout_id", id}};
    transport.elsewhere = {};
    const int syncs = disk.syncs();
    const auto begin = Clock::now();
    gate.run_money({"1", "approve_checkout", argument, "", nullptr}, world.context);
    const bool bought =
        gate.run_money({"2", "confirm_checkout", argument, "", nullptr}, world.context).ok;
    const auto whole = Clock::now() - begin;
    if (!bought) {
      fmt::print(stderr, "purchase_bench: purchase {} was not made\n", i + 1);
      return 1;
    }
    times.push_back(milliseconds(whole - transport.elsewhere));
    most_syncs = std::max(most_syncs, disk.syncs() - syncs);
  }
  const double p50 = percentile(times, 0.5);
  const double p99 = percentile(times, 0.99);
  const double added = stuck_collector_costs();
  const bool good = p99 <= kBudgetMs && most_syncs <= kBudgetSyncs && added <= kCollectorBudgetMs;
  if (json) {
    fmt::print("{}\n", dump_json(Json{{"purchases", purchases},
                                      {"sync_ms", sync},
                                      {"p50_ms", p50},
                                      {"p99_ms", p99},
                                      {"stuck_collector_added_ms", added},
                                      {"most_syncs", most_syncs},
                                      {"pass", good}}));
  } else {
    fmt::print(
        "purchases {}   one sync {:.3f} ms   gate p50 {:.3f} ms   p99 {:.3f} ms (budget {})   "
        "syncs at most {} (budget {})   a collector that hangs adds {:.3f} ms (budget {})   {}\n",
        purchases, sync, p50, p99, kBudgetMs, most_syncs, kBudgetSyncs, added, kCollectorBudgetMs,
        good ? "pass" : "OVER");
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace cartpilot::purchase

int main(int count, char** words) {
  int purchases = 400;
  bool json = false;
  for (int i = 1; i < count; ++i) {
    if (std::strcmp(words[i], "--json") == 0) {
      json = true;
    } else if (std::strcmp(words[i], "--purchases") == 0 && i + 1 < count) {
      purchases = std::max(1, std::atoi(words[++i]));
    } else {
      fmt::print(stderr, "usage: purchase_bench [--purchases N] [--json]\n");
      return 2;
    }
  }
  try {
    return cartpilot::purchase::run(purchases, json);
  } catch (const std::exception& error) {
    fmt::print(stderr, "purchase_bench: {}\n", error.what());
    return 1;
  }
}
