#include "sandbox/sandbox_store.h"

#include <Poco/Data/Session.h>
#include <Poco/Nullable.h>

#include "sandbox/database_file.h"
#include "sandbox/json_records.h"
#include "sandbox/json_views.h"

namespace cartpilot::sandbox {
namespace {

namespace sql = Poco::Data::Keywords;
using Text = Poco::Nullable<std::string>;

Text nullable(const std::optional<std::string>& text) { return text ? Text(*text) : Text(); }

template <typename Record>
std::optional<Record> read(const std::optional<std::string>& document,
                           Record (*convert)(std::string_view)) {
  if (!document) return std::nullopt;
  return convert(*document);
}

}  // namespace

SandboxStore::SandboxStore(const std::string& path) : session_(open_database(path)) {}

SandboxStore::~SandboxStore() = default;

void SandboxStore::transaction(const std::function<void()>& work) {
  *session_ << "BEGIN IMMEDIATE", sql::now;
  try {
    work();
    *session_ << "COMMIT", sql::now;
  } catch (...) {
    *session_ << "ROLLBACK", sql::now;
    throw;
  }
}

std::optional<std::string> SandboxStore::document(const char* query, const std::string& argument) {
  std::vector<std::string> rows;
  *session_ << query, sql::bind(argument), sql::into(rows), sql::now;
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

std::optional<std::string> SandboxStore::document(const char* query, const std::string& first,
                                                  const std::string& second) {
  std::vector<std::string> rows;
  *session_ << query, sql::bind(first), sql::bind(second), sql::into(rows), sql::now;
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

std::optional<std::string> SandboxStore::intent_text(const std::string& id) {
  return document("SELECT document FROM intents WHERE id = ?", id);
}

std::optional<std::string> SandboxStore::checkout_text(const std::string& id) {
  return document("SELECT document FROM checkouts WHERE id = ?", id);
}

std::optional<std::string> SandboxStore::order_text(const std::string& id) {
  return document("SELECT document FROM orders WHERE id = ?", id);
}

std::optional<Intent> SandboxStore::find_intent(const std::string& id) {
  return read(intent_text(id), intent_from);
}

void SandboxStore::save(const Intent& intent) {
  *session_ << "INSERT INTO intents(id, document) VALUES(?, ?)"
               " ON CONFLICT(id) DO UPDATE SET document = excluded.document",
      sql::bind(intent.id), sql::bind(dump_json(view(intent))), sql::now;
}

std::optional<Offer> SandboxStore::find_offer(const std::string& id) {
  return read(document("SELECT document FROM offers WHERE id = ?", id), offer_from);
}

std::vector<Offer> SandboxStore::offers_of(const std::string& intent_id) {
  std::vector<std::string> rows;
  *session_ << "SELECT document FROM offers WHERE intent_id = ? ORDER BY number DESC",
      sql::bind(intent_id), sql::into(rows), sql::now;
  std::vector<Offer> offers;
  for (const std::string& row : rows) offers.push_back(offer_from(row));
  return offers;
}

void SandboxStore::add(const Offer& offer) {
  // Whether an offer has expired is worked out when it is shown; any instant will do here.
  *session_ << "INSERT INTO offers(id, intent_id, document) VALUES(?, ?, ?)", sql::bind(offer.id),
      sql::bind(offer.intent_id), sql::bind(dump_json(view(offer, offer.created_at))), sql::now;
}

std::optional<Checkout> SandboxStore::find_checkout(const std::string& id) {
  return read(checkout_text(id), checkout_from);
}

std::optional<Checkout> SandboxStore::find_checkout_by_key(const std::string& key) {
  return read(document("SELECT document FROM checkouts WHERE body_key = ?", key), checkout_from);
}

void SandboxStore::add(const Checkout& checkout, const std::optional<std::string>& key) {
  *session_ << "INSERT INTO checkouts(id, body_key, document) VALUES(?, ?, ?)",
      sql::bind(checkout.id), sql::bind(nullable(key)), sql::bind(dump_json(view(checkout))),
      sql::now;
}

void SandboxStore::save(const Checkout& checkout) {
  *session_ << "UPDATE checkouts SET document = ? WHERE id = ?",
      sql::bind(dump_json(view(checkout))), sql::bind(checkout.id), sql::now;
}

std::optional<MerchantSession> SandboxStore::find_session(const std::string& id) {
  return read(document("SELECT document FROM merchant_sessions WHERE id = ?", id),
              merchant_session_from);
}

std::optional<MerchantSession> SandboxStore::find_session_by_key(const std::string& merchant_id,
                                                                 const std::string& key) {
  return read(document("SELECT document FROM merchant_sessions WHERE merchant_id = ? AND"
                       " quote_key = ?",
                       merchant_id, key),
              merchant_session_from);
}

void SandboxStore::add(const MerchantSession& session, const std::optional<std::string>& key) {
  *session_ << "INSERT INTO merchant_sessions(id, merchant_id, quote_key, document)"
               " VALUES(?, ?, ?, ?)",
      sql::bind(session.id), sql::bind(session.merchant_id), sql::bind(nullable(key)),
      sql::bind(dump_json(view(session))), sql::now;
}

void SandboxStore::save(const MerchantSession& session) {
  *session_ << "UPDATE merchant_sessions SET document = ? WHERE id = ?",
      sql::bind(dump_json(view(session))), sql::bind(session.id), sql::now;
}

std::int64_t SandboxStore::session_count(const std::string& merchant_id) {
  std::int64_t count = 0;
  *session_ << "SELECT count(*) FROM merchant_sessions WHERE merchant_id = ?",
      sql::bind(merchant_id), sql::into(count), sql::now;
  return count;
}

void SandboxStore::forget_sessions(const std::string& merchant_id) {
  *session_ << "DELETE FROM merchant_sessions WHERE merchant_id = ?", sql::bind(merchant_id),
      sql::now;
}

std::vector<std::pair<std::string, std::string>> SandboxStore::goods_of(
    const std::string& merchant_id) {
  std::vector<std::string> ids;
  std::vector<std::string> documents;
  *session_ << "SELECT product_id, document FROM goods WHERE merchant_id = ?",
      sql::bind(merchant_id), sql::into(ids), sql::into(documents), sql::now;
  std::vector<std::pair<std::string, std::string>> goods;
  for (std::size_t i = 0; i < ids.size(); ++i) goods.emplace_back(ids[i], documents[i]);
  return goods;
}

void SandboxStore::save_goods(const std::string& merchant_id, const std::string& product_id,
                              const std::string& document) {
  *session_ << "INSERT OR REPLACE INTO goods(merchant_id, product_id, document) VALUES(?, ?, ?)",
      sql::bind(merchant_id), sql::bind(product_id), sql::bind(document), sql::now;
}

std::optional<std::string> SandboxStore::find_setting(const std::string& name) {
  return document("SELECT document FROM settings WHERE name = ?", name);
}

void SandboxStore::save_setting(const std::string& name, const std::string& document) {
  *session_ << "INSERT OR REPLACE INTO settings(name, document) VALUES(?, ?)", sql::bind(name),
      sql::bind(document), sql::now;
}

std::optional<std::string> SandboxStore::find_event(const std::string& merchant_id,
                                                    const std::string& event_id) {
  return document("SELECT document FROM webhook_events WHERE merchant_id = ? AND event_id = ?",
                  merchant_id, event_id);
}

void SandboxStore::add_event(const std::string& merchant_id, const std::string& event_id,
                             const std::string& document) {
  *session_ << "INSERT INTO webhook_events(merchant_id, event_id, document) VALUES(?, ?, ?)",
      sql::bind(merchant_id), sql::bind(event_id), sql::bind(document), sql::now;
}

std::optional<Order> SandboxStore::find_order(const std::string& id) {
  return read(order_text(id), order_from);
}

std::optional<Order> SandboxStore::find_order_by_number(const std::string& merchant_id,
                                                        const std::string& merchant_order_id) {
  return read(document("SELECT document FROM orders WHERE merchant_order_id = ? AND"
                       " merchant_id = ?",
                       merchant_order_id, merchant_id),
              order_from);
}

void SandboxStore::save(const Order& order) {
  *session_ << "INSERT INTO orders(id, checkout_id, merchant_id, merchant_order_id, status,"
               " document) VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE"
               " SET status = excluded.status, document = excluded.document",
      sql::bind(order.id), sql::bind(order.checkout_id), sql::bind(order.merchant_id),
      sql::bind(nullable(order.merchant_order_id)), sql::bind(std::string(name(order.status))),
      sql::bind(dump_json(view(order))), sql::now;
}

Page<Order> SandboxStore::orders(const OrderFilter& filter, std::int64_t page,
                                 std::int64_t page_size) {
  const std::string where =
      " FROM orders WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR merchant_id = ?2)";
  const Text status = filter.status ? Text(std::string(name(*filter.status))) : Text();
  const Text merchant = nullable(filter.merchant_id);
  Page<Order> result;
  *session_ << "SELECT count(*)" + where, sql::bind(status), sql::bind(merchant),
      sql::into(result.total), sql::now;
  if (page - 1 > result.total / page_size) return result;
  std::vector<std::string> rows;
  *session_ << "SELECT document" + where + " ORDER BY number DESC LIMIT ?3 OFFSET ?4",
      sql::bind(status), sql::bind(merchant), sql::bind(page_size),
      sql::bind((page - 1) * page_size), sql::into(rows), sql::now;
  for (const std::string& row : rows) result.records.push_back(order_from(row));
  return result;
}

std::optional<SandboxStore::Answer> SandboxStore::find_answer(const std::string& key,
                                                              const std::string& path) {
  std::vector<Text> hashes;
  std::vector<int> statuses;
  std::vector<std::string> bodies;
  std::vector<std::int64_t> times;
  *session_ << "SELECT body_hash, status, body, stored_at FROM answers WHERE key = ? AND path = ?",
      sql::bind(key), sql::bind(path), sql::into(hashes), sql::into(statuses), sql::into(bodies),
      sql::into(times), sql::now;
  if (bodies.empty()) return std::nullopt;
  const Text& hash = hashes.front();
  return Answer{hash.isNull() ? std::nullopt : std::optional(hash.value()), statuses.front(),
                bodies.front(), times.front()};
}

void SandboxStore::save_answer(const std::string& key, const std::string& path,
                               const Answer& answer) {
  *session_ << "INSERT OR REPLACE INTO answers(key, path, body_hash, status, body, stored_at)"
               " VALUES(?, ?, ?, ?, ?, ?)",
      sql::bind(key), sql::bind(path), sql::bind(nullable(answer.body_hash)),
      sql::bind(answer.status), sql::bind(answer.body), sql::bind(answer.stored_at), sql::now;
}

void SandboxStore::forget_answers_before(Micros instant) {
  *session_ << "DELETE FROM answers WHERE stored_at < ?", sql::bind(instant), sql::now;
}

}  // namespace cartpilot::sandbox
