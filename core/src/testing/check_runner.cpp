#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>

#include "testing/check_child.h"
#include "testing/check_subject.h"

namespace cartpilot::testing {
namespace {

const std::vector<Check>& all_checks() {
  static const std::vector<Check> checks = [] {
    std::vector<Check> list;
    add_static_checks(list);
    add_load_checks(list);
    add_entry_checks(list);
    add_life_checks(list);
    add_translation_checks(list);
    add_chat_checks(list);
    add_http_checks(list);
    add_tool_checks(list);
    add_contract_checks(list);
    add_fuzz_checks(list);
    return list;
  }();
  return checks;
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

void require_known(const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    const bool known = std::any_of(all_checks().begin(), all_checks().end(),
                                   [&](const Check& check) { return check.id == id; });
    if (!known) {
      throw Error(ErrorCode::kInvalidArgument,
                  "there is no check \"" + id + "\"; cartpilot plugin check --list names them");
    }
  }
}

bool is_bad(CheckOutcome outcome) {
  return outcome == CheckOutcome::kFail || outcome == CheckOutcome::kCrash ||
         outcome == CheckOutcome::kTimeout;
}

CheckEnd run_one(const Check& check, const Subject& subject, const CheckOptions& options,
                 const std::map<std::string, CheckOutcome>& so_far) {
  for (const std::string& need : check.needs) {
    const auto found = so_far.find(need);
    if (found == so_far.end()) continue;
    if (is_bad(found->second)) return {CheckOutcome::kSkip, "needs " + need + ", which failed"};
    if (found->second == CheckOutcome::kSkip && need != "host-accepts") {
      return {CheckOutcome::kSkip, "needs " + need + ", which was skipped"};
    }
  }
  const auto body = [&] { check.function(subject); };
  if (!check.runs_code || options.in_process) return run_here(body);
  return run_in_child(options.deadline_ms, body);
}

}  // namespace

const char* outcome_name(CheckOutcome outcome) {
  switch (outcome) {
    case CheckOutcome::kPass: return "pass";
    case CheckOutcome::kWarn: return "warn";
    case CheckOutcome::kFail: return "fail";
    case CheckOutcome::kCrash: return "crash";
    case CheckOutcome::kTimeout: return "timeout";
    case CheckOutcome::kSkip: return "skip";
  }
  return "fail";
}

std::vector<CheckInfo> list_checks() {
  std::vector<CheckInfo> list;
  for (const Check& check : all_checks()) {
    list.push_back({check.id, check.sentence, check.runs_code});
  }
  return list;
}

std::vector<CheckResult> run_checks(const std::string& file, const CheckOptions& options) {
  require_known(options.only);
  require_known(options.skip);
  std::error_code ignored;
  Subject subject;
  subject.file = std::filesystem::absolute(file, ignored).string();
  subject.elf = plugin::read_elf(subject.file);
  subject.options = &options;
  std::vector<CheckResult> results;
  std::map<std::string, CheckOutcome> so_far;
  for (const Check& check : all_checks()) {
    if (!options.only.empty() && !contains(options.only, check.id)) continue;
    if (contains(options.skip, check.id)) continue;
    if (options.static_only && check.runs_code) continue;
    const auto begin = std::chrono::steady_clock::now();
    const CheckEnd end = run_one(check, subject, options, so_far);
    const auto took = std::chrono::steady_clock::now() - begin;
    so_far[check.id] = end.outcome;
    results.push_back({check.id, end.outcome, end.message,
                       std::chrono::duration_cast<std::chrono::milliseconds>(took).count()});
  }
  return results;
}

bool all_good(const std::vector<CheckResult>& results) {
  return std::none_of(results.begin(), results.end(),
                      [](const CheckResult& result) { return is_bad(result.outcome); });
}

std::string score_line(const std::vector<CheckResult>& results) {
  std::map<CheckOutcome, int> count;
  for (const CheckResult& result : results) {
    ++count[is_bad(result.outcome) ? CheckOutcome::kFail : result.outcome];
  }
  return std::to_string(count[CheckOutcome::kPass]) + " passed, " +
         std::to_string(count[CheckOutcome::kWarn]) + " warned, " +
         std::to_string(count[CheckOutcome::kFail]) + " failed, " +
         std::to_string(count[CheckOutcome::kSkip]) + " skipped";
}

}  // namespace cartpilot::testing
