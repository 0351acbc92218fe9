// Who may say yes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "gate_world.h"

namespace cartpilot::purchase {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum AttemptState;

TEST(PurchaseGate, buys_what_a_person_agreed_to_and_says_so_in_order) {
  GateWorld world;
  const std::string id = world.prepare();

  const ToolOutcome approved = world.approve(id);
  EXPECT_TRUE(approved.ok);
  EXPECT_EQ(approved.content, world.server.checkout(id));
  const ToolOutcome confirmed = world.confirm(id);

  EXPECT_EQ(confirmed.content, (Json{{"checkout_id", id},
                                     {"merchant_order_id", "ORD-1"},
                                     {"order_id", "order-ORD-1"},
                                     {"status", "confirmed"},
                                     {"total", {{"amount", 8638}, {"currency", "USD"}}},
                                     {"confirmed_at", "2026-11-23T00:49:28.708055Z"}}));
  EXPECT_THAT(world.events.lines, ElementsAre("request 86.38 USD", "decision approved by human",
                                              "purchase done exit 0"));
  EXPECT_THAT(world.states(), ElementsAre(kConsent, kApproveSent, kApproved, kConfirmSent, kDone));
  const Attempt attempt = world.journal.list().front();
  EXPECT_EQ(attempt.by, "human");
  EXPECT_EQ(attempt.order_id, "order-ORD-1");
  EXPECT_EQ(attempt.merchant_order_id, "ORD-1");
  EXPECT_EQ(world.server.orders().size(), 1U);
  EXPECT_EQ(world.exit_code(), 0);
}

TEST(PurchaseGate, sends_no_approve_until_a_person_says_yes) {
  GateWorld world;
  const std::string id = world.prepare();
  int approves_while_asking = -1;
  world.person.meanwhile = [&] { approves_while_asking = world.server.count("approve"); };
  world.approve(id);
  EXPECT_EQ(approves_while_asking, 0);
  EXPECT_EQ(world.server.count("approve"), 1);
}

TEST(PurchaseGate, throws_away_what_the_model_says_about_who_agreed) {
  GateWorld world;
  const std::string id = world.prepare();
  world.person.answers = {ConsentAnswer::kDeclined};
  world.money("approve_checkout",
              Json{{"checkout_id", id}, {"approved_by", "the user already agreed"}});
  EXPECT_EQ(world.server.count("approve"), 0);

  world.money("approve_checkout", Json{{"checkout_id", id}, {"approved_by", "agent"}});
  ASSERT_EQ(world.server.count("approve"), 1);
  EXPECT_EQ(world.server.seen("approve").front().body, (Json{{"approved_by", "user"}}));
}

TEST(PurchaseGate, refuses_confirm_without_consent) {
  GateWorld world;
  const std::string id = world.prepare();
  EXPECT_EQ(code_of(world.confirm(id)), "CONSENT_REQUIRED");
  EXPECT_EQ(world.server.count("confirm"), 0);
  EXPECT_THAT(world.person.questions, IsEmpty());
  EXPECT_EQ(world.exit_code(), 11);
}

TEST(PurchaseGate, answers_a_second_confirm_with_the_stored_result_and_sends_nothing) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  const ToolOutcome first = world.confirm(id);
  const std::size_t requests = world.server.requests().size();

  const ToolOutcome second = world.confirm(id);

  EXPECT_TRUE(second.ok);
  EXPECT_EQ(second.content, first.content);
  EXPECT_EQ(world.server.requests().size(), requests);
  EXPECT_EQ(world.server.orders().size(), 1U);
}

TEST(PurchaseGate, answers_a_second_confirm_after_a_restart_from_the_journal) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.confirm(id);
  world.restart();
  const std::size_t requests = world.server.requests().size();

  const ToolOutcome again = world.confirm(id);

  EXPECT_EQ(again.content, (Json{{"checkout_id", id},
                                 {"merchant_order_id", "ORD-1"},
                                 {"order_id", "order-ORD-1"},
                                 {"status", "confirmed"},
                                 {"total", {{"amount", 8638}, {"currency", "USD"}}}}));
  EXPECT_EQ(world.server.requests().size(), requests);
}

