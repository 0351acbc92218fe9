// The load measurement of `cartpilot serve`: many people at once, a fake vendor, a bare relay
// beside it. Run through scripts/load-serve; docs/performance.md says what is measured.
//
// Exits 1 when there was an error or a budget is exceeded, 2 for wrong arguments, 130 after Ctrl-C.
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <stdexcept>
#include <thread>

#include "fake_vendor.h"
#include "relay.h"
#include "report.h"

namespace cartpilot::load {
namespace {

/// Rates that are tried when the machine does not give the wanted one.
constexpr double kRates[] = {150, 100, 50, 25};
constexpr double kTrialSeconds = 10;
/// A person has at most four answers at once; each takes a second and a bit.
constexpr double kMaxRateOfPerson = 2.5;
constexpr int kMaxConversationsOfPerson = 40;
constexpr rlim_t kFilesOfConversation = 8;
constexpr rlim_t kFilesBeside = 512;

class Home {
 public:
  Home() {
    std::string name = (std::filesystem::temp_directory_path() / "cartpilot-load-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~Home() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Options {
  Plan plan{1000, 100, 200, 60};
  bool quick = false;
  bool json = false;
  bool untimed = false;
  int cut_every = 0;
  Setup setup{};
  int relay_of = 0;  ///< the port of the vendor, to be the relay
  bool vendor = false;
};

[[noreturn]] void serve_forever(Loop& loop, int port) {
  fmt::print("port {}\n", port);
  std::fflush(stdout);
  loop.run_forever();
}

void check(const Plan& plan) {
  const auto refuse = [](const std::string& why) { throw std::invalid_argument(why); };
  if (plan.rate * 2 > plan.conversations) {
    refuse(
        fmt::format("{} turns a second need at least {:.0f} conversations: each answer takes a "
                    "second",
                    plan.rate, plan.rate * 2));
  }
  if (plan.rate > kMaxRateOfPerson * plan.people) {
    refuse(
        fmt::format("{} turns a second need at least {:.0f} people: each has four answers at "
                    "once",
                    plan.rate, plan.rate / kMaxRateOfPerson + 0.5));
  }
  if (plan.conversations > kMaxConversationsOfPerson * plan.people) {
    refuse(fmt::format("a person may open {} conversations at once; add --people",
                       kMaxConversationsOfPerson));
  }
}

/// Programs that are started have the limit as well.
void raise_file_limit(const Plan& plan) {
  const rlim_t needed =
      kFilesOfConversation * static_cast<rlim_t>(plan.conversations) + kFilesBeside;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= needed) return;
  if (limit.rlim_max < needed) {
    throw std::runtime_error(fmt::format(
        "{} open files are needed, and at most {} are allowed; raise the hard limit (ulimit -Hn) "
        "or take fewer --conversations",
        needed, limit.rlim_max));
  }
  limit.rlim_cur = needed;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void say(const std::string& line) { fmt::print(stderr, "{}\n", line); }

/// The highest rate, from the wanted one downwards, that the machine gives.
double find_rate(const Setup& setup, const Plan& wanted, std::vector<Result>& trials) {
  std::vector<double> rates = {wanted.rate};
  for (const double rate : kRates) {
    if (rate < wanted.rate) rates.push_back(rate);
  }
  for (const double rate : rates) {
    if (rate == rates.back()) return rate;
    Plan plan = wanted;
    plan.rate = rate;
    plan.seconds = std::min(kTrialSeconds, wanted.seconds / 2);
    trials.push_back(run_serve(setup, plan));
    const bool full = machine_is_full(trials.back());
    say(fmt::format("trial: {} turns a second, {} errors, {:.0f}% idle: {}", rate,
                    trials.back().measured.error_count(), trials.back().idle * 100,
                    full ? "too many for this machine" : "measured in full now"));
    if (!full) return rate;
  }
  return rates.back();
}

/// It is there for comparison only: whatever it does, the others were measured.
std::optional<Result> try_gateway(const Setup& setup, const Plan& plan) {
  try {
    auto result = run_gateway(setup, plan);
    if (!result) say("left out: not installed (scripts/mcp-conformance --install)");
    return result;
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception& error) {
    say(fmt::format("left out: {}", error.what()));
    return std::nullopt;
  }
}

int measure(Options options) {
  check(options.plan);
  raise_file_limit(options.plan);
  const Home home;
  Setup& setup = options.setup;
  setup.home = home.path();
  Program vendor({setup.self, "--vendor", "--cut-every", std::to_string(options.cut_every)},
                 {"HOME=" + setup.home.string()}, setup.home / "vendor");
  setup.vendor_port = vendor.wait_for_port("port ");
  Report report;
  report.timed = !options.untimed;
  report.wanted_rate = options.plan.rate;
  options.plan.rate = find_rate(setup, options.plan, report.trials);
  say("the relay");
  report.relay = run_relay(setup, options.plan);
  say("cartpilot serve");
  report.serve = run_serve(setup, options.plan);
  say("@portkey-ai/gateway");
  report.gateway = try_gateway(setup, options.plan);
  if (options.json) {
    fmt::print("{}\n", dump_json(json_of(report)));
  } else {
    print(report);
  }
  return report.pass() ? 0 : 1;
}

int run(int argc, char** argv) {
  Options options;
  Setup& setup = options.setup;
  setup.self = std::filesystem::canonical("/proc/self/exe");
  setup.program = setup.self.parent_path() / "cartpilot";
  CLI::App app("Many people at once before cartpilot serve");
  Plan& plan = options.plan;
  app.add_option("--conversations", plan.conversations)->check(CLI::Range(1, 10'000));
  app.add_option("--people", plan.people)->check(CLI::Range(1, 5'000));
  app.add_option("--rate", plan.rate, "turns a second")->check(CLI::Range(0.1, 1'000.0));
  app.add_option("--seconds", plan.seconds)->check(CLI::Range(1.0, 600.0));
  app.add_flag("--quick", options.quick, "10 s");
  app.add_flag("--json", options.json);
  app.add_flag("--untimed", options.untimed, "judge errors only");
  app.add_option("--cut-every", options.cut_every, "the vendor cuts every Nth answer")
      ->check(CLI::Range(0, 1'000'000));
  app.add_option("--program", setup.program, "the cartpilot to measure");
  app.add_option("--js", setup.js, "where scripts/mcp-conformance installed");
  app.add_flag("--vendor", options.vendor)->group("");
  app.add_option("--relay", options.relay_of)->group("");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (options.quick) plan.seconds = 10;
  Loop loop;
  if (options.vendor) {
    const FakeVendor vendor(loop, options.cut_every);
    serve_forever(loop, vendor.port());
  }
  if (options.relay_of > 0) {
    const BareRelay relay(loop, options.relay_of);
    serve_forever(loop, relay.port());
  }
  catch_interrupts();
  return measure(std::move(options));
}

}  // namespace
}  // namespace cartpilot::load

int main(int argc, char** argv) {
  try {
    return cartpilot::load::run(argc, argv);
  } catch (const cartpilot::load::Interrupted&) {
    return 130;
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "load-serve: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "load-serve: {}\n", error.what());
    return 1;
  }
}
