// ConfirmProcess: sends a confirm from a process of its own, so that it outlives this one.
//
// Starts `program` anew (exec, never a fork of a process with threads) in a session of its own,
// where no signal to this one's group reaches it. It gets what it needs on its standard input, keys
// included, so that none stands on a command line or in an environment; what it says comes back on
// its standard output. It ends by itself within a minute. One thread.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "purchase/confirm_runner.h"
#include "purchase/handovers.h"

namespace cartpilot::purchase {

class ConfirmProcess final : public ConfirmRunner {
 public:
  /// Database and journal are borrowed. `command` is the program and its first arguments. `setting`
  /// is an object with what the process needs besides the members "attempt" and "token". `leave` is
  /// asked every 50 ms: true = do not wait any more.
  ConfirmProcess(store::StateDb& db, const PurchaseJournal& journal,
                 std::vector<std::string> command, Json setting, std::function<bool()> leave);

  Result run(const Attempt& attempt) override;

 private:
  Result start(const std::string& input);

  ConfirmHandovers handovers_;
  const std::vector<std::string> command_;
  const Json setting_;
  const std::function<bool()> leave_;
};

}  // namespace cartpilot::purchase
