// Shopper: the steps of a purchase against a sandbox under test, and a clock the test moves.
//
// Every call asserts nothing; it returns the answer. One test thread.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "sandbox/server.h"
#include "unit/sandbox/raw_http.h"

namespace cartpilot::sandbox {

inline constexpr const char* kKey = "dev-api-key-change-in-production";
/// The first headphones of merchant A: 79.99, 105 pieces.
inline constexpr const char* kEarbudsA = "a771c475644349d36b508123c16b1284";
/// The first headphones of merchant B: 133.99, 14 pieces.
inline constexpr const char* kHeadphonesB = "e96a6ebccb21d9133f75b47155135d1f";

class Shopper {
 public:
  explicit Shopper(int port) : http_(port) {}

  Answer get(const std::string& target);
  Answer post(const std::string& target, const Json& body, const HttpHeaders& more = {});
  /// `body` exactly as given.
  Answer post_text(const std::string& target, const std::string& body,
                   const HttpHeaders& more = {});

  /// The id of a new intent.
  std::string intent(const std::string& query);
  /// The id of the offer that `merchant_id` makes for headphones.
  std::string offer(const std::string& merchant_id);
  /// The id of a new checkout for such an offer.
  std::string checkout(const std::string& merchant_id);
  Answer quote(const std::string& checkout_id, const std::string& product_id, int quantity = 1);
  /// POST /checkouts/{id}/{action} with {}.
  Answer act(const std::string& checkout_id, const std::string& action);
  /// The id of a checkout that went as far as approved.
  std::string approved(const std::string& merchant_id, const std::string& product_id,
                       int quantity = 1);
  /// The id of the order for a new purchase.
  std::string order(const std::string& merchant_id, const std::string& product_id,
                    int quantity = 1);

  RawHttp& http() { return http_; }

 private:
  RawHttp http_;
};

/// A sandbox in memory whose clock starts at 2026-11-23T00:00:00Z and ticks one microsecond per
/// reading.
class TimedSandbox {
 public:
  TimedSandbox();

  int port() const { return server_.port(); }
  SandboxServer& server() { return server_; }
  void advance_hours(std::int64_t hours) { now_ += hours * 3'600'000'000; }

 private:
  std::atomic<std::int64_t> now_{1'795'392'000'000'000};
  SandboxServer server_;
};

/// Tests against a sandbox in memory, as it comes.
class ShopTest : public testing::Test {
 protected:
  SandboxServer server_{{}};
  Shopper shopper_{server_.port()};
};

/// Options for a sandbox whose database is a file.
inline SandboxServer::Options kept_in(const std::string& db_path) {
  SandboxServer::Options options;
  options.db_path = db_path;
  return options;
}

}  // namespace cartpilot::sandbox
