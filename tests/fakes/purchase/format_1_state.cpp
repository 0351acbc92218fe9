#include "format_1_state.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <stdexcept>

#include "purchase/attempt_record.h"

namespace cartpilot::purchase {

namespace {

constexpr const char* kTables = R"(
  PRAGMA journal_mode = WAL;
  PRAGMA user_version = 1;
  CREATE TABLE sessions (id TEXT PRIMARY KEY, provider TEXT NOT NULL, model TEXT NOT NULL,
    title TEXT NOT NULL DEFAULT '', message_count INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL);
  CREATE TABLE messages (session TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
    seq INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (session, seq)) WITHOUT ROWID;
  CREATE TABLE purchases (attempt TEXT PRIMARY KEY, session TEXT NOT NULL,
    api_origin TEXT NOT NULL, checkout_id TEXT NOT NULL, merchant_checkout_id TEXT NOT NULL,
    merchant_id TEXT NOT NULL, basket TEXT NOT NULL, digest TEXT NOT NULL,
    payment_method TEXT NOT NULL, total_minor INTEGER NOT NULL, currency TEXT NOT NULL,
    approved_by TEXT NOT NULL, state TEXT NOT NULL, order_id TEXT NOT NULL,
    merchant_order_id TEXT NOT NULL, note TEXT NOT NULL, sends INTEGER NOT NULL,
    key_ordinal INTEGER NOT NULL, sent_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL);
  CREATE INDEX purchases_by_checkout ON purchases (checkout_id);
  CREATE INDEX purchases_by_basket ON purchases (basket, state);
  CREATE TABLE purchase_events (seq INTEGER PRIMARY KEY, attempt TEXT NOT NULL,
    state TEXT NOT NULL, unix_ms INTEGER NOT NULL, note TEXT NOT NULL, record TEXT NOT NULL,
    hash TEXT NOT NULL);
  CREATE INDEX purchase_events_by_attempt ON purchase_events (attempt);
  CREATE TABLE purchase_checkouts (session TEXT NOT NULL, checkout_id TEXT NOT NULL,
    requested TEXT NOT NULL, created_ms INTEGER NOT NULL, PRIMARY KEY (session, checkout_id))
    WITHOUT ROWID;
  CREATE TABLE purchase_secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  INSERT INTO sessions VALUES ('session-1', 'offline', 'rules', 'a mug', 0, 1, 2);
  INSERT INTO purchase_checkouts VALUES ('session-1', 'c-1', '[]', 1);)";

}  // namespace

std::string format_1_record(std::int64_t sent_unix_ms) {
  return fmt::format(
      R"({{"attempt":"a1","session":"session-1","api_origin":"http://127.0.0.1:8000",)"
      R"("checkout_id":"c-1","merchant_checkout_id":"m-1","merchant_id":"merchant-a",)"
      R"("basket":"basket","digest":"digest","payment_method":"test_card","total_minor":8638,)"
      R"("currency":"USD","by":"human","state":"unknown","order_id":"","merchant_order_id":"",)"
      R"("note":"x","sends":1,"key_ordinal":0,"sent_ms":{0},"created_ms":{0},"updated_ms":{0}}})",
      sent_unix_ms);
}

void make_format_1_state(const std::filesystem::path& file, std::int64_t sent_unix_ms) {
  const std::string record = format_1_record(sent_unix_ms);
  const std::string sql = fmt::format(
      "{0} INSERT INTO purchases VALUES ('a1', 'session-1', 'http://127.0.0.1:8000', 'c-1', 'm-1', "
      "'merchant-a', 'basket', 'digest', 'test_card', 8638, 'USD', 'human', 'unknown', '', '', "
      "'x', 1, 0, {1}, {1}, {1}); "
      "INSERT INTO purchase_events VALUES (1, 'a1', 'unknown', {1}, 'x', '{2}', '{3}');",
      kTables, sent_unix_ms, record, chain_hash("", 1, record));
  sqlite3* db = nullptr;
  const bool made = sqlite3_open(file.c_str(), &db) == SQLITE_OK &&
                    sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
  const std::string problem = made ? "" : sqlite3_errmsg(db);
  sqlite3_close(db);
  if (!made) throw std::runtime_error(problem);
}

}  // namespace cartpilot::purchase
