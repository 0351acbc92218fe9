// SandboxStore: everything the sandbox remembers, in one SQLite file.
//
// WAL with synchronous=NORMAL: what a transaction committed survives a killed process. A file that
// is damaged, belongs to another program or was written by a newer version is refused with an Error
// that says so, and not changed. Not synchronised: one thread at a time (the application's lock).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/records.h"

namespace Poco::Data {
class Session;
}

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
  ~SandboxStore();
  SandboxStore(const SandboxStore&) = delete;
  SandboxStore& operator=(const SandboxStore&) = delete;

  /// Runs `work` in one transaction and commits; rolls back and rethrows when it throws. Does not
  /// nest.
  void transaction(const std::function<void()>& work);

  std::optional<Intent> find_intent(const std::string& id);
  void save(const Intent& intent);

  std::optional<Offer> find_offer(const std::string& id);
  /// Newest first.
  std::vector<Offer> offers_of(const std::string& intent_id);
  void add(const Offer& offer);

  std::optional<Checkout> find_checkout(const std::string& id);
  /// The checkout that was created with this key in its body.
  std::optional<Checkout> find_checkout_by_key(const std::string& key);
  void add(const Checkout& checkout, const std::optional<std::string>& key);
  void save(const Checkout& checkout);

  std::optional<MerchantSession> find_session(const std::string& id);
  void save(const MerchantSession& session);

  std::optional<Order> find_order(const std::string& id);
  void save(const Order& order);
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
  std::optional<std::string> document(const char* sql, const std::string& argument);

  std::unique_ptr<Poco::Data::Session> session_;
};

}  // namespace cartpilot::sandbox
