#include "report.h"

#include <fmt/format.h>

#include <cstdio>

#include "../quantile.h"

namespace cartpilot::load {
namespace {

using bench::quantile;

constexpr double kMegabyte = 1e6;
constexpr std::size_t kShownErrors = 10;

std::string two(const std::vector<double>& values) {
  return fmt::format("{:.1f} / {:.1f}", quantile(values, 0.5), quantile(values, 0.99));
}

void print_row(const Result& result) {
  const Measured& measured = result.measured;
  fmt::print(
      "{:<20} {:>6} {:>6} {:>15} {:>16} {:>17} {:>6.1f} {:>8.2f} {:>5.0f}% {:>8.1f} {:>7} {:>6}\n",
      result.name, measured.turns, measured.error_count(), two(measured.accepted),
      two(measured.first), two(measured.last), quantile(measured.late, 0.99),
      result.processor_ms_per_turn(), result.idle * 100,
      static_cast<double>(result.after.peak_memory) / kMegabyte, result.after.threads,
      result.after.files);
  std::size_t shown = 0;
  for (const auto& [what, count] : measured.errors) {
    if (shown++ == kShownErrors) break;
    fmt::print("    {} x {}\n", count, what);
  }
  if (measured.errors.size() > kShownErrors) {
    fmt::print("    and {} other kinds of errors\n", measured.errors.size() - kShownErrors);
  }
}

void print_verdict(bool pass, const std::string& text) {
  fmt::print("{}  {}\n", pass ? "pass" : "OVER", text);
}

double ratio(double ours, double theirs) { return theirs > 0 ? ours / theirs : 0; }

void print_gateway(const Report& report) {
  if (!report.gateway) {
    fmt::print("@portkey-ai/gateway: left out\n");
    return;
  }
  const Result& gateway = *report.gateway;
  if (gateway.measured.error_count() > 0) {
    fmt::print("@portkey-ai/gateway: not compared, it had errors\n");
    return;
  }
  const auto first = [](const Result& result, double share) {
    return quantile(result.measured.first, share);
  };
  fmt::print(
      "serve over @portkey-ai/gateway: first event p50 {:.2f} x, p99 {:.2f} x; processor time of a "
      "turn {:.2f} x; peak memory {:.2f} x\n",
      ratio(first(report.serve, 0.5), first(gateway, 0.5)),
      ratio(first(report.serve, 0.99), first(gateway, 0.99)),
      ratio(report.serve.processor_ms_per_turn(), gateway.processor_ms_per_turn()),
      ratio(static_cast<double>(report.serve.after.peak_memory),
            static_cast<double>(gateway.after.peak_memory)));
}

Json pair_of(const std::vector<double>& values) {
  return {{"p50", quantile(values, 0.5)}, {"p99", quantile(values, 0.99)}};
}

Json row_of(const Result& result) {
  const Measured& measured = result.measured;
  Json errors = Json::object();
  for (const auto& [what, count] : measured.errors) errors[what] = count;
  return {{"name", result.name},
          {"turns_per_second", result.plan.rate},
          {"turns", measured.turns},
          {"errors", std::move(errors)},
          {"accepted_ms", pair_of(measured.accepted)},
          {"first_event_ms", pair_of(measured.first)},
          {"first_event_later_turns_ms", pair_of(measured.first_later)},
          {"end_ms", pair_of(measured.last)},
          {"generator_late_ms", pair_of(measured.late)},
          {"processor_ms_per_turn", result.processor_ms_per_turn()},
          {"idle_share", result.idle},
          {"memory_before", result.before.memory},
          {"memory_open", result.open.memory},
          {"memory_peak", result.after.peak_memory},
          {"threads_open", result.open.threads},
          {"threads", result.after.threads},
          {"files", result.after.files},
          {"exit_code", result.exit_code}};
}

}  // namespace

double Report::added(double share) const {
  return quantile(serve.measured.first, share) - quantile(relay.measured.first, share);
}

bool Report::without_errors() const {
  return serve.measured.error_count() == 0 && relay.measured.error_count() == 0 &&
         serve.measured.turns > 0 && serve.exit_code == 0;
}

bool Report::pass() const {
  if (!without_errors()) return false;
  return !timed ||
         (added(0.99) <= kMaxAddedMs && serve.kilobytes_per_conversation() <= kMaxKilobytes);
}

void print(const Report& report) {
  const Plan& plan = report.serve.plan;
  fmt::print(
      "{} conversations of {} people, {} turns a second for {} s; times in ms, p50 / p99\n\n"
      "{:<20} {:>6} {:>6} {:>15} {:>16} {:>17} {:>6} {:>8} {:>6} {:>8} {:>7} {:>6}\n",
      plan.conversations, plan.people, plan.rate, plan.seconds, "", "turns", "errors", "accepted",
      "first event", "end", "late", "CPU/turn", "idle", "peak MB", "threads", "files");
  print_row(report.relay);
  print_row(report.serve);
  if (report.gateway) print_row(*report.gateway);
  fmt::print(
      "\nadded latency of the first event (serve less relay, percentile by percentile): p50 {:.1f} "
      "ms, p99 {:.1f} ms\n",
      report.added(0.5), report.added(0.99));
  fmt::print("first event of serve without the first turn of each conversation: {}\n",
             two(report.serve.measured.first_later));
  fmt::print("memory of serve: {:.1f} MB before, {:.1f} MB with all open, {:.1f} MB at most\n",
             static_cast<double>(report.serve.before.memory) / kMegabyte,
             static_cast<double>(report.serve.open.memory) / kMegabyte,
             static_cast<double>(report.serve.after.peak_memory) / kMegabyte);
  print_gateway(report);
  if (plan.rate < report.wanted_rate) {
    fmt::print("{} turns a second were asked for; beside the generator the machine gives {}\n",
               report.wanted_rate, plan.rate);
  }
  fmt::print("\n");
  print_verdict(report.without_errors(),
                fmt::format("errors: {} in {} turns of serve, {} in {} of the relay; serve ended "
                            "with code {}",
                            report.serve.measured.error_count(), report.serve.measured.turns,
                            report.relay.measured.error_count(), report.relay.measured.turns,
                            report.serve.exit_code));
  const double added = report.added(0.99);
  const double kilobytes = report.serve.kilobytes_per_conversation();
  if (!report.timed) {
    fmt::print("times and memory are not judged (--untimed)\n");
    return;
  }
  print_verdict(added <= kMaxAddedMs,
                fmt::format("added latency of the first event, p99: {:.1f} ms, at most {} ms",
                            added, kMaxAddedMs));
  print_verdict(
      kilobytes <= kMaxKilobytes,
      fmt::format("memory: {:.0f} kB a conversation, at most {} kB", kilobytes, kMaxKilobytes));
}

Json json_of(const Report& report) {
  Json trials = Json::array();
  for (const Result& trial : report.trials) {
    Json row = row_of(trial);
    row["machine_full"] = machine_is_full(trial);
    trials.push_back(std::move(row));
  }
  Json json = {{"conversations", report.serve.plan.conversations},
               {"people", report.serve.plan.people},
               {"seconds", report.serve.plan.seconds},
               {"wanted_turns_per_second", report.wanted_rate},
               {"trials", std::move(trials)},
               {"relay", row_of(report.relay)},
               {"serve", row_of(report.serve)},
               {"gateway", report.gateway ? row_of(*report.gateway) : Json(nullptr)},
               {"added_first_event_ms", {{"p50", report.added(0.5)}, {"p99", report.added(0.99)}}},
               {"kilobytes_per_conversation", report.serve.kilobytes_per_conversation()},
               {"pass", report.pass()}};
  return json;
}

}  // namespace cartpilot::load
