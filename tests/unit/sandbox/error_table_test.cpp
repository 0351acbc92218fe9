// Every business error of the API, one test per error; docs/sandbox.md lists them.
#include <Poco/TemporaryFile.h>
#include <SQLiteCpp/Database.h>
#include <gmock/gmock.h>

#include <thread>

#include "sandbox/merchant/merchant.h"
#include "sandbox/service/webhook_sender.h"
#include "unit/sandbox/shopper.h"

namespace cartpilot::sandbox {
namespace {

using testing::StartsWith;

// The whole answer, except that the request id must only be there.
void expect_error(const Answer& answer, int status, const char* code, const std::string& message) {
  Json body = answer.json();
  EXPECT_EQ(answer.status, status);
  EXPECT_EQ(string_or(body, "request_id"), answer.header("X-Request-ID"));
  body["request_id"] = "";
  EXPECT_EQ(dump_json(body), dump_json({{"error_code", code},
                                        {"message", message},
                                        {"details", Json::array()},
                                        {"request_id", ""}}));
}

std::string message_of(const Answer& answer) { return string_or(answer.json(), "message"); }

// A database whose contents a test changes behind the sandbox's back.
class EditedSandbox {
 public:
  EditedSandbox() : path_(Poco::TemporaryFile::tempName()) { start(); }
  ~EditedSandbox() {
    server_.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) std::remove((path_ + suffix).c_str());
  }

  Shopper shopper() const { return Shopper(server_->port()); }
  void edit(const std::string& statement) {
    server_.reset();
    SQLite::Database(path_, SQLite::OPEN_READWRITE).exec(statement);
    start();
  }

 private:
  void start() { server_ = std::make_unique<SandboxServer>(kept_in(path_)); }

