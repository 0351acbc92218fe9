// Ledger: every request to a model, with its tokens and what it cost, in the state database.
//
// One row for each request, a repeated one included. Nothing of what was said is kept. Under a
// limit the row is written before the request, with the most that it can cost, and settled
// afterwards. What is not settled, because the process ended or the cost is unknown, counts in
// full: always for its turn and its conversation, and for 24 hours for the day. The StateDb is
// borrowed; one thread. Several processes may write at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/stream_event.h"
#include "cost/limit.h"
#include "cost/price.h"
#include "store/state_db.h"

namespace cartpilot::cost {

/// A request that is about to be sent.
struct ModelRequest {
  std::string session;
  std::string turn;  ///< an id of its own for each message of the person
  std::string provider;
  std::string model;
  int attempt = 1;  ///< 2 and more: the same request once more
};

/// What came of it.
struct RequestOutcome {
  bool answered = false;
  std::optional<std::int64_t> first_ms;  ///< from the request to the first piece of the answer
  Usage usage;                           ///< all zero: the vendor did not say
  std::optional<Cost> cost;              ///< absent: unknown; a vendor charges no refusal
};

/// A row of the ledger.
struct LedgerEntry {
  std::int64_t unix_ms = 0;
  ModelRequest request;
  bool settled = false;  ///< false: it runs, or its process ended before the outcome was written
  RequestOutcome outcome;
  Amount reserved;  ///< nothing, unless a limit was in force
};

class Ledger {
 public:
  explicit Ledger(store::StateDb& db);

  /// Writes down a request that was sent without a limit. Throws Error{kUnavailable}.
  void record(const ModelRequest& request, const RequestOutcome& outcome, std::int64_t unix_ms);

  /// Writes down a request that may cost `worst`, and returns its number. Throws Error{kPermission,
  /// reason "model_cost_limit"} when it could cross one of the limits. The sum and the row are one
  /// step for all processes.
  std::int64_t reserve(const ModelRequest& request, const Amount& worst,
                       const std::vector<SpendLimit>& limits, std::int64_t unix_ms);
  /// The same for `more` of a request that is on its way.
  void reserve_more(std::int64_t number, const ModelRequest& request, const Amount& more,
                    const std::vector<SpendLimit>& limits, std::int64_t unix_ms);
  /// The cost, if it is known, takes the place of what was reserved.
  void settle(std::int64_t number, const RequestOutcome& outcome);

  /// Oldest first; all when `session` is "".
  std::vector<LedgerEntry> entries(const std::string& session = "") const;

  /// Keeps the amounts, which limits count, and forgets which conversation they belong to. All when
  /// `session` is "".
  void forget(const std::string& session);

 private:
  void check_limits(const ModelRequest& request, const Amount& worst,
                    const std::vector<SpendLimit>& limits, std::int64_t unix_ms);

  store::StateDb& db_;
};

}  // namespace cartpilot::cost
