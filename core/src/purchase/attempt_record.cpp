#include "purchase/attempt_record.h"

#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>

#include <array>
#include <map>

#include "cartpilot/error.h"
#include "cartpilot/json.h"
#include "commerce/receipt.h"

namespace cartpilot::purchase {

using namespace Poco::Data::Keywords;  // NOLINT: Poco's statement syntax

namespace {

constexpr std::array<std::pair<AttemptState, std::string_view>, 7> kStates = {{
    {AttemptState::kConsent, "consent"},
    {AttemptState::kApproveSent, "approve_sent"},
    {AttemptState::kApproved, "approved"},
    {AttemptState::kConfirmSent, "confirm_sent"},
    {AttemptState::kDone, "done"},
    {AttemptState::kVoid, "void"},
    {AttemptState::kUnknown, "unknown"},
}};

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

}  // namespace

void create_purchase_tables(Poco::Data::Session& session) {
  for (const char* table : kTables) session << table, now;
}

std::string_view attempt_state_name(AttemptState state) {
  for (const auto& [value, name] : kStates) {
    if (value == state) return name;
  }
  return "unknown";
}

AttemptState attempt_state_from(std::string_view name) {
  for (const auto& [state, text] : kStates) {
    if (text == name) return state;
  }
  throw Error(ErrorCode::kProtocol,
              "the purchase journal holds a state this program does not know; run `cartpilot "
              "purchases verify`");
}

bool may_follow(const Attempt& attempt, AttemptState next) {
  using enum AttemptState;
  switch (attempt.state) {
    case kConsent: return next == kApproveSent || next == kApproved || next == kVoid;
    case kApproveSent: return next == kApproved || next == kVoid;
    case kApproved: return next == kConfirmSent || next == kVoid;
    case kConfirmSent:
    case kUnknown:
      return next == kConfirmSent || next == kDone || next == kVoid || next == kUnknown;
    // Proof of a purchase beats an earlier belief that there was none.
    case kVoid: return next == kDone && attempt.sends > 0;
    case kDone: return false;
  }
  return false;
}

std::string attempt_record(const Attempt& attempt) {
  return dump_json(Json{{"attempt", attempt.id},
                        {"session", attempt.session},
                        {"api_origin", attempt.api_origin},
                        {"checkout_id", attempt.checkout_id},
                        {"merchant_checkout_id", attempt.merchant_checkout_id},
                        {"merchant_id", attempt.merchant_id},
                        {"basket", attempt.basket},
                        {"digest", attempt.digest},
                        {"payment_method", attempt.payment_method},
                        {"total_minor", attempt.total.minor},
                        {"currency", attempt.total.currency},
                        {"by", attempt.by},
                        {"state", attempt_state_name(attempt.state)},
                        {"order_id", attempt.order_id},
                        {"merchant_order_id", attempt.merchant_order_id},
                        {"note", attempt.note},
                        {"sends", attempt.sends},
                        {"key_ordinal", attempt.key_ordinal},
                        {"sent_ms", attempt.sent_unix_ms},
                        {"created_ms", attempt.created_unix_ms},
                        {"updated_ms", attempt.updated_unix_ms}});
}

std::string chain_hash(std::string_view previous, std::int64_t seq, std::string_view record) {
  return commerce::sha256_hex(commerce::netstring(previous) +
                              commerce::netstring(std::to_string(seq)) +
                              commerce::netstring(record));
}

void insert_attempt(Poco::Data::Session& session, const Attempt& attempt) {
  session << "INSERT INTO purchases (attempt, session, api_origin, checkout_id, "
             "merchant_checkout_id, merchant_id, basket, digest, payment_method, total_minor, "
             "currency, "
             "approved_by, state, order_id, merchant_order_id, note, sends, key_ordinal, sent_ms, "
             "created_ms, updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
             "?, ?, ?, ?)",
      bind(attempt.id), bind(attempt.session), bind(attempt.api_origin), bind(attempt.checkout_id),
      bind(attempt.merchant_checkout_id), bind(attempt.merchant_id), bind(attempt.basket),
      bind(attempt.digest), bind(attempt.payment_method), bind(Poco::Int64{attempt.total.minor}),
      bind(attempt.total.currency), bind(attempt.by),
      bind(std::string(attempt_state_name(attempt.state))), bind(attempt.order_id),
      bind(attempt.merchant_order_id), bind(attempt.note), bind(attempt.sends),
      bind(Poco::Int64{attempt.key_ordinal}), bind(Poco::Int64{attempt.sent_unix_ms}),
      bind(Poco::Int64{attempt.created_unix_ms}), bind(Poco::Int64{attempt.updated_unix_ms}), now;
}

void update_attempt(Poco::Data::Session& session, const Attempt& attempt) {
  session << "UPDATE purchases SET state = ?, order_id = ?, merchant_order_id = ?, note = ?, "
             "sends = ?, key_ordinal = ?, sent_ms = ?, updated_ms = ? WHERE attempt = ?",
      bind(std::string(attempt_state_name(attempt.state))), bind(attempt.order_id),
      bind(attempt.merchant_order_id), bind(attempt.note), bind(attempt.sends),
      bind(Poco::Int64{attempt.key_ordinal}), bind(Poco::Int64{attempt.sent_unix_ms}),
      bind(Poco::Int64{attempt.updated_unix_ms}), bind(attempt.id), now;
}

std::vector<Attempt> select_attempts(Poco::Data::Session& session, const std::string& where,
                                     const std::vector<std::string>& bound) {
  std::vector<Attempt> found;
  Attempt row;
  std::string state;
  Poco::Int64 total = 0;
  Poco::Int64 ordinal = 0;
  Poco::Int64 sent = 0;
  Poco::Int64 created = 0;
  Poco::Int64 updated = 0;
  Poco::Data::Statement select(session);
  select << "SELECT attempt, session, api_origin, checkout_id, merchant_checkout_id, merchant_id, "
            "basket, digest, payment_method, total_minor, currency, approved_by, state, order_id, "
            "merchant_order_id, note, sends, key_ordinal, sent_ms, created_ms, updated_ms FROM "
            "purchases WHERE " +
                where,
      into(row.id), into(row.session), into(row.api_origin), into(row.checkout_id),
      into(row.merchant_checkout_id), into(row.merchant_id), into(row.basket), into(row.digest),
      into(row.payment_method), into(total), into(row.total.currency), into(row.by), into(state),
      into(row.order_id), into(row.merchant_order_id), into(row.note), into(row.sends),
      into(ordinal), into(sent), into(created), into(updated), range(0, 1);
  for (const std::string& value : bound) select, bind(value);
  while (!select.done()) {
    if (select.execute() == 0) continue;
    row.state = attempt_state_from(state);
    row.total.minor = total;
    row.key_ordinal = ordinal;
    row.sent_unix_ms = sent;
    row.created_unix_ms = created;
    row.updated_unix_ms = updated;
    found.push_back(row);
  }
  return found;
}

std::optional<std::int64_t> first_broken_event(Poco::Data::Session& session) {
  Poco::Int64 seq = 0;
  Poco::Int64 unix_ms = 0;
  std::string attempt;
  std::string state;
  std::string note;
  std::string record;
  std::string hash;
  std::string previous;
  std::int64_t expected = 0;
  struct Last {
    std::int64_t seq = 0;
    std::string record;
  };
  std::map<std::string, Last> last;
  Poco::Data::Statement select(session);
  select << "SELECT seq, attempt, state, unix_ms, note, record, hash FROM purchase_events ORDER BY "
            "seq",
      into(seq), into(attempt), into(state), into(unix_ms), into(note), into(record), into(hash),
      range(0, 1);
  while (!select.done()) {
    if (select.execute() == 0) continue;
    ++expected;
    if (seq != expected || hash != chain_hash(previous, seq, record)) return expected;
    // The readable columns repeat the record, which is what the hash covers.
    const Json said = parse_json(record, "a purchase event");
    if (string_or(said, "attempt") != attempt || string_or(said, "state") != state ||
        string_or(said, "note") != note || integer_or(said, "updated_ms") != unix_ms) {
      return seq;
    }
    last[attempt] = {seq, record};
    previous = hash;
  }
  for (const Attempt& row : select_attempts(session, "1", {})) {
    const auto found = last.find(row.id);
    if (found == last.end()) return expected + 1;
    if (found->second.record != attempt_record(row)) return found->second.seq;
    last.erase(found);
  }
  if (!last.empty()) return last.begin()->second.seq;
  return std::nullopt;
}

}  // namespace cartpilot::purchase
