#include "torture/run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>
#include <stdexcept>

#include "torture/rule_files.h"

namespace cartpilot::torture {
namespace {

std::string with_foreign(std::string text, const std::string& id) {
  for (std::size_t at = 0; (at = text.find("FOREIGN")) != std::string::npos;) {
    text.replace(at, 7, id);
  }
  return text;
}

/// A second process would have nothing to settle and nothing to do.
bool nothing_left(const RunPlan& plan, const ProgramRun& first) {
  // What the last of several programs listed is not what the others left.
  if (!plan.scripts.empty()) return false;
  if (first.killed || plan.second_script != "silent" || !first.attempts.is_array()) return false;
  return std::all_of(first.attempts.begin(), first.attempts.end(), [](const Json& attempt) {
    const std::string state = string_or(attempt, "state");
    return state == "done" || state == "void";
  });
}

/// The program does not know yet how a purchase ended; also when it was killed before it could say.
bool has_open(const ProgramRun& last) {
  if (last.killed || !last.attempts.is_array()) return true;
  return std::any_of(last.attempts.begin(), last.attempts.end(), [](const Json& attempt) {
    const std::string state = string_or(attempt, "state");
    return state == "unknown" || state == "confirm_sent";
  });
}

/// The settings file of the programs, which nobody else can write.
void write_rules(const Place& place, const RuleFile& rules) {
  const std::filesystem::path folder = place.folder + "/config/cartpilot";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "config.toml") << rules.text;
  ::chmod((folder / "config.toml").c_str(), 0600);
}

}  // namespace

Theatre::Theatre(const std::string& folder) : folder_(folder), page_file_(folder + "/page") {
  const int file = ::open(page_file_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0 || ::ftruncate(file, sizeof(SharedPage)) != 0) throw std::runtime_error(page_file_);
  void* page = ::mmap(nullptr, sizeof(SharedPage), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  if (page == MAP_FAILED) throw std::runtime_error(page_file_);
  page_ = new (page) SharedPage;
  FaultCartPilot::Options options;
  options.warp = [page = page_] { return page->warp_ns.load(); };
  options.wait = [page = page_](std::int64_t nanoseconds) { page->warp_ns += nanoseconds; };
  server_ = std::make_unique<FaultCartPilot>(options);
}

Theatre::~Theatre() {
  server_.reset();
  ::munmap(page_, sizeof(SharedPage));
}

/// A new home, and time as it is.
Place Theatre::clear_stage() {
  Place place;
  place.folder = folder_ + "/home";
  std::filesystem::remove_all(place.folder);
  std::filesystem::create_directories(place.folder);
  place.page_file = page_file_;
  place.page = page_;
  place.api_key = server_->api_key();
  place.api_url = server_->url();
  page_->warp_ns = 0;
  page_->kill_at = 0;
  return place;
}

Run Theatre::play(const RunPlan& plan) {
  Run run;
  Place place = clear_stage();
  std::vector<Fault> faults = plan.faults;
  server_->begin({});
  if (plan.needs_foreign) {
    place.foreign = server_->foreign_checkout();
    for (Fault& fault : faults) {
      if (fault.detail.contains("text")) {
        fault.detail["text"] = with_foreign(string_or(fault.detail, "text"), place.foreign);
      }
    }
  }
  server_->plan(std::move(faults));
  if (const RuleFile* rules = rule_file(plan.rules)) write_rules(place, *rules);

  const auto act = [&](const std::string& script, Behaviour person, std::int64_t kill_at) {
    run.records.program_runs.push_back(perform(plan, place, script, person, kill_at));
    server_->settle();
    const bool killed = run.records.program_runs.back().killed;
    if (killed) ++run.kills;
    return killed;
  };
  if (plan.scripts.empty()) {
    act(plan.script, plan.person, plan.kill_at);
  } else {
    for (ProgramRun& one : perform_together(plan, place, plan.person, plan.kill_at)) {
      if (one.killed) ++run.kills;
      run.records.program_runs.push_back(std::move(one));
    }
    server_->settle();
  }
  run.struck = server_->struck();
  server_->heal();
  if (nothing_left(plan, run.records.program_runs.back())) {
    judge_run(plan, place, run);
    return run;
  }
  act(plan.second_script, plan.second_person, plan.second_kill_at);
  // A start looks for about 20 s and goes on at the next one. Who was killed could not look.
  for (int more = run.kills; more > 0 && has_open(run.records.program_runs.back()); --more) {
    act("silent", plan.second_person, 0);
  }
  judge_run(plan, place, run);
  return run;
}

void Theatre::judge_run(const RunPlan& plan, const Place& place, Run& run) {
  Records& records = run.records;
  records.attempts = records.program_runs.back().attempts;
  // Of a company others may have gone on after the last one listed them.
  if (!records.attempts.is_array() || !plan.scripts.empty()) {
    records.attempts = attempts_in(plan, place);
  }
  records.bookings = server_->bookings();
  records.api_key = place.api_key;
  const auto real = std::chrono::system_clock::now().time_since_epoch();
  records.now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(real).count() +
                   page_->warp_ns.load() / 1'000'000;
  for (const Json& attempt : records.attempts) {
    const std::string id = string_or(attempt, "checkout_id");
    records.shown[id] = server_->shown(id);
    records.confirms[id] = server_->confirms_of(id);
  }
  run.verdict = judge(plan, records);
}

McpRun Theatre::play(const McpPlan& plan) { return play_mcp(plan, clear_stage(), *server_); }

std::int64_t Theatre::measure_mcp_purchase() { return measure_mcp(clear_stage(), *server_); }

KillHorizon Theatre::measure() {
  RunPlan plan;
  const Place place = clear_stage();
  server_->begin({});
  KillHorizon horizon;
  perform(plan, place, "honest", Behaviour::kTypesTotal, 0);
  horizon.purchase = page_->points.load();
  perform(plan, place, "quick", Behaviour::kTypesTotal, 0);
  horizon.restart = page_->points.load();
  return horizon;
}

}  // namespace cartpilot::torture
