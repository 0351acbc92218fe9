// Cases 44 to 56, 59 and 60: the network and the server around a confirm. The numbers are those of
// docs/purchases.md; 57 and 58 need real connections and are in case_connection_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate_world.h"
#include "purchase/keys.h"

namespace cartpilot::purchase {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using enum AttemptState;
using Fault = FakeCartPilot::Fault;

std::string key_of(const FakeCartPilot::Seen& seen) {
  return header_value(seen.headers, "Idempotency-Key");
}

TEST(PurchaseCase, case_44_nothing_sent_is_a_definite_no_after_three_tries_with_one_key) {
  Approved down;
  down.server.fault("confirm", 0, Fault::kRefuseConnection);
  EXPECT_EQ(code_of(down.confirm(down.id)), "NETWORK_ERROR");
  EXPECT_EQ(down.end(), PurchaseEnd::kCartPilotFailed);
  EXPECT_EQ(down.gate->last_report()->outcome, PurchaseOutcome::kNotDone);
  EXPECT_EQ(down.states().back(), kVoid);

  Approved back;
  back.server.fault("confirm", 1, Fault::kRefuseConnection);
  back.server.fault("confirm", 2, Fault::kRefuseConnection);
  EXPECT_TRUE(back.confirm(back.id).ok);
  for (const Approved* world : {&down, &back}) {
    const auto confirms = world->server.seen("confirm");
    ASSERT_EQ(confirms.size(), 3U);
    EXPECT_EQ(key_of(confirms[0]), key_of(confirms[1]));
    EXPECT_EQ(key_of(confirms[0]), key_of(confirms[2]));
  }
  EXPECT_EQ(back.server.orders().size(), 1U);
  EXPECT_EQ(back.journal.list().front().sends, 1);
}

TEST(PurchaseCase, case_45_a_reset_before_the_server_ran_is_repeated_with_the_same_request) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kResetBefore);
  EXPECT_TRUE(world.confirm(world.id).ok);
  const auto confirms = world.server.seen("confirm");
  ASSERT_EQ(confirms.size(), 2U);
  EXPECT_EQ(key_of(confirms[0]), key_of(confirms[1]));
  EXPECT_EQ(confirms[0].body, confirms[1].body);
  EXPECT_EQ(world.server.orders().size(), 1U);
  EXPECT_EQ(world.end(), PurchaseEnd::kBought);
  EXPECT_GE(world.clock.slept_ms, 15'000);  // the first request may still be running
  EXPECT_LE(world.clock.slept_ms, 20'000);
  EXPECT_THAT(world.states(), ElementsAre(kConsent, kApproveSent, kApproved, kConfirmSent, kUnknown,
                                          kConfirmSent, kDone));
}

TEST(PurchaseCase, case_46_a_lost_answer_to_a_booked_order_is_found_and_reported_as_bought) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kLoseAnswer);
  EXPECT_EQ(world.confirm(world.id).content,
            (Json{{"checkout_id", world.id},
                  {"merchant_order_id", "ORD-1"},
                  {"order_id", "order-ORD-1"},
                  {"status", "confirmed"},
                  {"total", {{"amount", 8638}, {"currency", "USD"}}},
                  {"confirmed_at", "2026-11-23T00:49:28.708055Z"}}));
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_EQ(world.server.orders().size(), 1U);
  EXPECT_EQ(world.end(), PurchaseEnd::kBought);
  EXPECT_EQ(world.journal.list().front().merchant_order_id, "ORD-1");
}

