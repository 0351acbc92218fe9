#include "sandbox/store/store.h"

#include "sandbox/store/database_file.h"
#include "sandbox/store/json_records.h"
#include "sandbox/wire/json_views.h"

namespace cartpilot::sandbox {
namespace {

template <typename Record>
std::optional<Record> read(const std::optional<std::string>& document,
                           Record (*convert)(std::string_view)) {
  if (!document) return std::nullopt;
  return convert(*document);
}

}  // namespace

SandboxStore::SandboxStore(const std::string& path)
    : database_(open_database(path)), statements_(database_) {}

void SandboxStore::transaction(const std::function<void()>& work) {
  statements_.execute("BEGIN IMMEDIATE");
  try {
    work();
    statements_.execute("COMMIT");
  } catch (...) {
    statements_.execute("ROLLBACK");
    throw;
  }
}

template <typename... Values>
std::optional<std::string> SandboxStore::document(const char* sql, const Values&... values) {
  Run run(statements_[sql], values...);
  if (!run.next()) return std::nullopt;
  return run.text(0);
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

std::string SandboxStore::save(const Intent& intent) {
  std::string text = dump_json(view(intent));
  statements_.execute(
      "INSERT INTO intents(id, document) VALUES(?, ?)"
      " ON CONFLICT(id) DO UPDATE SET document = excluded.document",
      intent.id, text);
  return text;
}

std::int64_t SandboxStore::forget_intents(const std::string& session_id) {
  std::int64_t count = 0;
  transaction([&] {
    Run counted(statements_["SELECT count(*) FROM intents WHERE ?1 = '' OR "
                            "json_extract(document, '$.session_id') = ?1"],
                session_id);
    if (counted.next()) count = counted.integer(0);
    statements_.execute(
        "DELETE FROM intents WHERE ?1 = '' OR json_extract(document, '$.session_id') = ?1",
        session_id);
    statements_.execute("DELETE FROM offers WHERE intent_id NOT IN (SELECT id FROM intents)");
  });
  return count;
}

std::optional<std::string> SandboxStore::offer_text(const std::string& id) {
  return document("SELECT document FROM offers WHERE id = ?", id);
}

std::optional<std::string> SandboxStore::merchant_of_offer(const std::string& id) {
  return document("SELECT json_extract(document, '$.merchant_id') FROM offers WHERE id = ?", id);
}

std::vector<std::string> SandboxStore::offer_texts(const std::string& intent_id) {
  std::vector<std::string> offers;
  Run run(statements_["SELECT document FROM offers WHERE intent_id = ? ORDER BY number DESC"],
          intent_id);
  while (run.next()) offers.push_back(run.text(0));
  return offers;
}

std::string SandboxStore::add(const Offer& offer) {
  std::string text = dump_json(view(offer));
  statements_.execute("INSERT INTO offers(id, intent_id, document) VALUES(?, ?, ?)", offer.id,
                      offer.intent_id, text);
  return text;
}

std::optional<Checkout> SandboxStore::find_checkout(const std::string& id) {
  return read(checkout_text(id), checkout_from);
}

std::optional<std::string> SandboxStore::checkout_status(const std::string& id) {
  return document("SELECT json_extract(document, '$.status') FROM checkouts WHERE id = ?", id);
}

std::optional<std::string> SandboxStore::checkout_text_by_key(const std::string& key) {
  return document("SELECT document FROM checkouts WHERE body_key = ?", key);
}

std::string SandboxStore::add(const Checkout& checkout, const std::optional<std::string>& key) {
  std::string text = dump_json(view(checkout));
  statements_.execute("INSERT INTO checkouts(id, body_key, document) VALUES(?, ?, ?)", checkout.id,
                      key, text);
  return text;
}

std::string SandboxStore::save(const Checkout& checkout) {
  std::string text = dump_json(view(checkout));
  statements_.execute("UPDATE checkouts SET document = ? WHERE id = ?", text, checkout.id);
  return text;
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
  statements_.execute(
      "INSERT INTO merchant_sessions(id, merchant_id, quote_key, document) VALUES(?, ?, ?, ?)",
      session.id, session.merchant_id, key, dump_json(view(session)));
}

void SandboxStore::save(const MerchantSession& session) {
  statements_.execute("UPDATE merchant_sessions SET document = ? WHERE id = ?",
                      dump_json(view(session)), session.id);
}

std::int64_t SandboxStore::session_count(const std::string& merchant_id) {
  Run run(statements_["SELECT count(*) FROM merchant_sessions WHERE merchant_id = ?"], merchant_id);
  run.next();
  return run.integer(0);
}

void SandboxStore::forget_sessions(const std::string& merchant_id) {
  statements_.execute("DELETE FROM merchant_sessions WHERE merchant_id = ?", merchant_id);
}

std::vector<std::pair<std::string, std::string>> SandboxStore::goods_of(
    const std::string& merchant_id) {
  std::vector<std::pair<std::string, std::string>> goods;
  Run run(statements_["SELECT product_id, document FROM goods WHERE merchant_id = ?"], merchant_id);
  while (run.next()) goods.emplace_back(run.text(0), run.text(1));
  return goods;
}

void SandboxStore::save_goods(const std::string& merchant_id, const std::string& product_id,
                              const std::string& document) {
  statements_.execute(
      "INSERT OR REPLACE INTO goods(merchant_id, product_id, document) VALUES(?, ?, ?)",
      merchant_id, product_id, document);
}

std::optional<std::string> SandboxStore::find_setting(const std::string& name) {
  return document("SELECT document FROM settings WHERE name = ?", name);
}

void SandboxStore::save_setting(const std::string& name, const std::string& document) {
  statements_.execute("INSERT OR REPLACE INTO settings(name, document) VALUES(?, ?)", name,
                      document);
}

std::optional<std::string> SandboxStore::find_event(const std::string& merchant_id,
                                                    const std::string& event_id) {
  return document("SELECT document FROM webhook_events WHERE merchant_id = ? AND event_id = ?",
                  merchant_id, event_id);
}

void SandboxStore::add_event(const std::string& merchant_id, const std::string& event_id,
                             const std::string& document) {
  statements_.execute("INSERT INTO webhook_events(merchant_id, event_id, document) VALUES(?, ?, ?)",
                      merchant_id, event_id, document);
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

std::string SandboxStore::save(const Order& order) {
  std::string text = dump_json(view(order));
  statements_.execute(
      "INSERT INTO orders(id, checkout_id, merchant_id, merchant_order_id, status, document)"
      " VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE"
      " SET status = excluded.status, document = excluded.document",
      order.id, order.checkout_id, order.merchant_id, order.merchant_order_id,
      std::string(name(order.status)), text);
  return text;
}

Page<Order> SandboxStore::orders(const OrderFilter& filter, std::int64_t page,
                                 std::int64_t page_size) {
  std::optional<std::string> status;
  if (filter.status) status = name(*filter.status);
  Page<Order> result;
  Run count(statements_["SELECT count(*) FROM orders WHERE (?1 IS NULL OR status = ?1)"
                        " AND (?2 IS NULL OR merchant_id = ?2)"],
            status, filter.merchant_id);
  count.next();
  result.total = count.integer(0);
  if (page - 1 > result.total / page_size) return result;
  Run rows(statements_["SELECT document FROM orders WHERE (?1 IS NULL OR status = ?1)"
                       " AND (?2 IS NULL OR merchant_id = ?2)"
                       " ORDER BY number DESC LIMIT ?3 OFFSET ?4"],
           status, filter.merchant_id, page_size, (page - 1) * page_size);
  while (rows.next()) result.records.push_back(order_from(rows.text(0)));
  return result;
}

std::optional<SandboxStore::Answer> SandboxStore::find_answer(const std::string& key,
                                                              const std::string& path) {
  Run run(statements_["SELECT body_hash, status, body, stored_at FROM answers"
                      " WHERE key = ? AND path = ?"],
          key, path);
  if (!run.next()) return std::nullopt;
  return Answer{run.optional_text(0), static_cast<int>(run.integer(1)), run.text(2),
                run.integer(3)};
}

void SandboxStore::save_answer(const std::string& key, const std::string& path,
                               const Answer& answer) {
  statements_.execute(
      "INSERT OR REPLACE INTO answers(key, path, body_hash, status, body, stored_at)"
      " VALUES(?, ?, ?, ?, ?, ?)",
      key, path, answer.body_hash, std::int64_t{answer.status}, answer.body, answer.stored_at);
}

void SandboxStore::forget_answers_before(Micros instant) {
  statements_.execute("DELETE FROM answers WHERE stored_at < ?", instant);
}

}  // namespace cartpilot::sandbox
