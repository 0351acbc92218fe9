// purchase_torture: thousands of purchases in which something goes wrong, and what came of them.
//
// Exits 1 when anything was bought that nobody agreed to, anything twice, or anything was lost; 2
// for wrong arguments. docs/torture.md says what the lines mean.
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <thread>

#include "cartpilot/error.h"
#include "torture/mcp_run.h"
#include "torture/run.h"

namespace cartpilot::torture {
namespace {

struct Order {
  std::uint64_t runs = 1000;
  std::uint64_t kill_runs = 0;
  std::uint64_t company_runs = 0;
  std::uint64_t intermediary_runs = 0;
  std::uint64_t rules_runs = 0;
  std::uint64_t mcp_runs = 0;
  std::uint64_t seed = 1;
  int jobs = 2;
  int program_share = 30;  ///< of a thousand
  std::string replay;
  std::string folder;
  KillHorizon horizon;
  std::int64_t mcp_purchase_us = 0;  ///< how long one takes through MCP, when asked for
};

/// Sums over many runs, as a list of numbers so that processes can pass them on.
struct Totals {
  std::map<std::string, std::int64_t> counts;

  void add(const Run& run, const RunPlan& plan) {
    add(run.verdict);
    counts["kills"] += run.kills;
    if (plan.kill_at > 0 && run.kills > 0) ++counts["killed runs"];
    if (plan.whole_program) ++counts["whole program"];
    if (!plan.scripts.empty()) ++counts["company runs"];
    if (!plan.rules.empty()) ++counts["runs with rules"];
    counts["allowed by rules"] += run.verdict.allowed_by_rules;
    counts["struck"] += static_cast<std::int64_t>(run.struck.size());
    for (const ProgramRun& program_run : run.records.program_runs) {
      counts["questions"] += static_cast<std::int64_t>(program_run.questions.size());
    }
  }
  void add(const McpRun& run) {
    add(run.verdict);
    ++counts["mcp runs"];
    if (run.died) ++counts["dead clients"];
    counts["questions"] += static_cast<std::int64_t>(run.questions.size());
  }
  void add(const Verdict& verdict) {
    ++counts["runs"];
    counts["unapproved"] += verdict.unapproved;
    counts["duplicate"] += verdict.duplicate;
    counts["lost"] += verdict.lost;
    counts["false bought"] += verdict.false_bought;
    counts["false not bought"] += verdict.false_not_bought;
    if (verdict.unknown > 0) ++counts["unknown"];
    counts["avoidable unknown"] += verdict.avoidable_unknown;
    counts["bought"] += verdict.bought;
    counts["told otherwise"] += verdict.told_otherwise;
    counts["overcharged"] += verdict.overcharged;
    counts["misbehaved"] += verdict.misbehaved;
  }
  std::int64_t at(const char* name) const {
    const auto found = counts.find(name);
    return found == counts.end() ? 0 : found->second;
  }
  bool good() const {
    for (const char* name : {"unapproved", "duplicate", "lost", "false bought", "false not bought",
                             "avoidable unknown", "misbehaved"}) {
      if (at(name) != 0) return false;
    }
    return true;
  }
};

/// In /dev/shm when there is one: what is tested is killing, not the disk.
std::string scratch_folder() {
  const bool shared_memory = ::access("/dev/shm", W_OK) == 0;
  std::string name = std::string(shared_memory ? "/dev/shm" : "/tmp") + "/cartpilot-torture-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
  return name;
}

void report(const std::string& plan, const Verdict& verdict) {
  std::string text = "VIOLATION " + plan + "\n";
  for (const std::string& finding : verdict.findings) text += "  => " + finding + "\n";
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

/// One of `jobs` processes: every seed that is its own.
Totals work(const Order& order, int job) {
  const std::string folder = fmt::format("{}/job-{}", order.folder, job);
  std::filesystem::create_directories(folder);
  Theatre theatre(folder);
  Totals totals;
  const auto mine = [&](std::uint64_t index) {
    return index % static_cast<std::uint64_t>(order.jobs) == static_cast<std::uint64_t>(job);
  };
  const auto play = [&](const RunPlan& plan) {
    const Run run = theatre.play(plan);
    totals.add(run, plan);
    if (!run.verdict.good()) report(describe(plan), run.verdict);
    return run.kills > 0;
  };
  for (std::uint64_t i = 0; i < order.runs; ++i) {
    if (mine(i)) play(cast_scene(order.seed + i, false, order.horizon, order.program_share));
  }
  for (std::uint64_t i = 0; i < order.company_runs; ++i) {
    if (mine(i)) play(cast_company(order.seed + i, order.horizon, order.program_share));
  }
  for (std::uint64_t i = 0; i < order.intermediary_runs; ++i) {
    if (mine(i)) play(cast_intermediary(order.seed + i, order.horizon, order.program_share));
  }
  for (std::uint64_t i = 0; i < order.rules_runs; ++i) {
    if (mine(i)) play(cast_rules(order.seed + i, order.horizon, order.program_share));
  }
  // A run that ends before its kill point does not count as killed; more are played instead.
  std::uint64_t wanted = 0;
  for (std::uint64_t i = 0; i < order.kill_runs; ++i) wanted += mine(i) ? 1 : 0;
  for (std::uint64_t i = 0; wanted > 0 && i < 10 * order.kill_runs; ++i) {
    if (!mine(i)) continue;
    if (play(cast_scene(order.seed + i, true, order.horizon, order.program_share))) --wanted;
  }
  for (std::uint64_t i = 0; i < order.mcp_runs; ++i) {
    if (!mine(i)) continue;
    const McpPlan plan = cast_mcp(order.seed + i, order.mcp_purchase_us);
    const McpRun run = theatre.play(plan);
    totals.add(run);
    if (!run.verdict.good()) report(describe(plan), run.verdict);
  }
  std::filesystem::remove_all(folder);
  return totals;
}

/// Runs `work` in a process of its own; its totals come back as JSON on a pipe.
struct Job {
  pid_t child = -1;
  int totals = -1;
};

Job start(const Order& order, int job) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    int code = 0;
    try {
      const std::string text = dump_json(Json(work(order, job).counts));
      if (::write(ends[1], text.data(), text.size()) < 0) code = 1;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "purchase_torture: %s\n", error.what());
      code = 1;
    }
    ::_exit(code);
  }
  ::close(ends[1]);
  return {child, ends[0]};
}