TEST(PurchaseCase, case_47_an_unreadable_answer_to_a_booked_order_is_looked_into) {
  const FakeCartPilot::Reply replies[] = {
      {200, R"({"checkout_id":"id-0001","merch)", "application/json", {}},
      {200, "<html>ok</html>", "text/html", {}},
      {200, "", "application/json", {}},
      {200, std::string("\x1f\x8b\x08\0bomb", 8), "application/json", {}},
      {200, std::string(100'000, '['), "application/json", {}},
      {200,
       R"({"checkout_id":"id-0001","merchant_order_id":"ORD-1","order_id":null,)"
       R"("status":"failed","status":"confirmed","total":{"amount":8638,"currency":"USD"},)"
       R"("confirmed_at":"2026-11-23T00:49:28Z"})",
       "application/json",
       {}},
      {200,
       R"({"checkout_id":"id-0001","merchant_order_id":"ORD-1","order_id":null,)"
       R"("status":"confirmed","total":{"amount":86.38,"currency":"USD"},)"
       R"("confirmed_at":"2026-11-23T00:49:28Z"})",
       "application/json",
       {}}};
  for (const auto& reply : replies) {
    Approved world;
    world.server.fault("confirm", 1, Fault::kReplaceAnswer, reply);
    EXPECT_TRUE(world.confirm(world.id).ok) << reply.body.substr(0, 40);
    EXPECT_EQ(world.server.count("confirm"), 1);
    EXPECT_EQ(world.server.orders().size(), 1U);
    EXPECT_EQ(world.journal.list().front().merchant_order_id, "ORD-1");
    EXPECT_THAT(world.states(),
                ElementsAre(kConsent, kApproveSent, kApproved, kConfirmSent, kUnknown, kDone));
  }
}

TEST(PurchaseCase, case_48_a_400_after_the_order_is_looked_into_and_repeated_only_unchanged) {
  for (const char* code : {"MERCHANT_ERROR", "CONFIRM_FAILED"}) {
    Approved booked;
    booked.server.fault("confirm", 1, Fault::kReplaceAnswer, FakeCartPilot::error(400, code));
    EXPECT_TRUE(booked.confirm(booked.id).ok) << code;
    EXPECT_EQ(booked.server.count("confirm"), 1) << code;
    EXPECT_EQ(booked.server.orders().size(), 1U) << code;

    Approved unchanged;
    unchanged.server.fault("confirm", 1, Fault::kAnswerInstead, FakeCartPilot::error(400, code));
    EXPECT_TRUE(unchanged.confirm(unchanged.id).ok) << code;
    const auto confirms = unchanged.server.seen("confirm");
    ASSERT_EQ(confirms.size(), 2U) << code;
    EXPECT_NE(key_of(confirms[0]), key_of(confirms[1])) << code;  // CartPilot keeps a 400
    EXPECT_EQ(unchanged.server.orders().size(), 1U) << code;

    Approved changed;
    changed.server.fault("confirm", 1, Fault::kAnswerInstead, FakeCartPilot::error(400, code));
    changed.server.before("confirm", 1, [&] {
      changed.server.checkout(changed.id)["merchant_checkout_id"] = "another-session";
    });
    EXPECT_EQ(code_of(changed.confirm(changed.id)), "unknown") << code;
    EXPECT_EQ(changed.server.count("confirm"), 1) << code;
    EXPECT_EQ(changed.end(), PurchaseEnd::kUnknown) << code;
  }
}

TEST(PurchaseCase, case_49_expiry_is_checked_before_and_proves_nothing_afterwards) {
  Approved before;
  before.server.checkout(before.id)["expires_at"] = "2026-11-23T00:50:27Z";  // in 59 s
  EXPECT_FALSE(before.confirm(before.id).ok);
  EXPECT_EQ(before.server.count("confirm"), 0);

  Approved late;
  late.server.checkout(late.id)["expires_at"] = "2026-11-23T00:53:28Z";  // in four minutes
  late.restart();
  late.approve(late.id);
  late.clock.passed_ms += 3 * 60 * 1000 + 1;
  EXPECT_EQ(code_of(late.confirm(late.id)), "CHECKOUT_EXPIRED");
  EXPECT_EQ(late.server.count("confirm"), 0);

  Approved after;
  after.server.fault("confirm", 1, Fault::kReplaceAnswer,
                     FakeCartPilot::error(400, "CHECKOUT_EXPIRED"));
  EXPECT_TRUE(after.confirm(after.id).ok);
  EXPECT_EQ(after.server.count("confirm"), 1);
  EXPECT_EQ(after.server.orders().size(), 1U);
}

TEST(PurchaseCase, case_50_a_refused_key_proves_nothing_and_its_idempotency_key_is_spent) {
  for (const int status : {401, 403}) {
    Approved refused;
    refused.server.fault("confirm", 1, Fault::kAnswerInstead,
                         FakeCartPilot::error(status, "INVALID_API_KEY"));
    EXPECT_TRUE(refused.confirm(refused.id).ok);  // still approved, so it is sent again
    const auto confirms = refused.server.seen("confirm");
    ASSERT_EQ(confirms.size(), 2U);
    EXPECT_NE(key_of(confirms[0]), key_of(confirms[1]));
    EXPECT_EQ(refused.person.questions.size(), 1U);
    EXPECT_EQ(refused.server.orders().size(), 1U);

    Approved booked;
    booked.server.fault("confirm", 1, Fault::kReplaceAnswer,
                        FakeCartPilot::error(status, "INVALID_API_KEY"));
    EXPECT_TRUE(booked.confirm(booked.id).ok);
    EXPECT_EQ(booked.server.count("confirm"), 1);
    EXPECT_EQ(booked.server.orders().size(), 1U);
  }
}

TEST(PurchaseCase, case_51_overload_and_gateway_answers_are_unknown_and_retry_after_is_obeyed) {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    Approved world;
    world.server.fault("confirm", 1, Fault::kReplaceAnswer, {status, "busy", "text/plain", {}});
    EXPECT_TRUE(world.confirm(world.id).ok) << status;
    EXPECT_EQ(world.server.count("confirm"), 1) << status;
    EXPECT_EQ(world.server.orders().size(), 1U) << status;
  }
  Approved asked;
  asked.server.fault("confirm", 1, Fault::kAnswerInstead,
                     {503, "busy", "text/plain", {{"Retry-After", "18"}}});
  EXPECT_TRUE(asked.confirm(asked.id).ok);
  EXPECT_GE(asked.clock.slept_ms, 18'000);
  const auto confirms = asked.server.seen("confirm");
  ASSERT_EQ(confirms.size(), 2U);
  EXPECT_EQ(key_of(confirms[0]), key_of(confirms[1]));  // a 5xx is not kept

  Approved too_long;
  too_long.server.fault("confirm", 1, Fault::kAnswerInstead,
                        {503, "busy", "text/plain", {{"Retry-After", "31"}}});
  EXPECT_EQ(code_of(too_long.confirm(too_long.id)), "unknown");
  EXPECT_EQ(too_long.server.count("confirm"), 1);
  EXPECT_LE(too_long.clock.slept_ms, 30'000);
}

TEST(PurchaseCase, case_52_a_server_that_forgot_the_checkout_leaves_it_unknown_and_locked) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kLoseAnswer);
  world.server.before("get", 4, [&] { world.server.lose_memory(); });
  const ToolOutcome outcome = world.confirm(world.id);
  EXPECT_EQ(code_of(outcome), "unknown");
  EXPECT_THAT(string_or(outcome.content, "do"), HasSubstr("nothing"));
  EXPECT_EQ(world.end(), PurchaseEnd::kUnknown);
  EXPECT_EQ(world.states().back(), kUnknown);
  EXPECT_THAT(world.gate->last_report()->message,
              AllOf(HasSubstr("86.38 USD"), HasSubstr("merchant-a"),
                    HasSubstr("CHECKOUT_NOT_FOUND"), HasSubstr("purchases resolve")));
  EXPECT_EQ(string_or(world.create(), "error_code"), "PURCHASE_UNRESOLVED");
  EXPECT_EQ(string_or(world.create("mug"), "error_code"), "");
}

TEST(PurchaseCase, case_53_a_cartpilot_that_cannot_be_asked_three_times_leaves_it_unknown) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kLoseAnswer);
  for (int nth = 4; nth < 50; ++nth) world.server.fault("get", nth, Fault::kResetBefore);
  EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  EXPECT_EQ(world.end(), PurchaseEnd::kUnknown);
  EXPECT_EQ(world.server.count("get"), 3 + 3);
  EXPECT_LE(world.clock.slept_ms, 30'000);
  EXPECT_EQ(world.server.count("confirm"), 1);
}

TEST(PurchaseCase, case_54_a_confirmed_order_that_is_not_listed_is_bought_without_its_number) {
  Approved world;
  world.server.hide_orders = true;
  world.server.fault("confirm", 1, Fault::kLoseAnswer);
  world.server.before("get", 4,
                      [&] { world.server.checkout(world.id)["merchant_order_id"] = nullptr; });
  EXPECT_TRUE(world.confirm(world.id).ok);
  EXPECT_EQ(world.end(), PurchaseEnd::kBought);
  EXPECT_THAT(world.gate->last_report()->message, HasSubstr("number not available yet"));
  EXPECT_EQ(world.states().back(), kDone);

  Approved numbered;
  numbered.server.hide_orders = true;
  numbered.server.fault("confirm", 1, Fault::kLoseAnswer);
  EXPECT_TRUE(numbered.confirm(numbered.id).ok);
  EXPECT_EQ(numbered.journal.list().front().order_id, "");
  EXPECT_EQ(numbered.journal.list().front().merchant_order_id, "ORD-1");
}

TEST(PurchaseCase, case_55_the_key_of_a_repetition_comes_from_the_record) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kResetBefore);
  world.server.before("confirm", 1, [&] { world.context.stop = true; });
  EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  world.context.stop = false;
  world.restart("session-2");  // another process and another conversation
  world.clock.passed_ms += 20'000;
  world.gate->reconcile(world.context);
  const auto confirms = world.server.seen("confirm");
  ASSERT_EQ(confirms.size(), 2U);
  EXPECT_EQ(key_of(confirms[0]), key_of(confirms[1]));
  const Attempt attempt = world.journal.list().front();
  EXPECT_EQ(key_of(confirms[0]), derive_key(world.journal.install_secret(), "confirm", "session-1",
                                            attempt.digest, attempt.key_ordinal));
  EXPECT_EQ(world.server.orders().size(), 1U);
}

