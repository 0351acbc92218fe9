// What the program says and does when the answer to a confirm is not clear.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate_world.h"

namespace cartpilot::purchase {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Le;
using testing::Not;
using enum AttemptState;
using Fault = FakeCartPilot::Fault;

std::string key_of(const FakeCartPilot::Seen& seen) {
  return header_value(seen.headers, "Idempotency-Key");
}

TEST(PurchaseGate, tries_again_with_the_same_key_while_nothing_was_sent) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kRefuseConnection);
  world.server.fault("confirm", 2, Fault::kRefuseConnection);
  EXPECT_TRUE(world.confirm(world.id).ok);
  const auto confirms = world.server.seen("confirm");
  ASSERT_EQ(confirms.size(), 3U);
  EXPECT_EQ(key_of(confirms[0]), key_of(confirms[2]));
  EXPECT_EQ(world.server.orders().size(), 1U);
  EXPECT_EQ(world.journal.list().front().sends, 1);
}

TEST(PurchaseGate, says_not_bought_when_nothing_could_be_sent) {
  Approved world;
  world.server.fault("confirm", 0, Fault::kRefuseConnection);
  EXPECT_EQ(code_of(world.confirm(world.id)), "NETWORK_ERROR");
  EXPECT_EQ(world.server.count("confirm"), 3);
  EXPECT_EQ(world.exit_code(), 5);
  EXPECT_EQ(world.gate->last_report()->outcome, PurchaseOutcome::kNotDone);
  EXPECT_EQ(world.states().back(), kVoid);
}

TEST(PurchaseGate, repeats_the_same_request_after_a_reset_before_the_server_ran) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kResetBefore);
  EXPECT_TRUE(world.confirm(world.id).ok);
  const auto confirms = world.server.seen("confirm");
  ASSERT_EQ(confirms.size(), 2U);
  EXPECT_EQ(key_of(confirms[0]), key_of(confirms[1]));
  EXPECT_EQ(confirms[0].body, confirms[1].body);
  EXPECT_EQ(world.server.orders().size(), 1U);
  EXPECT_EQ(world.exit_code(), 0);
  EXPECT_GE(world.clock.slept_ms, 15'000);  // the first request may still be running
  EXPECT_LE(world.clock.slept_ms, 20'000);
  EXPECT_THAT(world.states(), ElementsAre(kConsent, kApproveSent, kApproved, kConfirmSent, kUnknown,
                                          kConfirmSent, kDone));
}

TEST(PurchaseGate, reports_bought_when_the_answer_was_lost_after_the_order) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kLoseAnswer);
  const ToolOutcome outcome = world.confirm(world.id);
  EXPECT_EQ(outcome.content, (Json{{"checkout_id", world.id},
                                   {"merchant_order_id", "ORD-1"},
                                   {"order_id", "order-ORD-1"},
                                   {"status", "confirmed"},
                                   {"total", {{"amount", 8638}, {"currency", "USD"}}},
                                   {"confirmed_at", "2026-11-23T00:49:28.708055Z"}}));
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_EQ(world.server.orders().size(), 1U);
  EXPECT_EQ(world.exit_code(), 0);
}