bool finish(const Job& job, Totals& totals) {
  std::string text;
  char block[4096];
  for (ssize_t got = 0; (got = ::read(job.totals, block, sizeof block)) > 0;) {
    text.append(block, static_cast<std::size_t>(got));
  }
  ::close(job.totals);
  int status = 0;
  ::waitpid(job.child, &status, 0);
  if (status != 0) return false;
  const Json counts = parse_json(text, "totals");
  for (const auto& [name, count] : counts.items()) {
    totals.counts[name] += count.get<std::int64_t>();
  }
  return true;
}

void print(const Totals& totals, std::chrono::duration<double> took) {
  fmt::print("runs {} / unapproved {} / duplicate {} / lost {} / unknown {}\n", totals.at("runs"),
             totals.at("unapproved"), totals.at("duplicate"), totals.at("lost"),
             totals.at("unknown"));
  fmt::print(
      "false \"bought\" {} / false \"not bought\" {} / avoidable unknown {} / misbehaved {}\n",
      totals.at("false bought"), totals.at("false not bought"), totals.at("avoidable unknown"),
      totals.at("misbehaved"));
  fmt::print(
      "killed runs {} (kills {}) / company runs {} / whole program {} / faults that struck {} / "
      "questions {} / "
      "bought {} / swapped by others and said so {} / overcharged without the person seeing it "
      "{}\n",
      totals.at("killed runs"), totals.at("kills"), totals.at("company runs"),
      totals.at("whole program"), totals.at("struck"), totals.at("questions"), totals.at("bought"),
      totals.at("told otherwise"), totals.at("overcharged"));
  if (totals.at("runs with rules") > 0) {
    fmt::print("runs with rules {} / purchases that rules allowed {}\n",
               totals.at("runs with rules"), totals.at("allowed by rules"));
  }
  if (totals.at("mcp runs") > 0) {
    fmt::print("runs through MCP {} / clients that died on the way {}\n", totals.at("mcp runs"),
               totals.at("dead clients"));
  }
  fmt::print(
      "{:.0f} s, {:.1f} ms a run\n", took.count(),
      1000 * took.count() / static_cast<double>(std::max<std::int64_t>(1, totals.at("runs"))));
}

