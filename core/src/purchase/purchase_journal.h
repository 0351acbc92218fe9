// PurchaseJournal: the durable record of every attempt, in tables of the state database.
//
// Rule: the record is on disk before the request leaves. Events are only ever appended; each
// carries the SHA-256 of the one before it, so an edited or missing row is found by verify(). The
// StateDb is borrowed. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commerce/money.h"
#include "store/state_db.h"

namespace cartpilot::purchase {

/// States of one attempt, in the order they can follow.
enum class AttemptState { kConsent, kApproveSent, kApproved, kConfirmSent, kDone, kVoid, kUnknown };

std::string_view attempt_state_name(AttemptState state);

struct Attempt {
  std::string id;  ///< 16 hex
  std::string session;
  std::string checkout_id;
  std::string merchant_checkout_id;
  std::string merchant_id;
  std::string basket;  ///< hash of merchant and sorted items
  std::string digest;
  commerce::Money total;
  std::string by;  ///< "human", or "policy: <flag>"
  AttemptState state = AttemptState::kConsent;
  std::string order_id;
  std::string merchant_order_id;
  std::string note;  ///< server's code or the reason
  int sends = 0;     ///< confirms sent
  std::int64_t created_unix_ms = 0;
  std::int64_t updated_unix_ms = 0;
};

struct AttemptEvent {
  std::int64_t seq = 0;
  std::string attempt;
  AttemptState state = AttemptState::kConsent;
  std::int64_t unix_ms = 0;
  std::string note;
};

class PurchaseJournal {
 public:
  explicit PurchaseJournal(store::StateDb& db);

  /// Adds an attempt in state kConsent; durable when it returns.
  void open(const Attempt& attempt);
  /// Appends a state; durable when it returns. `changes` of order ids and note are stored with it.
  void advance(const std::string& attempt, AttemptState state, const std::string& note = "",
               const std::string& order_id = "", const std::string& merchant_order_id = "");

  std::optional<Attempt> find(const std::string& attempt) const;
  /// Newest first.
  std::vector<Attempt> list() const;
  std::vector<AttemptEvent> events(const std::string& attempt) const;
  /// Attempts in kConfirmSent or kUnknown.
  std::vector<Attempt> unfinished() const;
  /// An unfinished attempt on this basket, if any.
  std::optional<Attempt> unfinished_on(const std::string& basket) const;

  /// Remembers that `session` made `checkout_id` (with what was asked for), so that only its own
  /// checkouts are bought.
  void remember_checkout(const std::string& session, const std::string& checkout_id,
                         const std::string& requested);
  bool knows_checkout(const std::string& session, const std::string& checkout_id) const;

  /// Walks the hash chain. Returns the seq of the first event that does not fit, nullopt when all
  /// is well.
  std::optional<std::int64_t> verify() const;

  /// 32 random bytes made once per installation; the base of derived idempotency keys.
  std::string install_secret() const;

 private:
  store::StateDb& db_;
};

}  // namespace cartpilot::purchase
