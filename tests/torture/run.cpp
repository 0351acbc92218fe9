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
#include <new>
#include <stdexcept>

namespace cartpilot::torture {
namespace {

std::string with_foreign(std::string text, const std::string& id) {
  for (std::size_t at = 0; (at = text.find("FOREIGN")) != std::string::npos;) {
    text.replace(at, 7, id);
  }
  return text;
}

/// A second process would have nothing to settle and nothing to do.
bool nothing_left(const Scene& scene, const Performance& first) {
  if (first.killed || scene.second_script != "silent" || !first.attempts.is_array()) return false;
  return std::all_of(first.attempts.begin(), first.attempts.end(), [](const Json& attempt) {
    const std::string state = string_or(attempt, "state");
    return state == "done" || state == "void";
  });
}

/// The program does not know yet how a purchase ended; also when it was killed before it could say.
bool has_open(const Performance& last) {
  if (last.killed || !last.attempts.is_array()) return true;
  return std::any_of(last.attempts.begin(), last.attempts.end(), [](const Json& attempt) {
    const std::string state = string_or(attempt, "state");
    return state == "unknown" || state == "confirm_sent";
  });
}

}  // namespace

Theatre::Theatre(const std::string& folder) : folder_(folder), stage_file_(folder + "/stage") {
  const int file = ::open(stage_file_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0 || ::ftruncate(file, sizeof(Stage)) != 0) throw std::runtime_error(stage_file_);
  void* page = ::mmap(nullptr, sizeof(Stage), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  if (page == MAP_FAILED) throw std::runtime_error(stage_file_);
  stage_ = new (page) Stage;
  FaultCartPilot::Options options;
  options.warp = [stage = stage_] { return stage->warp_ns.load(); };
  options.wait = [stage = stage_](std::int64_t nanoseconds) { stage->warp_ns += nanoseconds; };
  server_ = std::make_unique<FaultCartPilot>(options);
}

Theatre::~Theatre() {
  server_.reset();
  ::munmap(stage_, sizeof(Stage));
}

/// A new home, and time as it is.
Place Theatre::clear_stage() {
  Place place;
  place.folder = folder_ + "/home";
  std::filesystem::remove_all(place.folder);
  std::filesystem::create_directories(place.folder);
  place.stage_file = stage_file_;
  place.stage = stage_;
  place.api_key = server_->api_key();
  place.api_url = server_->url();
  stage_->warp_ns = 0;
  stage_->kill_at = 0;
  return place;
}

Run Theatre::play(const Scene& scene) {
  Run run;
  Place place = clear_stage();
  std::vector<Fault> faults = scene.faults;
  server_->begin({});
  if (scene.needs_foreign) {
    place.foreign = server_->foreign_checkout();
    for (Fault& fault : faults) {
      if (fault.detail.contains("text")) {
        fault.detail["text"] = with_foreign(string_or(fault.detail, "text"), place.foreign);
      }
    }
  }
  server_->plan(std::move(faults));

  const auto act = [&](const std::string& script, Behaviour person, std::int64_t kill_at) {
    run.records.performances.push_back(perform(scene, place, script, person, kill_at));
    server_->settle();
    const bool killed = run.records.performances.back().killed;
    if (killed) ++run.kills;
    return killed;
  };
  act(scene.script, scene.person, scene.kill_at);
  run.struck = server_->struck();
  server_->heal();
  if (nothing_left(scene, run.records.performances.back())) {
    judge_run(scene, place, run);
    return run;
  }
  act(scene.second_script, scene.second_person, scene.second_kill_at);
  // A start looks for about 20 s and goes on at the next one. Who was killed could not look.
  for (int more = run.kills; more > 0 && has_open(run.records.performances.back()); --more) {
    act("silent", scene.second_person, 0);
  }
  judge_run(scene, place, run);
  return run;
}

void Theatre::judge_run(const Scene& scene, const Place& place, Run& run) {
  Records& records = run.records;
  records.attempts = records.performances.back().attempts;
  if (!records.attempts.is_array()) records.attempts = attempts_in(scene, place);
  records.bookings = server_->bookings();
  records.api_key = place.api_key;
  const auto real = std::chrono::system_clock::now().time_since_epoch();
  records.now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(real).count() +
                   stage_->warp_ns.load() / 1'000'000;
  for (const Json& attempt : records.attempts) {
    const std::string id = string_or(attempt, "checkout_id");
    records.shown[id] = server_->shown(id);
    records.confirms[id] = server_->confirms_of(id);
  }
  run.verdict = judge(scene, records);
}

KillHorizon Theatre::measure() {
  Scene scene;
  const Place place = clear_stage();
  server_->begin({});
  KillHorizon horizon;
  perform(scene, place, "honest", Behaviour::kTypesTotal, 0);
  horizon.purchase = stage_->points.load();
  perform(scene, place, "quick", Behaviour::kTypesTotal, 0);
  horizon.restart = stage_->points.load();
  return horizon;
}

}  // namespace cartpilot::torture
