// The Idempotency-Key header: what is replayed, what conflicts, for how long.
#include <gmock/gmock.h>

#include "unit/sandbox/shopper.h"

namespace cartpilot::sandbox {
namespace {

const HttpHeaders kFirstKey = {{"Idempotency-Key", "key-1"}};

class IdempotencyKey : public ShopTest {};

TEST_F(IdempotencyKey, replays_the_same_answer_with_a_mark_and_without_request_id) {
  const Answer first =
      shopper_.post_text("/intents", R"({"query":"a","session_id":"s"})", kFirstKey);
  const Answer again =
      shopper_.post_text("/intents", R"({"session_id":"s", "query":"a"})", kFirstKey);
  EXPECT_EQ(first.header("X-Idempotent-Replayed"), "");
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.header("X-Idempotent-Replayed"), "true");
  EXPECT_EQ(again.header("X-Request-ID"), "");
}

TEST_F(IdempotencyKey, a_body_that_says_nothing_never_conflicts) {
  const Answer first = shopper_.post_text("/intents", R"({"query":"a"})", kFirstKey);
  for (const char* body : {"{}", "[]", "null", "0", "\"\"", "broken", "\xff"}) {
    EXPECT_EQ(shopper_.post_text("/intents", body, kFirstKey).body, first.body) << body;
  }
}

TEST_F(IdempotencyKey, a_first_request_without_body_is_replayed_to_any_body) {
  const Answer first = shopper_.post_text("/intents", "broken", kFirstKey);
  EXPECT_EQ(first.status, 422);
  EXPECT_EQ(shopper_.post_text("/intents", R"({"query":"a"})", kFirstKey).body, first.body);
}

TEST_F(IdempotencyKey, a_first_empty_object_conflicts_with_a_later_body) {
  shopper_.post_text("/intents", "{}", kFirstKey);
  EXPECT_EQ(shopper_.post_text("/intents", R"({"query":"a"})", kFirstKey).status, 409);
}

TEST_F(IdempotencyKey, a_key_counts_per_path) {
  const std::string one = shopper_.checkout("merchant-a");
  const std::string two = shopper_.checkout("merchant-a");
  shopper_.quote(one, kEarbudsA);
  shopper_.quote(two, kEarbudsA);
  for (const std::string& id : {one, two}) {
    for (const char* action : {"request-approval", "approve", "confirm"}) {
      const Answer answer =
          shopper_.post("/checkouts/" + id + "/" + action, Json::object(), kFirstKey);
      EXPECT_EQ(answer.status, 200) << action;
      EXPECT_EQ(answer.header("X-Idempotent-Replayed"), "") << action;
    }
  }
}

TEST_F(IdempotencyKey, a_repeated_confirm_with_the_key_still_names_the_order) {
  const std::string target =
      "/checkouts/" + shopper_.approved("merchant-a", kEarbudsA) + "/confirm";
  const Answer first = shopper_.post(target, Json::object(), kFirstKey);
  EXPECT_TRUE(first.json().at("order_id").is_string());
  EXPECT_EQ(shopper_.post(target, Json::object(), kFirstKey).body, first.body);
}

TEST_F(IdempotencyKey, an_empty_key_is_no_key) {
  const HttpHeaders empty = {{"Idempotency-Key", ""}};
  EXPECT_NE(shopper_.post("/intents", {{"query", "a"}}, empty).body,
            shopper_.post("/intents", {{"query", "a"}}, empty).body);
}

TEST_F(IdempotencyKey, is_not_offered_for_orders) {
  const std::string target = "/orders/" + shopper_.order("merchant-a", kEarbudsA) + "/cancel";
  EXPECT_EQ(shopper_.post(target, {{"reason", "r"}}, kFirstKey).status, 200);
  EXPECT_EQ(shopper_.post(target, {{"reason", "r"}}, kFirstKey).status, 400);
}

// A weak spot of the service: the look-up comes before the key check.
TEST_F(IdempotencyKey, remembers_and_replays_without_looking_at_the_api_key) {
  SandboxServer server({});
  RawHttp http(server.port());
  const HttpHeaders headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", "key-1"}};
  const Answer first = http.send("POST", "/intents", headers, R"({"query":"a"})");
  EXPECT_EQ(first.status, 401);
  const Answer again = Shopper(server.port()).post_text("/intents", R"({"query":"a"})", kFirstKey);
  EXPECT_EQ(again.status, 401);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.header("WWW-Authenticate"), "");
}

}  // namespace
}  // namespace cartpilot::sandbox
