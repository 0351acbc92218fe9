// PurchaseJournal: the durable record of every attempt, in tables of the state database.
//
// Rule: the record is on disk before the request leaves. Events are only ever appended; each
// carries the SHA-256 of the one before it, so an edited or missing row is found by verify(). The
// table of attempts repeats their latest state for quick reading and is checked against the events.
// States follow each other only as allowed, judged inside the writing transaction, so that two
// processes cannot both send a confirm or both lock the same basket. The StateDb is borrowed. One
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commerce/money.h"
#include "purchase/policy.h"
#include "store/state_db.h"

namespace cartpilot::purchase {

/// States of one attempt, in the order they can follow.
enum class AttemptState { kConsent, kApproveSent, kApproved, kConfirmSent, kDone, kVoid, kUnknown };

std::string_view attempt_state_name(AttemptState state);

struct Attempt {
  std::string id;  ///< 16 hex
  std::string session;
  std::string api_origin;  ///< "https://shop.example:443"; part of the digest
  std::string checkout_id;
  std::string merchant_checkout_id;
  std::string merchant_id;
  std::string basket;  ///< hash of merchant and sorted items
  std::string digest;
  std::string payment_method;
  commerce::Money total;
  std::string by;  ///< "human", "human (rule NAME)", "policy: <flag>", or rule_record()
  AttemptState state = AttemptState::kConsent;
  std::string order_id;
  std::string merchant_order_id;
  std::string note;               ///< server's code or the reason
  int sends = 0;                  ///< confirms sent
  std::int64_t key_ordinal = 0;   ///< of the idempotency key of the next send; see begin_send()
  std::int64_t sent_unix_ms = 0;  ///< of the last send, 0 = none
  std::int64_t created_unix_ms = 0;
  std::int64_t updated_unix_ms = 0;
  // Not in records of format 1.
  std::string cartpilot{};            ///< CartPilotIdentity::text(); "" = unknown
  std::string receipt{};              ///< what was agreed to: receipt_record(); "" = not recorded
  std::string channel{};              ///< where the yes came from: "terminal", "policy"
  std::int64_t approved_unix_ms = 0;  ///< when it came; 0 = not recorded

  friend bool operator==(const Attempt&, const Attempt&) = default;
};

struct AttemptEvent {
  std::int64_t seq = 0;
  std::string attempt;
  AttemptState state = AttemptState::kConsent;
  std::int64_t unix_ms = 0;
  std::string note;

  friend bool operator==(const AttemptEvent&, const AttemptEvent&) = default;
};

/// The last link of the chain.
struct ChainHead {
  std::int64_t seq = 0;
  std::string hash;
  std::int64_t record = 0;  ///< how many records were put aside before this one

  friend bool operator==(const ChainHead&, const ChainHead&) = default;
};

/// What is stored together with a new state. Empty order ids leave what was there.
struct AttemptChange {
  std::string note;
  std::string order_id;
  std::string merchant_order_id;
  /// CartPilot keeps refusals for 24 h under the key of the request: after one, the next send
  /// needs another key. After silence or a 5xx it needs the same.
  bool key_is_spent = false;
};

/// A repetition is one for this long where nobody is asked.
constexpr std::int64_t kRepetitionMs = 24 * 60 * 60 * 1000;

/// What the record is held against, once more, in the transaction that notes the first send.
struct Agreement {
  /// How many were done when the person was asked, see done_count(); nullopt = nobody was asked.
  std::optional<std::int64_t> count;
  bool none_in_a_day = false;     ///< a repetition within kRepetitionMs is not permitted
  std::function<bool()> holds{};  ///< false once the consent has lapsed; null = it does not
  std::string rule{};             ///< that allowed it, "" = none did
  std::int64_t per_day = 0;       ///< how many purchases that rule allows in 24 hours
};

class PurchaseJournal {
 public:
  using Clock = std::function<std::int64_t()>;

  explicit PurchaseJournal(store::StateDb& db);
  /// `unix_ms` replaces the system clock in tests.
  PurchaseJournal(store::StateDb& db, Clock unix_ms);

  /// Adds an attempt in state kConsent; durable when it returns. Earlier attempts on the same
  /// checkout that were never sent become kVoid: the newest consent is the only one.
  void open(const Attempt& attempt);

  /// Appends a state; durable when it returns. Throws Error{kInvalidArgument, reason "state"} when
  /// it may not follow the present one (another process may have moved it), and kNotFound. The
  /// step to kConfirmSent is begin_send()'s alone.
  void advance(const std::string& attempt, AttemptState state, const AttemptChange& change = {});

  /// Claims the right to send one confirm and records it (kConfirmSent); durable when it returns.
  /// Throws Error{kPermission} with reason "basket" while another attempt on the same basket is
  /// unfinished, "limit" when a first send would spend more than `limits` allow (the sum is taken
  /// under the same lock that records the send, so that processes cannot share one rest of a
  /// budget), "repeat" when a first send would buy a basket again that was bought otherwise than
  /// `agreement` says, "rule" when the rule it names is used up, "lapsed" when it does not hold any
  /// more, "too_soon" when the last send is younger than `min_gap_ms`, or "fenced" when another
  /// instance may have gone on with its conversation; and as advance(). Returns
  /// the attempt as recorded; its key_ordinal is the one to derive the key from.
  Attempt begin_send(const std::string& attempt, const SpendLimits& limits = {},
                     std::int64_t min_gap_ms = 0, const Agreement& agreement = {});

  /// For a first send that begin_send() could not record for certain: the attempt becomes kVoid.
  /// The caller has sent nothing. Throws Error{kInvalidArgument, reason "state"} when somebody else
  /// has gone on with it meanwhile, and the attempt is as it is.
  void take_back_send(const std::string& attempt);

