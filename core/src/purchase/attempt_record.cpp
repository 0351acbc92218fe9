#include "purchase/attempt_record.h"

#include <array>
#include <map>

#include "base/digest.h"
#include "cartpilot/error.h"
#include "cartpilot/json.h"
#include "commerce/receipt.h"

namespace cartpilot::purchase {

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

constexpr const char* kPurchaseTables[] = {
    ("CREATE TABLE IF NOT EXISTS purchases (attempt TEXT PRIMARY KEY, session TEXT NOT NULL, "
     "api_origin TEXT NOT NULL, checkout_id TEXT NOT NULL, merchant_checkout_id TEXT NOT NULL, "
     "merchant_id TEXT NOT NULL, basket TEXT NOT NULL, digest TEXT NOT NULL, payment_method TEXT "
     "NOT NULL, total_minor INTEGER NOT NULL, currency TEXT NOT NULL, approved_by TEXT NOT NULL, "
     "state TEXT NOT NULL, order_id "
     "TEXT NOT NULL, merchant_order_id TEXT NOT NULL, note TEXT NOT NULL, sends INTEGER NOT NULL, "
     "key_ordinal INTEGER NOT NULL, sent_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL, "
     "updated_ms INTEGER NOT NULL, cartpilot TEXT NOT NULL DEFAULT '', receipt TEXT NOT NULL "
     "DEFAULT '', channel TEXT NOT NULL DEFAULT '', approved_ms INTEGER NOT NULL DEFAULT 0)"),
    "CREATE INDEX IF NOT EXISTS purchases_by_checkout ON purchases (checkout_id)",
    "CREATE INDEX IF NOT EXISTS purchases_by_basket ON purchases (basket, state)",
    ("CREATE TABLE IF NOT EXISTS purchase_events (seq INTEGER PRIMARY KEY, attempt TEXT NOT NULL, "
     "state TEXT NOT NULL, unix_ms INTEGER NOT NULL, note TEXT NOT NULL, record TEXT NOT NULL, "
     "hash TEXT NOT NULL)"),
    "CREATE INDEX IF NOT EXISTS purchase_events_by_attempt ON purchase_events (attempt)",
    ("CREATE TABLE IF NOT EXISTS purchase_checkouts (session TEXT NOT NULL, checkout_id TEXT NOT "
     "NULL, requested TEXT NOT NULL, created_ms INTEGER NOT NULL, cartpilot TEXT NOT NULL DEFAULT "
     "'', PRIMARY KEY (session, checkout_id)) WITHOUT ROWID"),
    ("CREATE TABLE IF NOT EXISTS purchase_secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) "
     "WITHOUT ROWID"),
    ("CREATE TABLE IF NOT EXISTS purchase_records (number INTEGER PRIMARY KEY, aside TEXT NOT "
     "NULL, "
     "time_ms INTEGER NOT NULL)"),
    ("CREATE TABLE IF NOT EXISTS purchase_gaps (id INTEGER PRIMARY KEY, noted_seq INTEGER NOT "
     "NULL, "
     "found_seq INTEGER NOT NULL, time_ms INTEGER NOT NULL, resolved_ms INTEGER NOT NULL DEFAULT "
     "0)"),
};
constexpr store::TableSet kPurchaseTableSet{"purchase", 2, kPurchaseTables};

}  // namespace

const store::TableSet& purchase_tables() { return kPurchaseTableSet; }

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
  Json record{{"attempt", attempt.id},
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
              {"updated_ms", attempt.updated_unix_ms}};
  // A record of format 1 has none of these and keeps its text.
  if (!attempt.cartpilot.empty()) record["cartpilot"] = attempt.cartpilot;
  if (!attempt.receipt.empty()) record["receipt"] = attempt.receipt;
  if (!attempt.channel.empty()) record["channel"] = attempt.channel;
  if (attempt.approved_unix_ms != 0) record["approved_ms"] = attempt.approved_unix_ms;
  return dump_json(record);
}