int run_all(const Order& order) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<Job> jobs;
  for (int job = 0; job < order.jobs; ++job) jobs.push_back(start(order, job));
  Totals totals;
  bool complete = true;
  for (const Job& job : jobs) complete = finish(job, totals) && complete;
  print(totals, std::chrono::steady_clock::now() - begin);
  if (!complete) std::fputs("purchase_torture: a job ended early\n", stderr);
  const auto planned = static_cast<std::int64_t>(order.kill_runs);
  if (complete && totals.at("killed runs") < planned) {
    std::fputs("purchase_torture: too few runs met their kill point\n", stderr);
    complete = false;
  }
  return complete && totals.good() ? 0 : 1;
}

/// "17", "k17" (killed), "c17" (company), "i17" (intermediary) or "r17" (rules).
RunPlan plan_of(const Order& order) {
  const char kind = order.replay.front();
  const bool is_digit = kind >= '0' && kind <= '9';
  const std::uint64_t seed = std::stoull(order.replay.substr(is_digit ? 0 : 1));
  if (kind == 'c') return cast_company(seed, order.horizon, order.program_share);
  if (kind == 'i') return cast_intermediary(seed, order.horizon, order.program_share);
  if (kind == 'r') return cast_rules(seed, order.horizon, order.program_share);
  return cast_scene(seed, kind == 'k', order.horizon, order.program_share);
}

void print_bookings(const std::vector<Booking>& bookings) {
  for (const Booking& booking : bookings) {
    fmt::print("{} checkout {} at {} {}.{:02} {}{}\n", booking.merchant_order_id,
               booking.checkout_id, booking.merchant_id, booking.total / 100, booking.total % 100,
               booking.currency, booking.by_program ? "" : " (by another key holder)");
  }
}

int replay_mcp(const Order& order) {
  Theatre theatre(order.folder);
  const McpPlan plan = cast_mcp(std::stoull(order.replay.substr(1)), order.mcp_purchase_us);
  const McpRun run = theatre.play(plan);
  fmt::print("{}\n{}--- attempts\n{}\n--- merchants booked\n", describe(plan), run.shown,
             dump_json(run.attempts));
  print_bookings(run.bookings);
  for (const std::string& finding : run.verdict.findings) fmt::print("=> {}\n", finding);
  Totals totals;
  totals.add(run);
  print(totals, std::chrono::duration<double>(0));
  return run.verdict.good() ? 0 : 1;
}

/// One seed again, with everything that was seen.
int replay(const Order& order) {
  if (order.replay.front() == 'm') return replay_mcp(order);
  Theatre theatre(order.folder);
  const RunPlan plan = plan_of(order);
  const Run run = theatre.play(plan);
  fmt::print("{}\n", describe(plan));
  for (const ProgramRun& program_run : run.records.program_runs) {
    fmt::print("--- process: exit {}{}\n{}--- errors\n{}--- terminal\n{}\n", program_run.exit_code,
               program_run.killed ? " (killed)" : "", program_run.said, program_run.errors,
               program_run.screen);
  }
  fmt::print("--- attempts\n{}\n--- merchants booked\n", dump_json(run.records.attempts));
  print_bookings(run.records.bookings);
  for (const std::string& finding : run.verdict.findings) fmt::print("=> {}\n", finding);
  Totals totals;
  totals.add(run, plan);
  print(totals, std::chrono::duration<double>(0));
  return run.verdict.good() ? 0 : 1;
}