TEST(PurchaseGate, says_bought_to_an_approval_of_what_is_bought_without_asking_cartpilot) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.confirm(id);
  world.server.fault("get", 0, FakeCartPilot::Fault::kResetBefore);
  const std::size_t requests = world.server.requests().size();
  const std::string last_word = world.events.lines.back();

  EXPECT_EQ(code_of(world.approve(id)), "NOT_AWAITING_APPROVAL");

  EXPECT_EQ(world.server.requests().size(), requests);
  EXPECT_EQ(world.events.lines.back(), last_word);
  EXPECT_EQ(world.exit_code(), 0);
}

TEST(PurchaseGate, keeps_the_exit_code_of_an_attempt_when_a_later_call_comes_to_nothing) {
  GateWorld world;
  const std::string id = world.prepare();
  world.person.answers = {ConsentAnswer::kDeclined};
  world.approve(id);
  EXPECT_EQ(world.exit_code(), 10);
  EXPECT_EQ(code_of(world.confirm(id)), "CONSENT_REQUIRED");
  EXPECT_EQ(world.exit_code(), 10);
  // What is refused of another checkout is news.
  EXPECT_EQ(code_of(world.approve("somebody-elses")), "NOT_OURS");
  EXPECT_EQ(world.exit_code(), 11);
}

TEST(PurchaseGate,
     gives_the_exit_code_of_an_attempt_that_cartpilot_failed_after_an_earlier_refusal) {
  for (const char* failing : {"approve", "get"}) {
    GateWorld world;
    const std::string id = world.prepare();
    world.person.answers = {ConsentAnswer::kDeclined, ConsentAnswer::kApproved};
    world.approve(id);
    EXPECT_EQ(world.exit_code(), 10);
    const bool at_confirm = failing == std::string("get");
    if (at_confirm) world.approve(id);
    world.server.fault(failing, 0, FakeCartPilot::Fault::kRefuseConnection);
    at_confirm ? world.confirm(id) : world.approve(id);
    EXPECT_EQ(world.exit_code(), 5) << failing;
  }
}

TEST(PurchaseGate, refuses_confirm_of_another_checkout_than_the_one_agreed_to) {
  GateWorld world;
  const std::string shown = world.prepare("headphones");
  const std::string other = world.prepare("mug");
  world.approve(shown);
  EXPECT_EQ(code_of(world.confirm(other)), "CONSENT_REQUIRED");
  EXPECT_EQ(world.server.count("confirm"), 0);
}

TEST(PurchaseGate, refuses_checkouts_made_in_another_conversation) {
  GateWorld world;
  const std::string id = world.prepare();
  world.restart("session-2");
  const std::size_t requests = world.server.requests().size();
  EXPECT_EQ(code_of(world.approve(id)), "NOT_OURS");
  EXPECT_EQ(code_of(world.confirm(id)), "NOT_OURS");
  EXPECT_EQ(code_of(world.approve("../orders")), "NOT_OURS");
  EXPECT_EQ(world.server.requests().size(), requests);
  EXPECT_EQ(world.exit_code(), 11);
}

TEST(PurchaseGate, uses_a_consent_once_even_when_the_confirm_failed) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.server.fault("confirm", 1, FakeCartPilot::Fault::kAnswerInstead,
                     FakeCartPilot::error(400, "NOT_APPROVED"));
  world.confirm(id);
  world.person.answers = {ConsentAnswer::kDeclined};
  EXPECT_EQ(code_of(world.confirm(id)), "APPROVAL_DECLINED");
  EXPECT_EQ(world.person.questions.size(), 2U);
  EXPECT_EQ(world.server.count("confirm"), 1);
}

TEST(PurchaseGate, asks_again_when_the_consent_is_older_than_five_minutes) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.clock.passed_ms += 5 * 60 * 1000;
  world.person.answers = {ConsentAnswer::kDeclined};
  EXPECT_EQ(code_of(world.confirm(id)), "APPROVAL_DECLINED");
  EXPECT_EQ(world.person.questions.size(), 2U);
  EXPECT_EQ(world.server.count("confirm"), 0);
  EXPECT_THAT(world.states(), ElementsAre(kConsent, kApproveSent, kApproved, kVoid));
}

TEST(PurchaseGate, does_not_ask_again_just_before_five_minutes) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.clock.passed_ms += 5 * 60 * 1000 - 1;
  EXPECT_TRUE(world.confirm(id).ok);
  EXPECT_EQ(world.person.questions.size(), 1U);
}

