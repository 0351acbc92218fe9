// ApprovalBoard: what is known about approvals, for calls that ask while the gate is busy.
//
// The thread that works the purchase gate writes, calls read and wait. It decides nothing: the
// gate does. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/http.h"
#include "cartpilot/tool.h"
#include "purchase/gate.h"

namespace cartpilot::host {

struct ApprovalStatus {
  bool open = true;
  std::string question;              ///< its id
  std::int64_t until_unix_ms = 0;    ///< open: the question's end; approved: the consent's
  ToolOutcome outcome;               ///< when it is not open any more
  std::vector<std::string> lines{};  ///< the program's own words about that
  bool bought = false;
};

class ApprovalBoard {
 public:
  void put(const std::string& checkout_id, ApprovalStatus status);
  std::optional<ApprovalStatus> find(const std::string& checkout_id) const;

  /// Waits while the question about this checkout is open. `tick` is called once a second with the
  /// seconds waited. nullopt when there is none.
  std::optional<ApprovalStatus> wait(const std::string& checkout_id, std::chrono::seconds limit,
                                     const CallContext& context,
                                     const std::function<void(int)>& tick) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<std::string, ApprovalStatus> statuses_;
};

}  // namespace cartpilot::host
