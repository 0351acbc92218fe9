#include "purchase/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/clock.h"
#include "base/outside.h"
#include "base/random.h"
#include "cartpilot/error.h"
#include "cartpilot/json.h"
#include "commerce/identity.h"
#include "purchase/attempt_record.h"
#include "purchase/chain_head.h"
#include "purchase/keys.h"

namespace cartpilot::purchase {

namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kMaxNoteBytes = 300;

constexpr const char* kUnfinished = "state IN ('confirm_sent', 'unknown')";
constexpr const char* kSpending = "state IN ('confirm_sent', 'unknown', 'done')";
/// Tells attempts of the same millisecond apart.
constexpr const char* kFirstEvent =
    "(SELECT coalesce(min(seq), 0) FROM purchase_events WHERE purchase_events.attempt = "
    "purchases.attempt)";
constexpr std::int64_t kDayMs = 24 * 60 * 60 * 1000;

[[noreturn]] void refuse(ErrorCode code, const std::string& reason, const std::string& message) {
  Error error(code, message);
  error.reason = reason;
  throw error;
}

/// Narrows a query to what counts for one CartPilot; takes two values. See journal.h.
std::string counting_for(const std::string& cartpilot) {
  return cartpilot.empty() ? "AND ? = ?" : "AND cartpilot IN (?, ?)";
}

/// The second of the two values: a real CartPilot is answerable for what nobody knows.
std::string unknown_counts_for(const std::string& cartpilot) {
  const bool sandbox = commerce::CartPilotIdentity::from_text(cartpilot).is_sandbox();
  return sandbox ? cartpilot : "";
}

/// Notes quote servers and end up on terminals: plain ASCII of one line.
std::string plain(const std::string& text) {
  std::string line = text.substr(0, kMaxNoteBytes);
  for (char& c : line) {
    if (c < ' ' || c > '~') c = '?';
  }
  return line;
}

void require_step(const Attempt& attempt, AttemptState next) {
  if (may_follow(attempt, next)) return;
  refuse(ErrorCode::kInvalidArgument, "state",
         fmt::format("attempt {} is {} and cannot become {}", attempt.id,
                     attempt_state_name(attempt.state), attempt_state_name(next)));
}

}  // namespace

PurchaseJournal::PurchaseJournal(store::StateDb& db) : PurchaseJournal(db, base::unix_ms_now) {}

PurchaseJournal::PurchaseJournal(store::StateDb& db, Clock unix_ms)
    : db_(db), unix_ms_(std::move(unix_ms)) {
  db_.create_tables(purchase_tables());
}

void PurchaseJournal::open(const Attempt& attempt) {
  Attempt opened = attempt;
  durable([&] {
    for (Attempt& earlier :
         select("checkout_id = ? AND cartpilot IN (?, '') AND state IN ('consent', "
                "'approve_sent', 'approved') ORDER BY created_ms",
                {attempt.checkout_id, attempt.cartpilot})) {
      append(earlier, AttemptState::kVoid, {"replaced by a newer consent", "", "", false});
    }
    // A new attempt on the same receipt goes on counting where the last one stopped: its first
    // key must not be one that CartPilot has already answered with a refusal.
    const auto ordinal =
        db_.prepared("SELECT coalesce(max(key_ordinal), 0) FROM purchases WHERE digest = ?");
    ordinal->bind(1, attempt.digest);
    ordinal->step();
    opened.key_ordinal = ordinal->integer(0);
    opened.state = AttemptState::kConsent;
    opened.created_unix_ms = opened.updated_unix_ms = unix_ms_();
    insert_attempt(db_, opened);
    append_event(opened);
  });
}

void PurchaseJournal::advance(const std::string& attempt, AttemptState state,
                              const AttemptChange& change) {
  durable([&] {
    Attempt current = get(attempt);
    if (state == AttemptState::kConfirmSent) {
      refuse(ErrorCode::kInvalidArgument, "state", "a confirm is claimed with begin_send()");
    }
    require_step(current, state);
    append(current, state, change);
  });
}