  // Below, `cartpilot` is a CartPilotIdentity::text(). Only what counts for that CartPilot is
  // looked at: its own attempts and, when it is a real one, those whose CartPilot is unknown (from
  // before it was recorded). Play money never counts for a real one, nor the reverse. "" looks at
  // all.

  /// What this conversation, and everybody in the last 24 hours, spent in `currency`: attempts that
  /// were sent and are not surely void.
  Spent spent(const std::string& currency, const std::string& session,
              const std::string& cartpilot = "") const;

  /// How many purchases the rule of that name allowed in the last 24 hours: attempts that were sent
  /// and are not surely void.
  std::int64_t rule_uses(const std::string& rule, const std::string& cartpilot = "") const;

  /// A person's word on an unfinished attempt: kDone or kVoid, durable. Throws Error{kNotFound}
  /// or {kInvalidArgument} with the present state. Returns the attempt as it is then.
  Attempt resolve(const std::string& attempt, bool bought);

  /// Turns attempts that never reached kConfirmSent and are older than `age_ms` into kVoid.
  void void_abandoned(std::int64_t age_ms);

  std::optional<Attempt> find(const std::string& attempt) const;
  /// Newest first.
  std::vector<Attempt> list() const;
  std::vector<AttemptEvent> events(const std::string& attempt) const;
  /// Attempts in kConfirmSent or kUnknown, oldest first.
  std::vector<Attempt> unfinished(const std::string& cartpilot = "") const;
  /// An unfinished attempt on this basket, if any.
  std::optional<Attempt> unfinished_on(const std::string& basket,
                                       const std::string& cartpilot = "") const;
  /// The newest attempt on this checkout that was bought, if any.
  std::optional<Attempt> done_on_checkout(const std::string& checkout_id,
                                          const std::string& cartpilot = "") const;
  /// The newest attempt on this basket that was bought at `since_unix_ms` or later, if any.
  std::optional<Attempt> done_on_basket(const std::string& basket, std::int64_t since_unix_ms,
                                        const std::string& cartpilot = "") const;
  /// The same for the last 24 hours.
  std::optional<Attempt> bought_in_a_day(const std::string& basket,
                                         const std::string& cartpilot = "") const;
  /// How many attempts on this basket were ever bought.
  std::int64_t done_count(const std::string& basket, const std::string& cartpilot = "") const;

  /// Remembers that `session` made `checkout_id` (with what was asked for) at this CartPilot, so
  /// that only its own checkouts are bought.
  void remember_checkout(const std::string& session, const std::string& checkout_id,
                         const std::string& requested, const std::string& cartpilot = "");
  bool knows_checkout(const std::string& session, const std::string& checkout_id,
                      const std::string& cartpilot = "") const;
  /// Whether any conversation made this checkout there.
  bool made_checkout(const std::string& checkout_id, const std::string& cartpilot) const;
  /// The `requested` of remember_checkout(); nullopt when it is not this session's.
  std::optional<std::string> requested_of(const std::string& session,
                                          const std::string& checkout_id,
                                          const std::string& cartpilot = "") const;

  /// Walks the hash chain and compares the table of attempts with it, both as of one moment.
  /// Returns the seq of the first event that does not fit, nullopt when all is well.
  std::optional<std::int64_t> verify() const;

  /// Why the record cannot be trusted, as a sentence for the person: its chain is broken, or it is
  /// not the one whose last event was noted beside the database (deleted, or replaced by an older
  /// copy). nullopt when all is well. Reads one moment of the record and keeps nothing: every call
  /// looks again. Throws Error when the record cannot be read at present (another process holds it,
  /// the disk fails), which says nothing about it.
  std::optional<std::string> integrity_problem() const;

  /// For a record with an integrity_problem(), looked at again under the lock that changes it:
  /// keeps the attempts (and with them locks and spending), puts the chain so far aside under
  /// another table name, and starts a new one that repeats the state of every attempt. What was
  /// bought after an older copy is not in it: until resolve_gap() every limit counts as used up,
  /// for 24 hours in all conversations and for good in those that are older. Returns the name of
  /// that table; nullopt when the record is whole and nothing was changed.
  std::optional<std::string> start_anew();

  /// Since when it is unknown what was spent, because an older copy of the record took its place
  /// and a person started anew: the newest such time that nobody has resolved; nullopt = none.
  std::optional<std::int64_t> open_gap() const;
  /// Why no limit leaves anything to a conversation while that is so; nullopt = they do.
  std::optional<std::string> gap_against(const std::string& session) const;
  /// A person has looked through the orders. Durable. False when there was nothing to resolve.
  bool resolve_gap();

  /// 32 random bytes made once per installation, as hex; the base of derived idempotency keys.
  std::string install_secret() const;

  std::int64_t now_unix_ms() const { return unix_ms_(); }

 private:
  std::vector<Attempt> select(const std::string& where,
                              const std::vector<std::string>& bound) const;
  std::optional<Attempt> first(const std::string& where,
                               const std::vector<std::string>& bound) const;
  Attempt get(const std::string& attempt) const;
  void append(Attempt& attempt, AttemptState state, const AttemptChange& change);
  void append_event(const Attempt& attempt);
  void durable(const std::function<void()>& work);
  ChainHead newest_event() const;
  ChainHead head() const;
  std::optional<std::string> problem_now(const std::optional<ChainHead>& noted) const;
  void note_newest_event() const noexcept;

  store::StateDb& db_;
  Clock unix_ms_;
  bool appended_ = false;  ///< by the running transaction
};

}  // namespace cartpilot::purchase