TEST(PurchaseCase, case_56_header_and_body_carry_one_key) {
  Approved world;
  world.confirm(world.id);
  const auto confirms = world.server.seen("confirm");
  ASSERT_EQ(confirms.size(), 1U);
  EXPECT_THAT(key_of(confirms[0]), MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(string_or(confirms[0].body, "idempotency_key"), key_of(confirms[0]));
  for (const AttemptEvent& event : world.journal.events(world.journal.list().front().id)) {
    EXPECT_THAT(event.note, Not(HasSubstr(key_of(confirms[0]))));
  }
}

TEST(PurchaseCase, case_59_an_answer_about_another_checkout_proves_nothing) {
  Approved world;
  world.server.fault(
      "confirm", 1, Fault::kReplaceAnswer,
      {200,
       R"({"checkout_id":"id-9","merchant_order_id":"ORD-9","order_id":null,"status":"confirmed",)"
       R"("total":{"amount":8638,"currency":"USD"},"confirmed_at":"2026-11-23T00:49:28Z"})",
       "application/json",
       {}});
  EXPECT_TRUE(world.confirm(world.id).ok);
  EXPECT_EQ(world.journal.list().front().merchant_order_id, "ORD-1");
  EXPECT_THAT(world.states(),
              ElementsAre(kConsent, kApproveSent, kApproved, kConfirmSent, kUnknown, kDone));
}

TEST(PurchaseCase, case_60_lifetimes_run_on_the_boot_clock_and_expiry_on_the_servers) {
  // Our clock is an hour ahead: by it the checkout is over, by the server's it is not.
  GateWorld ahead;
  const std::string id = ahead.prepare();
  ahead.server.checkout(id)["expires_at"] = "2026-11-23T01:10:00Z";
  ahead.clock.skew_ms = 60 * 60 * 1000;
  ahead.server.date = "Mon, 23 Nov 2026 00:49:28 GMT";
  EXPECT_TRUE(ahead.approve(id).ok);
  EXPECT_TRUE(ahead.confirm(id).ok);

  // Our clock is an hour behind: by it the checkout has an hour, by the server's 30 s.
  GateWorld behind;
  const std::string late = behind.prepare();
  behind.server.checkout(late)["expires_at"] = "2026-11-23T00:49:58Z";
  behind.clock.skew_ms = -60 * 60 * 1000;
  behind.server.date = "Mon, 23 Nov 2026 00:49:28 GMT";
  EXPECT_EQ(code_of(behind.approve(late)), "CHECKOUT_EXPIRED");
  EXPECT_EQ(behind.person.questions.size(), 0U);

  // The wall clock jumps back while the consent lives: five minutes are five minutes.
  Approved jumped;
  jumped.clock.skew_ms = -60 * 60 * 1000;
  jumped.clock.passed_ms += 5 * 60 * 1000;
  jumped.person.answers = {ConsentAnswer::kDeclined};
  EXPECT_EQ(code_of(jumped.confirm(jumped.id)), "APPROVAL_DECLINED");
  EXPECT_EQ(jumped.server.count("confirm"), 0);
}

}  // namespace
}  // namespace cartpilot::purchase
