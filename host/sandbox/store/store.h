// SandboxStore: everything the sandbox remembers, in one SQLite file.
//
// WAL with synchronous=NORMAL: what a transaction committed survives a killed process. A file that
// is damaged, belongs to another program or was written by a newer version is refused with an Error
// that says so, and not changed. Not synchronised: one thread at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/store/records.h"
#include "sandbox/store/statements.h"

namespace cartpilot::sandbox {

struct OrderFilter {
  std::optional<OrderStatus> status;
  std::optional<std::string> merchant_id;
};

template <typename Record>
struct Page {
  std::int64_t total = 0;
  std::vector<Record> records;
};

class SandboxStore {
 public:
  /// Opens or creates; ":memory:" keeps everything in memory. Missing folders are made. Throws
  /// Error{kUnavailable}.
  explicit SandboxStore(const std::string& path);
  SandboxStore(const SandboxStore&) = delete;
  SandboxStore& operator=(const SandboxStore&) = delete;

  /// Runs `work` in one transaction and commits; rolls back and rethrows when it throws. Does not
  /// nest.
  void transaction(const std::function<void()>& work);

  /// A stored record as the API shows it: its text, unread.
  std::optional<std::string> intent_text(const std::string& id);
  std::optional<std::string> checkout_text(const std::string& id);
  std::optional<std::string> order_text(const std::string& id);

  // What add and save return is the record as the API shows it.

  std::optional<Intent> find_intent(const std::string& id);
  std::string save(const Intent& intent);

  /// The wishes of a conversation with their offers; "" = of all. Returns how many they were.
  std::int64_t forget_intents(const std::string& session_id);

  /// Shown as at its creation.
  std::optional<std::string> offer_text(const std::string& id);
  std::optional<std::string> merchant_of_offer(const std::string& id);
  /// Newest first.
  std::vector<std::string> offer_texts(const std::string& intent_id);
  std::string add(const Offer& offer);

  std::optional<Checkout> find_checkout(const std::string& id);
  std::optional<std::string> checkout_status(const std::string& id);
  /// The checkout that was created with this key in its body, as the API shows it.
  std::optional<std::string> checkout_text_by_key(const std::string& key);
  std::string add(const Checkout& checkout, const std::optional<std::string>& key);
  std::string save(const Checkout& checkout);

  std::optional<MerchantSession> find_session(const std::string& id);
  /// The session that a merchant opened for this key.
  std::optional<MerchantSession> find_session_by_key(const std::string& merchant_id,
                                                     const std::string& key);
  void add(const MerchantSession& session, const std::optional<std::string>& key);
  void save(const MerchantSession& session);
  std::int64_t session_count(const std::string& merchant_id);
  void forget_sessions(const std::string& merchant_id);

  /// Products whose price or stock is no longer the catalogue's: product id and document.
  std::vector<std::pair<std::string, std::string>> goods_of(const std::string& merchant_id);
  void save_goods(const std::string& merchant_id, const std::string& product_id,
                  const std::string& document);

  std::optional<std::string> find_setting(const std::string& name);
  void save_setting(const std::string& name, const std::string& document);

  /// The document of a received webhook event.
  std::optional<std::string> find_event(const std::string& merchant_id,
                                        const std::string& event_id);
  void add_event(const std::string& merchant_id, const std::string& event_id,
                 const std::string& document);

  std::optional<Order> find_order(const std::string& id);
  std::optional<Order> find_order_by_number(const std::string& merchant_id,
                                            const std::string& merchant_order_id);
  std::string save(const Order& order);
  /// Newest first; `page` counts from 1.
  Page<Order> orders(const OrderFilter& filter, std::int64_t page, std::int64_t page_size);

  /// One remembered answer to an idempotent request.
  struct Answer {
    std::optional<std::string> body_hash;
    int status = 0;
    std::string body;
    Micros stored_at = 0;
  };
  std::optional<Answer> find_answer(const std::string& key, const std::string& path);
  void save_answer(const std::string& key, const std::string& path, const Answer& answer);
  void forget_answers_before(Micros instant);

 private:
  template <typename... Values>
  std::optional<std::string> document(const char* sql, const Values&... values);

  SQLite::Database database_;
  Statements statements_;
};

}  // namespace cartpilot::sandbox