std::string receipt_record(const commerce::Receipt& receipt) {
  const commerce::FrozenReceipt& frozen = receipt.frozen;
  Json items = Json::array();
  for (const commerce::FrozenReceipt::Item& item : frozen.items) {
    Json line = {{"product_id", item.product_id}};
    if (item.variant_id) line["variant_id"] = *item.variant_id;
    line["sku"] = item.sku;
    line["title"] = item.title;
    line["quantity"] = item.quantity;
    line["unit_price"] = item.unit_price_cents;
    items.push_back(std::move(line));
  }
  const Json record = {{"items", std::move(items)},
                       {"subtotal", frozen.subtotal_cents},
                       {"tax", frozen.tax_cents},
                       {"shipping", frozen.shipping_cents},
                       {"total", frozen.total_cents},
                       {"currency", frozen.currency},
                       {"expires_at", receipt.checkout.expires_at}};
  return record.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::string chain_hash(std::string_view previous, std::int64_t seq, std::string_view record) {
  return base::sha256_hex(commerce::netstring(previous) + commerce::netstring(std::to_string(seq)) +
                          commerce::netstring(record));
}

void insert_attempt(store::StateDb& db, const Attempt& attempt) {
  const auto insert = db.prepared(
      "INSERT INTO purchases (attempt, session, api_origin, checkout_id, merchant_checkout_id, "
      "merchant_id, basket, digest, payment_method, total_minor, currency, approved_by, state, "
      "order_id, merchant_order_id, note, sends, key_ordinal, sent_ms, created_ms, updated_ms, "
      "cartpilot, receipt, channel, approved_ms) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert->bind_all(attempt.id, attempt.session, attempt.api_origin, attempt.checkout_id,
                   attempt.merchant_checkout_id, attempt.merchant_id, attempt.basket,
                   attempt.digest, attempt.payment_method, attempt.total.minor,
                   attempt.total.currency, attempt.by,
                   std::string(attempt_state_name(attempt.state)), attempt.order_id,
                   attempt.merchant_order_id, attempt.note, attempt.sends, attempt.key_ordinal,
                   attempt.sent_unix_ms, attempt.created_unix_ms, attempt.updated_unix_ms,
                   attempt.cartpilot, attempt.receipt, attempt.channel, attempt.approved_unix_ms);
  insert->exec();
}

void update_attempt(store::StateDb& db, const Attempt& attempt) {
  const auto update = db.prepared(
      "UPDATE purchases SET state = ?, order_id = ?, merchant_order_id = ?, note = ?, "
      "sends = ?, key_ordinal = ?, sent_ms = ?, updated_ms = ? WHERE attempt = ?");
  update->bind_all(std::string(attempt_state_name(attempt.state)), attempt.order_id,
                   attempt.merchant_order_id, attempt.note, attempt.sends, attempt.key_ordinal,
                   attempt.sent_unix_ms, attempt.updated_unix_ms, attempt.id);
  update->exec();
}

std::vector<Attempt> select_attempts(store::StateDb& db, const std::string& where,
                                     const std::vector<std::string>& bound) {
  std::vector<Attempt> found;
  const auto select = db.prepared(
      "SELECT attempt, session, api_origin, checkout_id, merchant_checkout_id, merchant_id, "
      "basket, digest, payment_method, total_minor, currency, approved_by, state, order_id, "
      "merchant_order_id, note, sends, key_ordinal, sent_ms, created_ms, updated_ms, cartpilot, "
      "receipt, channel, approved_ms FROM purchases WHERE " +
      where);
  for (std::size_t i = 0; i < bound.size(); ++i) select->bind(static_cast<int>(i) + 1, bound[i]);
  while (select->step()) {
    int column = 0;
    const auto text = [&] { return select->text(column++); };
    const auto integer = [&] { return select->integer(column++); };
    Attempt& row = found.emplace_back();
    row.id = text();
    row.session = text();
    row.api_origin = text();
    row.checkout_id = text();
    row.merchant_checkout_id = text();
    row.merchant_id = text();
    row.basket = text();
    row.digest = text();
    row.payment_method = text();
    row.total.minor = integer();
    row.total.currency = text();
    row.by = text();
    row.state = attempt_state_from(text());
    row.order_id = text();
    row.merchant_order_id = text();
    row.note = text();
    row.sends = static_cast<int>(integer());
    row.key_ordinal = integer();
    row.sent_unix_ms = integer();
    row.created_unix_ms = integer();
    row.updated_unix_ms = integer();
    row.cartpilot = text();
    row.receipt = text();
    row.channel = text();
    row.approved_unix_ms = integer();
  }
  return found;
}

std::optional<std::int64_t> first_broken_event(store::StateDb& db) {
  std::string previous;
  std::int64_t expected = 0;
  struct Last {
    std::int64_t seq = 0;
    std::string record;
  };
  std::map<std::string, Last> last;
  const auto select = db.prepared(
      "SELECT seq, attempt, state, unix_ms, note, record, hash FROM purchase_events ORDER BY seq");
  while (select->step()) {
    const std::int64_t seq = select->integer(0);
    const std::string attempt = select->text(1);
    const std::string state = select->text(2);
    const std::int64_t unix_ms = select->integer(3);
    const std::string note = select->text(4);
    const std::string record = select->text(5);
    const std::string hash = select->text(6);
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
  for (const Attempt& row : select_attempts(db, "1 = 1", {})) {
    const auto found = last.find(row.id);
    if (found == last.end()) return expected + 1;
    if (found->second.record != attempt_record(row)) return found->second.seq;
    last.erase(found);
  }
  if (!last.empty()) return last.begin()->second.seq;
  return std::nullopt;
}

}  // namespace cartpilot::purchase