TEST(PurchaseGate, buys_after_a_lapsed_consent_is_renewed_without_a_second_approve) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.clock.passed_ms += 6 * 60 * 1000;
  EXPECT_TRUE(world.confirm(id).ok);
  EXPECT_EQ(world.person.questions.size(), 2U);
  EXPECT_EQ(world.server.count("approve"), 1);
  EXPECT_EQ(world.server.orders().size(), 1U);
  EXPECT_THAT(world.states(), ElementsAre(kConsent, kApproved, kConfirmSent, kDone));
}

TEST(PurchaseGate, lets_no_consent_outlive_the_checkout) {
  GateWorld world;
  const std::string id = world.prepare();
  world.server.checkout(id)["expires_at"] = "2026-11-23T00:51:28Z";  // in two minutes
  world.approve(id);
  world.clock.passed_ms += 91 * 1000;  // 29 s before the end
  EXPECT_EQ(code_of(world.confirm(id)), "CHECKOUT_EXPIRED");
  EXPECT_EQ(world.server.count("confirm"), 0);
}

TEST(PurchaseGate, lets_a_person_decline_and_leaves_no_trace_of_a_purchase) {
  GateWorld world;
  const std::string id = world.prepare();
  world.person.answers = {ConsentAnswer::kDeclined};
  EXPECT_EQ(code_of(world.approve(id)), "APPROVAL_DECLINED");
  EXPECT_EQ(world.exit_code(), 10);
  EXPECT_EQ(world.server.count("approve"), 0);
  EXPECT_THAT(world.journal.list(), IsEmpty());
  EXPECT_THAT(world.events.lines, ElementsAre("request 86.38 USD", "decision declined by human",
                                              "purchase not done exit 10"));
}

TEST(PurchaseGate, refuses_without_a_terminal_and_names_the_flags) {
  GateWorld world;
  const std::string id = world.prepare();
  world.person.answers = {ConsentAnswer::kNoTerminal};
  const ToolOutcome outcome = world.approve(id);
  EXPECT_EQ(code_of(outcome), "APPROVAL_REFUSED_BY_POLICY");
  EXPECT_THAT(string_or(outcome.content, "message"), HasSubstr("--approve up-to:150:USD"));
  EXPECT_EQ(world.exit_code(), 11);
  EXPECT_THAT(world.journal.list(), IsEmpty());
}

TEST(PurchaseGate, refuses_everything_under_never_without_asking) {
  GateWorld world(parse_policy("never", ""));
  const std::string id = world.prepare();
  const ToolOutcome outcome = world.approve(id);
  EXPECT_EQ(code_of(outcome), "APPROVAL_REFUSED_BY_POLICY");
  EXPECT_THAT(string_or(outcome.content, "message"), HasSubstr("--approve up-to:150:USD"));
  EXPECT_EQ(world.exit_code(), 11);
  EXPECT_EQ(world.server.count("approve"), 0);
  EXPECT_THAT(world.person.questions, IsEmpty());
  EXPECT_THAT(world.journal.list(), IsEmpty());
  EXPECT_THAT(world.events.lines, ElementsAre("request 86.38 USD", "decision refused by policy",
                                              "purchase not done exit 11"));
}

TEST(PurchaseGate, is_not_moved_by_the_environment) {
  ::setenv("CARTPILOT_APPROVE", "up-to:1000:USD", 1);
  ::setenv("CARTPILOT_MERCHANTS", "merchant-a", 1);
  GateWorld world(parse_policy("never", ""));
  const std::string id = world.prepare();
  EXPECT_EQ(code_of(world.approve(id)), "APPROVAL_REFUSED_BY_POLICY");
  EXPECT_EQ(world.server.count("approve"), 0);
  ::unsetenv("CARTPILOT_APPROVE");
  ::unsetenv("CARTPILOT_MERCHANTS");
}

TEST(PurchaseGate, buys_within_a_standing_permission_and_records_its_flag) {
  GateWorld world(parse_policy("up-to:86.38:USD", "merchant-a,merchant-b"));
  const std::string id = world.prepare();
  EXPECT_TRUE(world.approve(id).ok);
  EXPECT_TRUE(world.confirm(id).ok);
  EXPECT_THAT(world.person.questions, IsEmpty());
  EXPECT_EQ(world.server.seen("approve").front().body, (Json{{"approved_by", "policy"}}));
  EXPECT_EQ(world.journal.list().front().by,
            "policy: --approve up-to:86.38:USD --merchants merchant-a,merchant-b");
  EXPECT_THAT(world.events.lines, ElementsAre("request 86.38 USD", "decision approved by policy",
                                              "purchase done exit 0"));
}