  std::string path_;
  std::unique_ptr<SandboxServer> server_;
};

Json event(const std::string& merchant_id = "merchant-a") {
  return {{"event_id", "e1"},
          {"event_type", "checkout.quoted"},
          {"merchant_id", merchant_id},
          {"timestamp", "2026-11-23T00:00:00Z"},
          {"data", Json::object()}};
}

class ErrorTable : public ShopTest {};

TEST_F(ErrorTable, an_unknown_intent_is_not_found) {
  expect_error(shopper_.get("/intents/none"), 404, "INTENT_NOT_FOUND", "Intent not found: none");
  expect_error(shopper_.get("/intents/none/offers"), 404, "INTENT_NOT_FOUND",
               "Intent not found: none");
}

TEST_F(ErrorTable, an_unknown_offer_is_not_found) {
  expect_error(shopper_.get("/offers/none"), 404, "OFFER_NOT_FOUND", "Offer not found: none");
  const Json body = {{"offer_id", "none"},
                     {"items", Json::array({{{"product_id", "x"}, {"quantity", 1}}})}};
  expect_error(shopper_.post("/checkouts", body), 404, "OFFER_NOT_FOUND", "Offer not found: none");
}

TEST_F(ErrorTable, an_unknown_checkout_is_not_found_on_every_route) {
  const std::string message = "Checkout not found: none";
  expect_error(shopper_.get("/checkouts/none"), 404, "CHECKOUT_NOT_FOUND", message);
  expect_error(shopper_.quote("none", kEarbudsA), 404, "CHECKOUT_NOT_FOUND", message);
  for (const char* action : {"request-approval", "approve", "confirm"}) {
    expect_error(shopper_.act("none", action), 404, "CHECKOUT_NOT_FOUND", message);
  }
}

TEST_F(ErrorTable, an_unknown_order_is_not_found_on_every_route) {
  const std::string message = "Order not found: none";
  expect_error(shopper_.get("/orders/none"), 404, "ORDER_NOT_FOUND", message);
  expect_error(shopper_.post("/orders/none/cancel", {{"reason", "r"}}), 404, "ORDER_NOT_FOUND",
               message);
  for (const char* action : {"refund", "simulate-advance"}) {
    expect_error(shopper_.post("/orders/none/" + std::string(action), Json::object()), 404,
                 "ORDER_NOT_FOUND", message);
  }
}

TEST_F(ErrorTable, an_unknown_webhook_event_is_not_found) {
  expect_error(shopper_.get("/webhooks/events/none?merchant_id=merchant-a"), 404, "EVENT_NOT_FOUND",
               "Event not found: none");
}

TEST_F(ErrorTable, a_confirmed_checkout_takes_no_quote) {
  const std::string id = shopper_.approved("merchant-a", kEarbudsA);
  shopper_.act(id, "confirm");
  expect_error(shopper_.quote(id, kEarbudsA), 400, "INVALID_STATE",
               "Cannot quote checkout in state: confirmed");
}

TEST_F(ErrorTable, a_quoted_checkout_takes_no_second_quote) {
  const std::string id = shopper_.checkout("merchant-a");
  shopper_.quote(id, kEarbudsA);
  expect_error(shopper_.quote(id, kEarbudsA), 400, "QUOTE_FAILED",
               "Cannot transition Checkout(" + id +
                   ") from 'quoted' to 'quoted'. Allowed transitions: "
                   "['cancelled', 'awaiting_approval']");
}

TEST_F(ErrorTable, an_expired_checkout_takes_no_quote) {
  TimedSandbox sandbox;
  Shopper shopper(sandbox.port());
  const std::string id = shopper.checkout("merchant-a");
  sandbox.advance_hours(25);
  expect_error(shopper.quote(id, kEarbudsA), 400, "QUOTE_FAILED",
               "Checkout " + id + " has expired");
  EXPECT_EQ(string_or(shopper.get("/checkouts/" + id).json(), "status"), "created");
}

TEST_F(ErrorTable, a_disabled_merchant_is_not_found) {
  const std::string created = shopper_.checkout("merchant-a");
  const std::string approved = shopper_.approved("merchant-a", kEarbudsA);
  server_.set_merchant_state("merchant-a", MerchantState::kDisabled);
  expect_error(shopper_.quote(created, kEarbudsA), 400, "MERCHANT_NOT_FOUND",
               "Merchant not found: merchant-a");
  expect_error(shopper_.act(approved, "confirm"), 400, "MERCHANT_NOT_FOUND",
               "Merchant not found: merchant-a");
  EXPECT_EQ(shopper_.get("/merchants").json().at("total"), 1);
}

TEST_F(ErrorTable, what_a_merchant_says_against_a_quote_is_passed_on_raw) {
  const std::string id = shopper_.checkout("merchant-a");
  expect_error(shopper_.quote(id, "nope"), 400, "MERCHANT_ERROR",
               R"([merchant-a] Failed to create quote: {"error_code":"QUOTE_FAILED",)"
               R"("message":"Product not found: nope","details":[]})");
  expect_error(shopper_.quote(id, kEarbudsA, 100'000), 400, "MERCHANT_ERROR",
               R"([merchant-a] Failed to create quote: {"error_code":"QUOTE_FAILED",)"
               R"("message":"Insufficient stock for product: a771c475644349d36b508123c16b1284",)"
               R"("details":[]})");
}

TEST_F(ErrorTable, a_merchant_that_cannot_be_reached_makes_no_quote) {
  const std::string id = shopper_.checkout("merchant-a");
  server_.set_merchant_state("merchant-a", MerchantState::kUnreachable);
  expect_error(shopper_.quote(id, kEarbudsA), 400, "MERCHANT_ERROR",
               "[merchant-a] Quote request failed: All connection attempts failed");
  server_.set_merchant_state("merchant-a", MerchantState::kUp);
  EXPECT_EQ(shopper_.quote(id, kEarbudsA).status, 200);
}

TEST_F(ErrorTable, only_a_quoted_checkout_can_be_put_up_for_approval) {
  const std::string id = shopper_.checkout("merchant-a");
  const auto expect_refusal = [&](const char* from, const char* allowed) {
    expect_error(shopper_.act(id, "request-approval"), 400, "APPROVAL_REQUEST_FAILED",
                 "Cannot transition Checkout(" + id + ") from '" + from +
                     "' to 'awaiting_approval'. Allowed transitions: " + allowed);
  };
  expect_refusal("created", "['cancelled', 'quoted']");
  shopper_.quote(id, kEarbudsA);
  shopper_.act(id, "request-approval");
  expect_refusal("awaiting_approval", "['cancelled', 'quoted', 'approved']");
  shopper_.act(id, "approve");
  expect_refusal("approved", "['cancelled', 'quoted', 'confirmed', 'failed']");
  shopper_.act(id, "confirm");
  expect_refusal("confirmed", "[]");
}

TEST_F(ErrorTable, only_a_checkout_that_waits_for_it_can_be_approved) {
  const std::string id = shopper_.checkout("merchant-a");
  const auto expect_refusal = [&](const char* from, const char* allowed) {
    expect_error(shopper_.act(id, "approve"), 400, "APPROVAL_FAILED",
                 "Cannot transition Checkout(" + id + ") from '" + from +
                     "' to 'approved'. Allowed transitions: " + allowed);
  };
  expect_refusal("created", "['cancelled', 'quoted']");
  shopper_.quote(id, kEarbudsA);
  expect_refusal("quoted", "['cancelled', 'awaiting_approval']");
  shopper_.act(id, "request-approval");
  shopper_.act(id, "approve");
  expect_refusal("approved", "['cancelled', 'quoted', 'confirmed', 'failed']");
  shopper_.act(id, "confirm");
  expect_refusal("confirmed", "[]");
}

TEST_F(ErrorTable, an_expired_checkout_goes_no_further) {
  TimedSandbox sandbox;
  Shopper shopper(sandbox.port());
  const std::string created = shopper.checkout("merchant-a");
  const std::string late = shopper.checkout("merchant-a");
  sandbox.advance_hours(23);
  shopper.quote(late, kEarbudsA);
  shopper.act(late, "request-approval");
  shopper.act(late, "approve");
  sandbox.advance_hours(2);
  for (const char* action : {"request-approval", "approve"}) {
    expect_error(shopper.act(created, action), 400, "CHECKOUT_EXPIRED",
                 "Checkout " + created + " has expired");
  }
  expect_error(shopper.act(late, "confirm"), 400, "CHECKOUT_EXPIRED",
               "Checkout " + late + " has expired");
}

TEST_F(ErrorTable, only_an_approved_checkout_can_be_confirmed) {
  const std::string id = shopper_.checkout("merchant-a");
  const auto expect_refusal = [&](const std::string& state) {
    expect_error(shopper_.act(id, "confirm"), 400, "NOT_APPROVED",
                 "Checkout must be approved before confirmation (current: " + state + ")");
  };
  expect_refusal("created");
  shopper_.quote(id, kEarbudsA);
  expect_refusal("quoted");
  shopper_.act(id, "request-approval");
  expect_refusal("awaiting_approval");
}

TEST_F(ErrorTable, an_approved_checkout_without_merchant_session_needs_a_quote) {
  EditedSandbox sandbox;
  const std::string id = sandbox.shopper().approved("merchant-a", kEarbudsA);
  sandbox.edit(
      "UPDATE checkouts SET document = json_set(document, '$.merchant_checkout_id', NULL)");
  expect_error(sandbox.shopper().act(id, "confirm"), 400, "QUOTE_REQUIRED",
               "No merchant checkout ID - quote required first");
}

TEST_F(ErrorTable, a_price_changed_at_the_merchant_needs_a_new_approval) {
  const std::string id = shopper_.approved("merchant-b", kHeadphonesB);
  server_.change_price("merchant-b", kHeadphonesB, 15408);
  expect_error(shopper_.act(id, "confirm"), 409, "REAPPROVAL_REQUIRED",
               "[merchant-b] PRICE_CHANGED: Price changed: $133.99 -> $154.08, re-quote required");
}

TEST_F(ErrorTable, a_total_that_differs_from_the_frozen_one_needs_a_new_approval) {
  EditedSandbox sandbox;
  const std::string id = sandbox.shopper().approved("merchant-a", kEarbudsA);
  sandbox.edit(
      "UPDATE checkouts SET document = json_set(document, '$.frozen_receipt.total_cents', 1)");
  expect_error(sandbox.shopper().act(id, "confirm"), 409, "REAPPROVAL_REQUIRED",
               "Price has changed, re-approval required");
}

TEST_F(ErrorTable, items_out_of_stock_are_named_by_their_first_eight_characters) {
  const std::string id = shopper_.approved("merchant-b", kHeadphonesB);
  server_.empty_stock("merchant-b", kHeadphonesB);
  expect_error(shopper_.act(id, "confirm"), 400, "MERCHANT_ERROR",
               "[merchant-b] OUT_OF_STOCK: Items out of stock: e96a6ebc");
}

TEST_F(ErrorTable, a_failed_merchant_session_cannot_be_confirmed_again) {
  const std::string id = shopper_.approved("merchant-b", kHeadphonesB);
  server_.empty_stock("merchant-b", kHeadphonesB);
  shopper_.act(id, "confirm");
  expect_error(shopper_.act(id, "confirm"), 400, "MERCHANT_ERROR",
               "[merchant-b] INVALID_STATE: Cannot confirm checkout in state: failed");
}

TEST_F(ErrorTable, a_merchant_that_lost_the_session_says_so) {
  EditedSandbox sandbox;
  const std::string id = sandbox.shopper().approved("merchant-a", kEarbudsA);
  const std::string session =
      sandbox.shopper().get("/checkouts/" + id).json().at("merchant_checkout_id");
  sandbox.edit("DELETE FROM merchant_sessions");
  expect_error(sandbox.shopper().act(id, "confirm"), 400, "MERCHANT_ERROR",
               "[merchant-a] Checkout not found: " + session);
}

TEST_F(ErrorTable, a_confirmation_the_merchant_did_not_get_or_refused_otherwise_is_told) {
  const std::string id = shopper_.approved("merchant-a", kEarbudsA);
  server_.set_merchant_state("merchant-a", MerchantState::kUnreachable);
  expect_error(shopper_.act(id, "confirm"), 400, "MERCHANT_ERROR",
               "[merchant-a] Confirm request failed: All connection attempts failed");

  TimedSandbox sandbox;
  Shopper shopper(sandbox.port());
  const std::string late = shopper.approved("merchant-a", kEarbudsA);
  sandbox.advance_hours(25);
  const Answer refused = shopper.act(late, "confirm");
  expect_error(refused, 400, "MERCHANT_ERROR", message_of(refused));
  EXPECT_THAT(message_of(refused),
              StartsWith(R"([merchant-a] Failed to confirm checkout: )"
                         R"({"error_code":"CHECKOUT_EXPIRED","message":"Checkout has expired: )"));
}

TEST_F(ErrorTable, of_confirmations_in_parallel_a_later_one_may_lose_the_race) {
  bool lost = false;
  for (int round = 0; round < 500 && !lost; ++round) {
    const std::string id = shopper_.approved("merchant-a", kEarbudsA);
    std::vector<Answer> answers(8);
    std::vector<std::thread> threads;
    for (Answer& answer : answers) {
      threads.emplace_back([&] { answer = Shopper(server_.port()).act(id, "confirm"); });
    }
    for (std::thread& thread : threads) thread.join();
    const std::string number = shopper_.get("/checkouts/" + id).json().at("merchant_order_id");
    for (const Answer& answer : answers) {
      if (answer.status == 200) continue;
      expect_error(answer, 400, "CONFIRM_FAILED",
                   "Checkout " + id + " is already confirmed with order " + number);
      lost = true;
    }
  }
  EXPECT_TRUE(lost);
}

TEST_F(ErrorTable, an_order_moves_only_where_its_state_leads) {
  const std::string target = "/orders/" + shopper_.order("merchant-a", kEarbudsA);
  expect_error(shopper_.post(target + "/refund", Json::object()), 400, "INVALID_TRANSITION",
               "Cannot transition from pending to refunded");
  shopper_.post(target + "/cancel", {{"reason", "r"}});
  expect_error(shopper_.post(target + "/refund", Json::object()), 400, "INVALID_TRANSITION",
               "Cannot transition from cancelled to refunded");
  expect_error(shopper_.post(target + "/cancel", {{"reason", "r"}}), 400, "INVALID_TRANSITION",
               "Cannot transition from cancelled to cancelled");
}

TEST_F(ErrorTable, a_webhook_from_another_merchant_than_it_says_is_refused) {
  expect_error(shopper_.post("/webhooks/merchant", event(), {{"X-Merchant-Id", "merchant-b"}}), 400,
               "MERCHANT_ID_MISMATCH", "X-Merchant-Id header does not match payload merchant_id");
}

TEST_F(ErrorTable, a_webhook_with_a_wrong_signature_is_refused) {
  const Answer refused =
      shopper_.post("/webhooks/merchant", event(), {{"X-Merchant-Signature", "sha256=00"}});
  expect_error(refused, 401, "INVALID_SIGNATURE", "Webhook signature verification failed");
  EXPECT_EQ(refused.header("WWW-Authenticate"), "");
}

TEST_F(ErrorTable, a_key_used_with_another_body_is_a_conflict_without_request_id) {
  const HttpHeaders key = {{"Idempotency-Key", "k"}};
  shopper_.post("/intents", {{"query", "a"}, {"metadata", {{"n", 1}}}}, key);
  EXPECT_EQ(shopper_.post("/intents", {{"query", "b"}}, key).status, 409);
  const Answer conflict =
      shopper_.post("/intents", {{"query", "a"}, {"metadata", {{"n", 1.0}}}}, key);
  EXPECT_EQ(conflict.status, 409);
  EXPECT_EQ(conflict.body,
            R"({"error_code":"IDEMPOTENCY_CONFLICT",)"
            R"("message":"Idempotency key already used with different request body",)"
            R"("details":[]})");
  EXPECT_EQ(conflict.header("X-Request-ID"), "");
}

}  // namespace
}  // namespace cartpilot::sandbox