TEST(PurchaseGate, looks_when_the_answer_is_unreadable) {
  const std::pair<const char*, FakeCartPilot::Reply> cases[] = {
      {"cut", {200, R"({"checkout_id":"id-0001","merch)", "application/json", {}}},
      {"web page", {200, "<html>ok</html>", "text/html", {}}},
      {"empty", {200, "", "application/json", {}}},
      {"another checkout",
       {200,
        R"({"checkout_id":"id-9","merchant_order_id":"ORD-9","order_id":null,"status":"confirmed",)"
        R"("total":{"amount":8638,"currency":"USD"},"confirmed_at":"2026-11-23T00:49:28Z"})",
        "application/json",
        {}}},
      {"a price with a decimal point",
       {200,
        R"({"checkout_id":"id-0001","merchant_order_id":"ORD-1","order_id":null,)"
        R"("status":"confirmed","total":{"amount":86.38,"currency":"USD"},)"
        R"("confirmed_at":"2026-11-23T00:49:28Z"})",
        "application/json",
        {}}},
  };
  for (const auto& [name, reply] : cases) {
    Approved world;
    world.server.fault("confirm", 1, Fault::kReplaceAnswer, reply);
    EXPECT_TRUE(world.confirm(world.id).ok) << name;
    EXPECT_EQ(world.server.count("confirm"), 1) << name;
    EXPECT_EQ(world.journal.list().front().merchant_order_id, "ORD-1") << name;
  }
}

TEST(PurchaseGate, reports_bought_when_a_refusal_came_after_the_order) {
  for (const char* code : {"MERCHANT_ERROR", "CONFIRM_FAILED", "CHECKOUT_EXPIRED"}) {
    Approved world;
    world.server.fault("confirm", 1, Fault::kReplaceAnswer, FakeCartPilot::error(400, code));
    EXPECT_TRUE(world.confirm(world.id).ok) << code;
    EXPECT_EQ(world.server.count("confirm"), 1) << code;
    EXPECT_EQ(world.server.orders().size(), 1U) << code;
  }
}

TEST(PurchaseGate, repeats_with_another_key_after_an_answer_that_cartpilot_keeps) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kAnswerInstead,
                     FakeCartPilot::error(400, "MERCHANT_ERROR"));
  EXPECT_TRUE(world.confirm(world.id).ok);
  const auto confirms = world.server.seen("confirm");
  ASSERT_EQ(confirms.size(), 2U);
  EXPECT_NE(key_of(confirms[0]), key_of(confirms[1]));
  EXPECT_EQ(world.server.orders().size(), 1U);
}

TEST(PurchaseGate, does_not_repeat_when_the_merchants_session_changed) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kAnswerInstead,
                     FakeCartPilot::error(400, "CONFIRM_FAILED"));
  world.server.before("confirm", 1, [&] {
    world.server.checkout(world.id)["merchant_checkout_id"] = "another-session";
  });
  EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_EQ(world.exit_code(), 13);
}

TEST(PurchaseGate, does_not_repeat_at_merchants_that_may_not_know_their_session) {
  GateWorld world;
  const std::string id = string_or(world.create(), "id");
  world.server.checkout(id)["merchant_id"] = "merchant-new";
  world.quote(id);
  world.request_approval(id);
  world.approve(id);
  world.server.fault("confirm", 1, Fault::kResetBefore);
  EXPECT_EQ(code_of(world.confirm(id)), "unknown");
  EXPECT_EQ(world.server.count("confirm"), 1);
}

TEST(PurchaseGate, sends_a_confirm_three_times_at_most) {
  Approved world;
  world.server.fault("confirm", 0, Fault::kResetBefore);
  world.confirm(world.id);
  for (int i = 0; i < 10; ++i) {
    world.clock.passed_ms += 20'000;
    EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  }
  EXPECT_EQ(world.server.count("confirm"), 3);
}

TEST(PurchaseGate, repeats_no_confirm_that_is_older_than_ten_minutes) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kResetBefore);
  world.server.before("confirm", 1, [&] { world.context.stop = true; });  // no look afterwards
  EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  world.context.stop = false;
  const int looks = world.server.count("get");
  world.clock.passed_ms += 10 * 60 * 1000 + 1;
  EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  EXPECT_EQ(world.server.count("get"), looks + 1);  // CartPilot answers, and shows it as approved
  EXPECT_EQ(world.server.count("confirm"), 1);
}

TEST(PurchaseGate, takes_overload_and_gateway_answers_for_unknown_and_looks) {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    Approved world;
    world.server.fault("confirm", 1, Fault::kReplaceAnswer,
                       {status, "<html>busy</html>", "text/html", {}});
    EXPECT_TRUE(world.confirm(world.id).ok) << status;
    EXPECT_EQ(world.server.orders().size(), 1U) << status;
    EXPECT_EQ(world.server.count("confirm"), 1) << status;
  }
}

TEST(PurchaseGate, keeps_the_key_after_a_gateway_answer) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kAnswerInstead, {503, "busy", "text/plain", {}});
  EXPECT_TRUE(world.confirm(world.id).ok);
  const auto confirms = world.server.seen("confirm");
  ASSERT_EQ(confirms.size(), 2U);
  EXPECT_EQ(key_of(confirms[0]), key_of(confirms[1]));
}