Attempt PurchaseJournal::begin_send(const std::string& attempt, const SpendLimits& limits,
                                    std::int64_t min_gap_ms, const Agreement& agreement) {
  Attempt current;
  durable([&] {
    current = get(attempt);
    require_step(current, AttemptState::kConfirmSent);
    db_.require_lease(current.session);
    for (const Attempt& other :
         select(fmt::format("basket = ? AND {} {}", kUnfinished, counting_for(current.cartpilot)),
                {current.basket, current.cartpilot, unknown_counts_for(current.cartpilot)})) {
      if (other.id == current.id) continue;
      refuse(ErrorCode::kPermission, "basket",
             fmt::format("attempt {} on the same basket is not finished", other.id));
    }
    if (current.sends == 0) {
      if (agreement.holds && !agreement.holds()) {
        refuse(ErrorCode::kPermission, "lapsed", "the consent lapsed");
      }
      const bool unknown =
          agreement.count && done_count(current.basket, current.cartpilot) != *agreement.count;
      if (unknown ||
          (agreement.none_in_a_day && bought_in_a_day(current.basket, current.cartpilot))) {
        refuse(ErrorCode::kPermission, "repeat", "the same basket was bought meanwhile");
      }
      if (!agreement.rule.empty()) {
        const std::int64_t used = rule_uses(agreement.rule, current.cartpilot);
        if (used >= agreement.per_day) {
          refuse(ErrorCode::kPermission, "rule",
                 fmt::format("rule {} allowed {} of {} purchases in 24 hours", agreement.rule, used,
                             agreement.per_day));
        }
      }
      if (const auto why = gap_against(current.session))
        refuse(ErrorCode::kPermission, "limit", *why);
      const Spent before = spent(current.total.currency, current.session, current.cartpilot);
      if (const auto why = over_limit(limits, current.total, before)) {
        refuse(ErrorCode::kPermission, "limit", *why);
      }
    }
    const std::int64_t since = unix_ms_() - current.sent_unix_ms;
    if (current.sends > 0 && since < min_gap_ms) {
      refuse(ErrorCode::kPermission, "too_soon",
             fmt::format("attempt {} was sent {} ms ago", current.id, since));
    }
    ++current.sends;
    current.sent_unix_ms = unix_ms_();
    append(current, AttemptState::kConfirmSent, {});
  });
  return current;
}

void PurchaseJournal::take_back_send(const std::string& attempt) {
  durable([&] {
    Attempt current = get(attempt);
    const bool ours = current.state == AttemptState::kApproved ||
                      (current.state == AttemptState::kConfirmSent && current.sends == 1);
    if (!ours) {
      refuse(ErrorCode::kInvalidArgument, "state",
             fmt::format("attempt {} is {} by now", current.id, attempt_state_name(current.state)));
    }
    append(current, AttemptState::kVoid,
           {"the send could not be recorded; nothing was sent", "", "", false});
  });
}

Spent PurchaseJournal::spent(const std::string& currency, const std::string& session,
                             const std::string& cartpilot) const {
  const auto sum = [&](const std::string& where, const std::string& bound) {
    std::int64_t total = 0;
    db_.checked([&] {
      const auto select = db_.prepared(
          fmt::format("SELECT coalesce(sum(total_minor), 0) FROM purchases WHERE {} AND currency = "
                      "? AND {} {}",
                      kSpending, where, counting_for(cartpilot)));
      select->bind_all(currency, bound, cartpilot, unknown_counts_for(cartpilot));
      select->step();
      total = select->integer(0);
    });
    return total;
  };
  // A clock that was set back must not make purchases of the future free.
  return {sum("session = ?", session),
          sum("sent_ms > CAST(? AS BIGINT)", std::to_string(unix_ms_() - kDayMs))};
}

std::int64_t PurchaseJournal::rule_uses(const std::string& rule,
                                        const std::string& cartpilot) const {
  const std::string prefix = rule_record_prefix(rule);
  std::int64_t count = 0;
  db_.checked([&] {
    const auto select = db_.prepared(fmt::format(
        "SELECT count(*) FROM purchases WHERE {} AND substr(approved_by, 1, ?) = ? AND sent_ms > ? "
        "{}",
        kSpending, counting_for(cartpilot)));
    select->bind_all(static_cast<std::int64_t>(prefix.size()), prefix, unix_ms_() - kDayMs,
                     cartpilot, unknown_counts_for(cartpilot));
    select->step();
    count = select->integer(0);
  });
  return count;
}

