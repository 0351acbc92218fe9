// The checks of `cartpilot plugin check`, for programs.
//
// A check looks at one plugin file and says one thing about it. Checks of files read; all others
// load the plugin, each in a child process with a deadline, so a plugin that crashes or hangs fails
// a check and nothing else. The child is forked: call run_checks() while the program has one
// thread. No state is kept between calls.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cartpilot::testing {

enum class CheckOutcome { kPass, kWarn, kFail, kCrash, kTimeout, kSkip };

/// "pass", "warn", "fail", "crash", "timeout", "skip".
const char* outcome_name(CheckOutcome outcome);

struct CheckResult {
  std::string id;
  CheckOutcome outcome = CheckOutcome::kPass;
  std::string message;  ///< what was seen, or why it was skipped; "" when it passed
  std::int64_t ms = 0;
};

struct CheckInfo {
  std::string id;         ///< stable, like "create-destroy-100"
  std::string sentence;   ///< what a plugin that passes does
  bool runs_code = true;  ///< false: the file is only read
};

struct CheckOptions {
  std::vector<std::string> only;      ///< ids; empty = all
  std::vector<std::string> skip;      ///< ids
  std::uint64_t seed = 1;             ///< of generated arguments, requests and answers
  std::int64_t deadline_ms = 20'000;  ///< of one check
  std::string samples_file;           ///< vendor answers, see docs/plugin-authoring.md; "" = known
  bool static_only = false;
  bool in_process = false;  ///< no child processes, for a debugger
  /// The program's own verdict about a file, reached without running it: "" or why it is refused.
  /// Empty in test programs.
  std::function<std::string(const std::string& file)> host_verdict;
};

/// All checks, in the order they run.
std::vector<CheckInfo> list_checks();

/// Runs them on `file`. A check whose premise failed is skipped. Throws Error{kInvalidArgument} for
/// an unknown id.
std::vector<CheckResult> run_checks(const std::string& file, const CheckOptions& options);

/// True when nothing failed, crashed or timed out (warnings are fine).
bool all_good(const std::vector<CheckResult>& results);

/// "61 passed, 0 warned, 0 failed, 4 skipped"
std::string score_line(const std::vector<CheckResult>& results);

}  // namespace cartpilot::testing