TEST(PurchaseGate, waits_as_long_as_cartpilot_asks_or_leaves_it_for_later) {
  Approved short_wait;
  short_wait.server.fault("confirm", 1, Fault::kAnswerInstead,
                          {503, "busy", "text/plain", {{"Retry-After", "18"}}});
  EXPECT_TRUE(short_wait.confirm(short_wait.id).ok);
  EXPECT_GE(short_wait.clock.slept_ms, 18'000);

  Approved long_wait;
  long_wait.server.fault("confirm", 1, Fault::kAnswerInstead,
                         {503, "busy", "text/plain", {{"Retry-After", "30"}}});
  EXPECT_EQ(code_of(long_wait.confirm(long_wait.id)), "unknown");
  EXPECT_EQ(long_wait.server.count("confirm"), 1);
  EXPECT_THAT(long_wait.clock.slept_ms, Le(20'000));
}

TEST(PurchaseGate, sends_one_derived_key_in_header_and_body) {
  Approved world;
  world.confirm(world.id);
  const auto confirms = world.server.seen("confirm");
  ASSERT_EQ(confirms.size(), 1U);
  const std::string key = key_of(confirms[0]);
  EXPECT_THAT(key, testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(string_or(confirms[0].body, "idempotency_key"), key);
  for (const Attempt& attempt : world.journal.list()) {
    for (const AttemptEvent& event : world.journal.events(attempt.id)) {
      EXPECT_THAT(event.note, Not(HasSubstr(key)));
    }
  }
}

TEST(PurchaseGate, takes_a_redirect_of_a_confirm_for_unknown) {
  for (const int status : {301, 302, 307, 308}) {
    Approved world;
    world.server.fault("confirm", 0, Fault::kAnswerInstead,
                       {status, "", "text/plain", {{"Location", "http://127.0.0.1:8000/orders"}}});
    EXPECT_EQ(code_of(world.confirm(world.id)), "unknown") << status;
    EXPECT_EQ(world.server.count("orders"), 0) << status;
    EXPECT_EQ(world.exit_code(), 13) << status;
  }
}

TEST(PurchaseGate, is_not_cut_short_by_a_cancel_while_the_confirm_runs) {
  Approved world;
  world.server.before("confirm", 1, [&] { world.context.stop = true; });
  EXPECT_TRUE(world.confirm(world.id).ok);
  EXPECT_EQ(world.states().back(), kDone);
}

TEST(PurchaseGate, sends_nothing_once_cancelled_and_keeps_the_consent) {
  Approved world;
  world.context.stop = true;
  EXPECT_EQ(code_of(world.confirm(world.id)), "CANCELLED");
  EXPECT_EQ(world.server.count("confirm"), 0);
  EXPECT_EQ(world.exit_code(), 130);
  world.context.stop = false;
  EXPECT_TRUE(world.confirm(world.id).ok);
  EXPECT_EQ(world.person.questions.size(), 1U);
}

TEST(PurchaseGate, looks_when_the_answer_to_the_approve_was_lost) {
  GateWorld world;
  const std::string id = world.prepare();
  world.server.fault("approve", 1, Fault::kLoseAnswer);
  EXPECT_TRUE(world.approve(id).ok);
  EXPECT_TRUE(world.confirm(id).ok);
  EXPECT_EQ(world.server.count("approve"), 1);
}

TEST(PurchaseGate, voids_the_consent_when_cartpilot_refuses_to_approve) {
  GateWorld world;
  const std::string id = world.prepare();
  world.server.fault("approve", 1, Fault::kAnswerInstead,
                     FakeCartPilot::error(400, "CHECKOUT_EXPIRED"));
  EXPECT_EQ(code_of(world.approve(id)), "CHECKOUT_EXPIRED");
  EXPECT_EQ(world.exit_code(), 5);
  EXPECT_EQ(code_of(world.confirm(id)), "CONSENT_REQUIRED");
  EXPECT_THAT(world.states(), ElementsAre(kConsent, kApproveSent, kVoid));
}

TEST(PurchaseGate, reports_a_cartpilot_that_cannot_be_reached_before_anything_was_sent) {
  GateWorld world;
  const std::string id = world.prepare();
  world.server.fault("get", 0, Fault::kRefuseConnection);
  EXPECT_EQ(code_of(world.approve(id)), "NETWORK_ERROR");
  EXPECT_EQ(world.exit_code(), 5);
  EXPECT_EQ(world.person.questions.size(), 0U);
}

}  // namespace
}  // namespace cartpilot::purchase