Attempt PurchaseJournal::resolve(const std::string& attempt, bool bought) {
  Attempt current;
  durable([&] {
    current = get(attempt);
    if (current.state != AttemptState::kUnknown && current.state != AttemptState::kConfirmSent) {
      refuse(ErrorCode::kInvalidArgument, "state",
             fmt::format("attempt {} is {}; only one whose outcome is unknown can be resolved",
                         current.id, attempt_state_name(current.state)));
    }
    append(current, bought ? AttemptState::kDone : AttemptState::kVoid,
           {bought ? "resolved by a person: bought" : "resolved by a person: not bought", "", "",
            false});
  });
  return current;
}

void PurchaseJournal::void_abandoned(std::int64_t age_ms) {
  const std::string limit = std::to_string(unix_ms_() - age_ms);
  const std::string where =
      "state IN ('consent', 'approve_sent', 'approved') AND updated_ms < CAST(? AS BIGINT)";
  if (select(where, {limit}).empty()) return;  // usual; spares the write
  durable([&] {
    for (Attempt& attempt : select(where, {limit})) {
      append(attempt, AttemptState::kVoid, {"the consent lapsed", "", "", false});
    }
  });
}

std::optional<Attempt> PurchaseJournal::find(const std::string& attempt) const {
  auto found = select("attempt = ?", {attempt});
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Attempt PurchaseJournal::get(const std::string& attempt) const {
  auto found = find(attempt);
  if (!found) {
    throw Error(ErrorCode::kNotFound,
                fmt::format("there is no purchase attempt {}; `cartpilot purchases list` shows all",
                            dump_json(Json(attempt.substr(0, 40)))));
  }
  return std::move(*found);
}

std::vector<Attempt> PurchaseJournal::list() const {
  return select(fmt::format("1 = 1 ORDER BY created_ms DESC, {} DESC, attempt DESC", kFirstEvent),
                {});
}

std::vector<Attempt> PurchaseJournal::unfinished(const std::string& cartpilot) const {
  return select(fmt::format("{} {} ORDER BY created_ms, {}, attempt", kUnfinished,
                            counting_for(cartpilot), kFirstEvent),
                {cartpilot, unknown_counts_for(cartpilot)});
}

std::optional<Attempt> PurchaseJournal::first(const std::string& where,
                                              const std::vector<std::string>& bound) const {
  auto found = select(where, bound);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::optional<Attempt> PurchaseJournal::unfinished_on(const std::string& basket,
                                                      const std::string& cartpilot) const {
  return first(fmt::format("basket = ? AND {} {}", kUnfinished, counting_for(cartpilot)),
               {basket, cartpilot, unknown_counts_for(cartpilot)});
}

std::optional<Attempt> PurchaseJournal::done_on_checkout(const std::string& checkout_id,
                                                         const std::string& cartpilot) const {
  return first(fmt::format("checkout_id = ? AND state = 'done' {} ORDER BY updated_ms DESC LIMIT 1",
                           counting_for(cartpilot)),
               {checkout_id, cartpilot, unknown_counts_for(cartpilot)});
}

std::optional<Attempt> PurchaseJournal::done_on_basket(const std::string& basket,
                                                       std::int64_t since_unix_ms,
                                                       const std::string& cartpilot) const {
  return first(fmt::format("basket = ? AND state = 'done' AND updated_ms >= CAST(? AS BIGINT) {} "
                           "ORDER BY updated_ms DESC LIMIT 1",
                           counting_for(cartpilot)),
               {basket, std::to_string(since_unix_ms), cartpilot, unknown_counts_for(cartpilot)});
}

std::optional<Attempt> PurchaseJournal::bought_in_a_day(const std::string& basket,
                                                        const std::string& cartpilot) const {
  return done_on_basket(basket, unix_ms_() - kRepetitionMs, cartpilot);
}

std::int64_t PurchaseJournal::done_count(const std::string& basket,
                                         const std::string& cartpilot) const {
  std::int64_t count = 0;
  db_.checked([&] {
    const auto select = db_.prepared(
        fmt::format("SELECT count(*) FROM purchases WHERE basket = ? AND state = 'done' {}",
                    counting_for(cartpilot)));
    select->bind_all(basket, cartpilot, unknown_counts_for(cartpilot));
    select->step();
    count = select->integer(0);
  });
  return count;
}

void PurchaseJournal::remember_checkout(const std::string& session, const std::string& checkout_id,
                                        const std::string& requested,
                                        const std::string& cartpilot) {
  db_.transaction([&] {
    // The first request stays: create_checkout repeated within a turn answers the same checkout.
    const auto insert = db_.prepared(
        "INSERT INTO purchase_checkouts (session, checkout_id, requested, created_ms, cartpilot) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
    insert->bind_all(session, checkout_id, requested, unix_ms_(), cartpilot);
    insert->exec();
  });
}

bool PurchaseJournal::knows_checkout(const std::string& session, const std::string& checkout_id,
                                     const std::string& cartpilot) const {
  return requested_of(session, checkout_id, cartpilot).has_value();
}

bool PurchaseJournal::made_checkout(const std::string& checkout_id,
                                    const std::string& cartpilot) const {
  bool made = false;
  db_.checked([&] {
    const auto select = db_.prepared(
        "SELECT 1 FROM purchase_checkouts WHERE checkout_id = ? AND cartpilot = ? LIMIT 1");
    select->bind_all(checkout_id, cartpilot);
    made = select->step();
  });
  return made;
}

std::optional<std::string> PurchaseJournal::requested_of(const std::string& session,
                                                         const std::string& checkout_id,
                                                         const std::string& cartpilot) const {
  std::optional<std::string> found;
  db_.checked([&] {
    const auto select = db_.prepared(fmt::format(
        "SELECT requested FROM purchase_checkouts WHERE session = ? AND checkout_id = ? "
        "{}",
        counting_for(cartpilot)));
    select->bind_all(session, checkout_id, cartpilot, unknown_counts_for(cartpilot));
    if (select->step()) found = select->text(0);
  });
  return found;
}

std::string PurchaseJournal::install_secret() const {
  std::string found;
  const auto read = [&] {
    const auto select = db_.prepared("SELECT value FROM purchase_secrets WHERE name = 'install'");
    if (select->step()) found = select->text(0);
  };
  db_.checked(read);
  if (found.empty()) {
    db_.durable([&] {
      const auto insert =
          db_.prepared("INSERT INTO purchase_secrets VALUES ('install', ?) ON CONFLICT DO NOTHING");
      const base::Unrecorded once_per_installation;
      insert->bind(1, base::random_hex(kSecretBytes));
      insert->exec();
      read();
    });
  }
  return found;
}

void PurchaseJournal::append(Attempt& attempt, AttemptState state, const AttemptChange& change) {
  attempt.state = state;
  attempt.note = plain(change.note);
  if (!change.order_id.empty()) attempt.order_id = change.order_id;
  if (!change.merchant_order_id.empty()) attempt.merchant_order_id = change.merchant_order_id;
  if (change.key_is_spent) ++attempt.key_ordinal;
  attempt.updated_unix_ms = unix_ms_();
  update_attempt(db_, attempt);
  append_event(attempt);
}

void PurchaseJournal::append_event(const Attempt& attempt) {
  const ChainHead previous = newest_event();
  const std::int64_t seq = previous.seq + 1;
  const std::string record = attempt_record(attempt);
  const std::string hash = chain_hash(previous.hash, seq, record);
  const auto insert = db_.prepared("INSERT INTO purchase_events VALUES (?, ?, ?, ?, ?, ?, ?)");
  insert->bind_all(seq, attempt.id, std::string(attempt_state_name(attempt.state)),
                   attempt.updated_unix_ms, attempt.note, record, hash);
  insert->exec();
  appended_ = true;
}

std::vector<Attempt> PurchaseJournal::select(const std::string& where,
                                             const std::vector<std::string>& bound) const {
  std::vector<Attempt> found;
  db_.checked([&] { found = select_attempts(db_, where, bound); });
  return found;
}

std::vector<AttemptEvent> PurchaseJournal::events(const std::string& attempt) const {
  std::vector<AttemptEvent> found;
  db_.checked([&] {
    const auto select = db_.prepared(
        "SELECT seq, unix_ms, state, note FROM purchase_events WHERE attempt = ? ORDER BY seq");
    select->bind(1, attempt);
    while (select->step()) {
      found.push_back({select->integer(0), attempt, attempt_state_from(select->text(2)),
                       select->integer(1), select->text(3)});
    }
  });
  return found;
}

}  // namespace cartpilot::purchase
