#include "purchase/purchase_journal.h"

#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>
#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "cartpilot/error.h"
#include "cartpilot/json.h"
#include "purchase/attempt_record.h"
#include "purchase/chain_head.h"
#include "purchase/purchase_keys.h"

namespace cartpilot::purchase {

using namespace Poco::Data::Keywords;  // NOLINT: Poco's statement syntax

namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kMaxNoteBytes = 300;

constexpr const char* kUnfinished = "state IN ('confirm_sent', 'unknown')";
constexpr const char* kSpending = "state IN ('confirm_sent', 'unknown', 'done')";
constexpr std::int64_t kDayMs = 24 * 60 * 60 * 1000;

[[noreturn]] void refuse(ErrorCode code, const std::string& reason, const std::string& message) {
  Error error(code, message);
  error.reason = reason;
  throw error;
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

PurchaseJournal::PurchaseJournal(store::StateDb& db)
    : PurchaseJournal(db, [] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::system_clock::now().time_since_epoch())
            .count();
      }) {}

PurchaseJournal::PurchaseJournal(store::StateDb& db, Clock unix_ms)
    : db_(db), unix_ms_(std::move(unix_ms)) {
  create_tables();
}

void PurchaseJournal::create_tables() {
  int present = 0;
  db_.checked([&] {
    db_.session() << "SELECT count(*) FROM main.sqlite_schema WHERE name = 'purchase_secrets'",
        into(present), now;
  });
  if (present > 0) return;  // made last, so the others are there too
  durable([&] { create_purchase_tables(db_.session()); });
}

/// As StateDb::durable(); the last event is then noted beside the database, after the commit, so
/// that the note is never ahead of the record.
void PurchaseJournal::durable(const std::function<void()>& work) {
  head_.reset();
  db_.durable(work);
  if (head_) note_chain_head(db_.path(), *head_);
}