/// The library that kills and that bends time must be there from the start.
void load_kill_points(char** arguments) {
  const char* loaded = std::getenv("LD_PRELOAD");
  if (loaded != nullptr && std::string(loaded).find("cartpilot_kill_points") != std::string::npos) {
    return;
  }
  ::setenv("LD_PRELOAD", CARTPILOT_KILL_POINTS, 1);
  ::execv("/proc/self/exe", arguments);
  std::perror("purchase_torture: exec");
  std::exit(1);
}

int torture(int count, char** arguments) {
  Order order;
  CLI::App app("Purchases in which something goes wrong, and what came of them");
  app.add_option("--runs", order.runs, "runs without a kill");
  app.add_option("--kill-runs", order.kill_runs,
                 "runs in which the program is killed with SIGKILL");
  app.add_option("--company-runs", order.company_runs,
                 "runs with two to six programs over one state folder, on one terminal");
  app.add_option("--intermediary-runs", order.intermediary_runs,
                 "runs in which a gateway or proxy answers a confirm itself");
  app.add_option("--rules-runs", order.rules_runs,
                 "runs with a settings file that allows, asks or denies by rules");
  app.add_option("--mcp-runs", order.mcp_runs,
                 "runs through MCP with a client that dies at a random moment");
  app.add_option("--seed", order.seed, "the first seed; every run takes the next one");
  app.add_option("--jobs", order.jobs, "processes at once")->check(CLI::Range(1, 64));
  app.add_option("--program-share", order.program_share,
                 "how many of 1000 runs use the whole program")
      ->check(CLI::Range(0, 1000));
  app.add_option(
      "--replay", order.replay,
      "play one seed again and show all (k17: a killed run, c17: company, i17: intermediary, "
      "r17: rules, m17: MCP)");
  CLI11_PARSE(app, count, arguments);
  load_kill_points(arguments);
  ::signal(SIGPIPE, SIG_IGN);
  order.folder = scratch_folder();
  int code = 1;
  {
    // In a process of its own, since this one must stay free of threads.
    int ends[2];
    if (::pipe(ends) != 0) return 1;
    const pid_t child = ::fork();
    if (child == 0) {
      KillHorizon horizon;
      std::int64_t mcp_purchase_us = 0;
      try {
        Theatre theatre(order.folder);
        horizon = theatre.measure();
        if (order.mcp_runs > 0 || order.replay.starts_with('m')) {
          mcp_purchase_us = theatre.measure_mcp_purchase();
        }
      } catch (const std::exception& error) {
        std::fprintf(stderr, "purchase_torture: %s\n", error.what());
        ::_exit(1);
      }
      if (::write(ends[1], &horizon, sizeof horizon) < 0 ||
          ::write(ends[1], &mcp_purchase_us, sizeof mcp_purchase_us) < 0) {
        ::_exit(1);
      }
      ::_exit(0);
    }
    ::close(ends[1]);
    if (::read(ends[0], &order.horizon, sizeof order.horizon) != sizeof order.horizon ||
        ::read(ends[0], &order.mcp_purchase_us, sizeof order.mcp_purchase_us) !=
            sizeof order.mcp_purchase_us ||
        order.horizon.purchase < 10 || order.horizon.restart < 10) {
      std::fputs("purchase_torture: no purchase works here at all\n", stderr);
      return 1;
    }
    ::waitpid(child, nullptr, 0);
    fmt::print("seeds from {}; kill points: {} in a purchase, {} after a restart\n", order.seed,
               order.horizon.purchase, order.horizon.restart);
  }
  code = order.replay.empty() ? run_all(order) : replay(order);
  std::error_code ignored;
  std::filesystem::remove_all(order.folder, ignored);
  return code;
}

}  // namespace
}  // namespace cartpilot::torture

int main(int count, char** arguments) {
  try {
    return cartpilot::torture::torture(count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "purchase_torture: %s\n", error.what());
    return 1;
  }
}
