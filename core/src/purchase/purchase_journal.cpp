#include "purchase/purchase_journal.h"

#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>
#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "cartpilot/error.h"
#include "cartpilot/json.h"
#include "purchase/attempt_record.h"
#include "purchase/purchase_keys.h"

namespace cartpilot::purchase {

using namespace Poco::Data::Keywords;  // NOLINT: Poco's statement syntax

namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kMaxNoteBytes = 300;

constexpr const char* kTables[] = {
    "CREATE TABLE IF NOT EXISTS purchases (attempt TEXT PRIMARY KEY, session TEXT NOT NULL, "
    "api_origin TEXT NOT NULL, checkout_id TEXT NOT NULL, merchant_checkout_id TEXT NOT NULL, "
    "merchant_id TEXT NOT NULL, basket TEXT NOT NULL, digest TEXT NOT NULL, payment_method TEXT "
    "NOT NULL, total_minor INTEGER NOT NULL, currency TEXT NOT NULL, approved_by TEXT NOT NULL, "
    "state TEXT NOT NULL, order_id "
    "TEXT NOT NULL, merchant_order_id TEXT NOT NULL, note TEXT NOT NULL, sends INTEGER NOT NULL, "
    "key_ordinal INTEGER NOT NULL, sent_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL, "
    "updated_ms INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS purchases_by_checkout ON purchases (checkout_id)",
    "CREATE INDEX IF NOT EXISTS purchases_by_basket ON purchases (basket, state)",
    "CREATE TABLE IF NOT EXISTS purchase_events (seq INTEGER PRIMARY KEY, attempt TEXT NOT NULL, "
    "state TEXT NOT NULL, unix_ms INTEGER NOT NULL, note TEXT NOT NULL, record TEXT NOT NULL, "
    "hash TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS purchase_events_by_attempt ON purchase_events (attempt)",
    "CREATE TABLE IF NOT EXISTS purchase_checkouts (session TEXT NOT NULL, checkout_id TEXT NOT "
    "NULL, requested TEXT NOT NULL, created_ms INTEGER NOT NULL, PRIMARY KEY (session, "
    "checkout_id)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS purchase_secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) "
    "WITHOUT ROWID",
};

constexpr const char* kUnfinished = "state IN ('confirm_sent', 'unknown')";

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
  db_.durable([&] {
    for (const char* table : kTables) db_.session() << table, now;
  });
}

void PurchaseJournal::open(const Attempt& attempt) {
  Attempt opened = attempt;
  db_.durable([&] {
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
  db_.durable([&] {
    Attempt current = get(attempt);
    if (state == AttemptState::kConfirmSent) {
      refuse(ErrorCode::kInvalidArgument, "state", "a confirm is claimed with begin_send()");
    }
    require_step(current, state);
    append(current, state, change);
  });
}

Attempt PurchaseJournal::begin_send(const std::string& attempt, std::int64_t min_gap_ms) {
  Attempt current;
  db_.durable([&] {
    current = get(attempt);
    require_step(current, AttemptState::kConfirmSent);
    for (const Attempt& other :
         select(fmt::format("basket = ? AND {}", kUnfinished), {current.basket})) {
      if (other.id == current.id) continue;
      refuse(ErrorCode::kPermission, "basket",
             fmt::format("attempt {} on the same basket is not finished", other.id));
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

Attempt PurchaseJournal::resolve(const std::string& attempt, bool bought) {
  Attempt current;
  db_.durable([&] {
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
  db_.durable([&] {
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

}  // namespace cartpilot::purchase