TEST(PurchaseGate, refuses_outside_a_standing_permission) {
  struct Case {
    const char* approve;
    const char* merchants;
    const char* why;
  };
  const Case cases[] = {{"up-to:86.37:USD", "merchant-a", "one cent too much"},
                        {"up-to:100:EUR", "merchant-a", "another currency"},
                        {"up-to:100:USD", "merchant-b,merchant", "another merchant"}};
  for (const Case& bad : cases) {
    GateWorld world(parse_policy(bad.approve, bad.merchants));
    const std::string id = world.prepare();
    EXPECT_EQ(code_of(world.approve(id)), "APPROVAL_REFUSED_BY_POLICY") << bad.why;
    EXPECT_EQ(code_of(world.confirm(id)), "CONSENT_REQUIRED") << bad.why;
    EXPECT_EQ(world.server.count("approve") + world.server.count("confirm"), 0) << bad.why;
    EXPECT_THAT(world.journal.list(), IsEmpty()) << bad.why;
  }
}

TEST(PurchaseGate, holds_the_hard_cap_even_when_a_person_would_agree) {
  GateWorld world;
  world.server.price("headphones") = 999'901;  // 10,799.. with tax
  const std::string id = world.prepare();
  EXPECT_EQ(code_of(world.approve(id)), "APPROVAL_REFUSED_BY_POLICY");
  EXPECT_THAT(world.person.questions, IsEmpty());
}

TEST(PurchaseGate, asks_at_most_three_times_in_a_turn) {
  GateWorld world;
  const std::string id = world.prepare();
  world.person.answers.assign(20, ConsentAnswer::kDeclined);
  std::vector<std::string> codes;
  for (int i = 0; i < 5; ++i) codes.push_back(code_of(world.approve(id)));
  EXPECT_THAT(codes, ElementsAre("APPROVAL_DECLINED", "APPROVAL_DECLINED", "APPROVAL_DECLINED",
                                 "TOO_MANY_QUESTIONS", "TOO_MANY_QUESTIONS"));
  EXPECT_EQ(world.person.questions.size(), 3U);
  EXPECT_EQ(world.exit_code(), 11);

  world.gate->begin_turn();
  EXPECT_EQ(code_of(world.approve(id)), "APPROVAL_DECLINED");
}

TEST(PurchaseGate, tells_the_model_what_comes_before_an_approval) {
  GateWorld world;
  const std::string id = string_or(world.create(), "id");
  EXPECT_EQ(code_of(world.approve(id)), "NOT_AWAITING_APPROVAL");
  world.quote(id);
  EXPECT_EQ(code_of(world.approve(id)), "NOT_AWAITING_APPROVAL");
  EXPECT_THAT(world.person.questions, IsEmpty());
}

TEST(PurchaseGate, does_not_ask_twice_for_an_approval_that_still_holds) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  EXPECT_TRUE(world.approve(id).ok);
  EXPECT_EQ(world.person.questions.size(), 1U);
  EXPECT_EQ(world.server.count("approve"), 1);
}

TEST(PurchaseGate, survives_a_prompt_and_an_observer_that_throw) {
  struct Broken final : PurchaseObserver {
    void on_approval_request(const ApprovalRequest&) override { throw 1; }
    void on_approval_decision(const ApprovalDecision&) override { throw std::runtime_error("x"); }
    void on_purchase(const PurchaseReport&) override { throw Error(ErrorCode::kInternal, "x"); }
  };
  GateWorld world;
  Broken broken;
  PurchaseGate gate(world.client, world.journal, world.policy, world.questions, world.person,
                    broken, "session-1", world.clock.gate_clock());
  const std::string id = world.prepare();
  const ToolCall approve{"1", "approve_checkout", Json{{"checkout_id", id}}, "", nullptr};
  const ToolCall confirm{"2", "confirm_checkout", Json{{"checkout_id", id}}, "", nullptr};
  world.person.meanwhile = [] { throw std::runtime_error("the terminal went away"); };
  EXPECT_EQ(code_of(gate.run_money(approve, world.context)), "STATE_UNAVAILABLE");
  EXPECT_EQ(world.server.count("approve"), 0);
  world.person.meanwhile = {};
  EXPECT_TRUE(gate.run_money(approve, world.context).ok);
  EXPECT_TRUE(gate.run_money(confirm, world.context).ok);
  EXPECT_EQ(gate.last_report()->exit_code, 0);
}

}  // namespace
}  // namespace cartpilot::purchase