void PurchaseJournal::open(const Attempt& attempt) {
  Attempt opened = attempt;
  durable([&] {
    for (Attempt& earlier : select("checkout_id = ? AND state IN ('consent', 'approve_sent', "
                                   "'approved') ORDER BY created_ms",
                                   {attempt.checkout_id})) {
      append(earlier, AttemptState::kVoid, {"replaced by a newer consent", "", "", false});
    }
    // A new attempt on the same receipt goes on counting where the last one stopped: its first
    // key must not be one that CartPilot has already answered with a refusal.
    Poco::Int64 ordinal = 0;
    std::string digest = attempt.digest;
    db_.session() << "SELECT coalesce(max(key_ordinal), 0) FROM purchases WHERE digest = ?",
        use(digest), into(ordinal), now;
    opened.key_ordinal = ordinal;
    opened.state = AttemptState::kConsent;
    opened.created_unix_ms = opened.updated_unix_ms = unix_ms_();
    insert_attempt(db_.session(), opened);
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
                                    std::int64_t min_gap_ms) {
  Attempt current;
  durable([&] {
    current = get(attempt);
    require_step(current, AttemptState::kConfirmSent);
    for (const Attempt& other :
         select(fmt::format("basket = ? AND {}", kUnfinished), {current.basket})) {
      if (other.id == current.id) continue;
      refuse(ErrorCode::kPermission, "basket",
             fmt::format("attempt {} on the same basket is not finished", other.id));
    }
    if (current.sends == 0) {
      const Spent before = spent(current.total.currency, current.session);
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

Spent PurchaseJournal::spent(const std::string& currency, const std::string& session) const {
  const auto sum = [&](const std::string& where, const std::string& bound) {
    Poco::Int64 total = 0;
    db_.checked([&] {
      db_.session() << fmt::format(
          "SELECT coalesce(sum(total_minor), 0) FROM purchases WHERE {} "
          "AND currency = ? AND {}",
          kSpending, where),
          bind(currency), bind(bound), into(total), now;
    });
    return total;
  };
  // A clock that was set back must not make purchases of the future free.
  return {sum("session = ?", session),
          sum("sent_ms > CAST(? AS INTEGER)", std::to_string(unix_ms_() - kDayMs))};
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
      "state IN ('consent', 'approve_sent', 'approved') AND updated_ms < CAST(? AS INTEGER)";
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
  return select("1 ORDER BY created_ms DESC, rowid DESC", {});
}

std::vector<Attempt> PurchaseJournal::unfinished() const {
  return select(fmt::format("{} ORDER BY created_ms, rowid", kUnfinished), {});
}

std::optional<Attempt> PurchaseJournal::unfinished_on(const std::string& basket) const {
  auto found = select(fmt::format("basket = ? AND {}", kUnfinished), {basket});
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::optional<Attempt> PurchaseJournal::done_on_checkout(const std::string& checkout_id) const {
  auto found =
      select("checkout_id = ? AND state = 'done' ORDER BY updated_ms DESC LIMIT 1", {checkout_id});
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::optional<Attempt> PurchaseJournal::done_on_basket(const std::string& basket,
                                                       std::int64_t since_unix_ms) const {
  auto found = select(
      "basket = ? AND state = 'done' AND updated_ms >= CAST(? AS INTEGER) ORDER BY updated_ms DESC "
      "LIMIT 1",
      {basket, std::to_string(since_unix_ms)});
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

void PurchaseJournal::remember_checkout(const std::string& session, const std::string& checkout_id,
                                        const std::string& requested) {
  db_.transaction([&] {
    // The first request stays: create_checkout repeated within a turn answers the same checkout.
    db_.session() << "INSERT OR IGNORE INTO purchase_checkouts VALUES (?, ?, ?, ?)", bind(session),
        bind(checkout_id), bind(requested), bind(Poco::Int64{unix_ms_()}), now;
  });
}

bool PurchaseJournal::knows_checkout(const std::string& session,
                                     const std::string& checkout_id) const {
  return requested_of(session, checkout_id).has_value();
}

std::optional<std::string> PurchaseJournal::requested_of(const std::string& session,
                                                         const std::string& checkout_id) const {
  std::vector<std::string> found;
  db_.checked([&] {
    db_.session()
        << "SELECT requested FROM purchase_checkouts WHERE session = ? AND checkout_id = ?",
        bind(session), bind(checkout_id), into(found), now;
  });
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::string PurchaseJournal::install_secret() const {
  std::vector<std::string> found;
  const auto read = [&] {
    db_.session() << "SELECT value FROM purchase_secrets WHERE name = 'install'", into(found), now;
  };
  db_.checked(read);
  if (found.empty()) {
    db_.durable([&] {
      db_.session() << "INSERT OR IGNORE INTO purchase_secrets VALUES ('install', ?)",
          bind(random_id(kSecretBytes)), now;
      read();
    });
  }
  return found.front();
}

void PurchaseJournal::append(Attempt& attempt, AttemptState state, const AttemptChange& change) {
  attempt.state = state;
  attempt.note = plain(change.note);
  if (!change.order_id.empty()) attempt.order_id = change.order_id;
  if (!change.merchant_order_id.empty()) attempt.merchant_order_id = change.merchant_order_id;
  if (change.key_is_spent) ++attempt.key_ordinal;
  attempt.updated_unix_ms = unix_ms_();
  update_attempt(db_.session(), attempt);
  append_event(attempt);
}

void PurchaseJournal::append_event(const Attempt& attempt) {
  Poco::Int64 seq = 0;
  std::vector<std::string> previous;
  db_.session() << "SELECT coalesce(max(seq), 0) FROM purchase_events", into(seq), now;
  db_.session() << "SELECT hash FROM purchase_events WHERE seq = ?", use(seq), into(previous), now;
  ++seq;
  const std::string record = attempt_record(attempt);
  const std::string hash = chain_hash(previous.empty() ? "" : previous.front(), seq, record);
  db_.session() << "INSERT INTO purchase_events VALUES (?, ?, ?, ?, ?, ?, ?)", use(seq),
      bind(attempt.id), bind(std::string(attempt_state_name(attempt.state))),
      bind(Poco::Int64{attempt.updated_unix_ms}), bind(attempt.note), bind(record), bind(hash), now;
  head_ = ChainHead{seq, hash};
}

std::vector<Attempt> PurchaseJournal::select(const std::string& where,
                                             const std::vector<std::string>& bound) const {
  std::vector<Attempt> found;
  db_.checked([&] { found = select_attempts(db_.session(), where, bound); });
  return found;
}

std::vector<AttemptEvent> PurchaseJournal::events(const std::string& attempt) const {
  std::vector<AttemptEvent> found;
  db_.checked([&] {
    std::vector<Poco::Int64> seqs;
    std::vector<Poco::Int64> times;
    std::vector<std::string> states;
    std::vector<std::string> notes;
    db_.session() << "SELECT seq, unix_ms, state, note FROM purchase_events WHERE attempt = ? "
                     "ORDER BY seq",
        bind(attempt), into(seqs), into(times), into(states), into(notes), now;
    for (std::size_t i = 0; i < seqs.size(); ++i) {
      found.push_back({seqs[i], attempt, attempt_state_from(states[i]), times[i], notes[i]});
    }
  });
  return found;
}

std::optional<std::int64_t> PurchaseJournal::verify() const {
  std::optional<std::int64_t> bad;
  db_.checked([&] { bad = first_broken_event(db_.session()); });
  return bad;
}

std::optional<std::string> PurchaseJournal::distrust() const {
  const std::string remedy = fmt::format(
      "nothing is bought until that is cleared up: restore the folder {} from a backup, or look "
      "through `cartpilot purchases list` and go on with --new-journal",
      db_.path().parent_path().string());
  try {
    if (const auto broken = verify()) {
      return fmt::format("the record of purchases was altered at event {}; {}", *broken, remedy);
    }
    const auto noted = noted_chain_head(db_.path());
    if (!noted) return std::nullopt;
    std::vector<std::string> found;
    db_.checked([&] {
      db_.session() << "SELECT hash FROM purchase_events WHERE seq = ?",
          bind(Poco::Int64{noted->seq}), into(found), now;
    });
    if (!found.empty() && found.front() == noted->hash) return std::nullopt;
    return fmt::format(
        "the record of purchases is not the one of the last purchase (event {} is "
        "{}): it was deleted or replaced by an older copy; {}",
        noted->seq, found.empty() ? "missing" : "another", remedy);
  } catch (const Error& error) {
    return fmt::format("the record of purchases cannot be read ({}); {}", error.what(), remedy);
  }
}

void PurchaseJournal::start_anew() {
  durable([&] {
    const std::string aside = fmt::format("purchase_events_until_{}", unix_ms_());
    db_.session() << "DROP INDEX IF EXISTS purchase_events_by_attempt", now;
    db_.session() << fmt::format("ALTER TABLE purchase_events RENAME TO {}", aside), now;
    create_purchase_tables(db_.session());
    head_ = ChainHead{};
    for (const Attempt& attempt : select("1 ORDER BY created_ms, rowid", {})) append_event(attempt);
  });
}

}  // namespace cartpilot::purchase
