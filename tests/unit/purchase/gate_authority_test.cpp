// Who may say yes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  int approves_while_asking = -1;
  world.person.meanwhile = [&] { approves_while_asking = world.server.count("approve"); };

  const ToolOutcome approved = world.approve(id);
  EXPECT_TRUE(approved.ok);
  EXPECT_EQ(approves_while_asking, 0);
  EXPECT_EQ(world.server.count("approve"), 1);
  EXPECT_EQ(approved.content, world.server.checkout(id));
  const ToolOutcome confirmed = world.confirm(id);

  EXPECT_EQ(confirmed.content, (Json{{"checkout_id", id},
                                     {"merchant_order_id", "ORD-1"},
                                     {"order_id", "order-ORD-1"},
                                     {"status", "confirmed"},
                                     {"total", {{"amount", 8638}, {"currency", "USD"}}},
                                     {"confirmed_at", "2026-11-23T00:49:28.708055Z"}}));
  EXPECT_THAT(world.events.lines,
              ElementsAre("request 86.38 USD", "decision approved by human", "purchase: bought"));
  EXPECT_THAT(world.states(), ElementsAre(kConsent, kApproveSent, kApproved, kConfirmSent, kDone));
  const Attempt attempt = world.journal.list().front();
  EXPECT_EQ(attempt.by, "human");
  EXPECT_EQ(attempt.order_id, "order-ORD-1");
  EXPECT_EQ(attempt.merchant_order_id, "ORD-1");
  EXPECT_EQ(world.server.orders().size(), 1U);
  EXPECT_EQ(world.end(), PurchaseEnd::kBought);
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
  EXPECT_EQ(world.end(), PurchaseEnd::kBought);
}

TEST(PurchaseGate, keeps_the_end_of_an_attempt_when_a_later_call_comes_to_nothing) {
  GateWorld world;
  const std::string id = world.prepare();
  world.person.answers = {ConsentAnswer::kDeclined};
  world.approve(id);
  EXPECT_EQ(world.end(), PurchaseEnd::kDeclined);
  EXPECT_EQ(code_of(world.confirm(id)), "CONSENT_REQUIRED");
  EXPECT_EQ(world.end(), PurchaseEnd::kDeclined);
  // What is refused of another checkout is news.
  EXPECT_EQ(code_of(world.approve("somebody-elses")), "NOT_OURS");
  EXPECT_EQ(world.end(), PurchaseEnd::kRefused);
}

TEST(PurchaseGate, gives_the_end_of_an_attempt_that_cartpilot_failed_after_an_earlier_refusal) {
  for (const char* failing : {"approve", "get"}) {
    GateWorld world;
    const std::string id = world.prepare();
    world.person.answers = {ConsentAnswer::kDeclined, ConsentAnswer::kApproved};
    world.approve(id);
    EXPECT_EQ(world.end(), PurchaseEnd::kDeclined);
    const bool at_confirm = failing == std::string("get");
    if (at_confirm) world.approve(id);
    world.server.fault(failing, 0, FakeCartPilot::Fault::kRefuseConnection);
    at_confirm ? world.confirm(id) : world.approve(id);
    EXPECT_EQ(world.end(), PurchaseEnd::kCartPilotFailed) << failing;
  }
}

TEST(PurchaseGate, does_not_ask_again_just_before_five_minutes) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.clock.passed_ms += 5 * 60 * 1000 - 1;
  EXPECT_TRUE(world.confirm(id).ok);
  EXPECT_EQ(world.person.questions.size(), 1U);
}

TEST(PurchaseGate, sends_nothing_when_the_consent_lapses_during_the_last_look) {
  Approved world;
  const int looks = world.server.count("get");
  world.server.before("get", looks + 1, [&] { world.clock.passed_ms += 6 * 60'000; });
  EXPECT_EQ(code_of(world.confirm(world.id)), "CONSENT_REQUIRED");
  EXPECT_EQ(world.server.count("confirm"), 0);
  EXPECT_EQ(world.states().back(), AttemptState::kVoid);
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

TEST(PurchaseGate, lets_a_person_decline_and_leaves_no_trace_of_a_purchase) {
  GateWorld world;
  const std::string id = world.prepare();
  world.person.answers = {ConsentAnswer::kDeclined};
  EXPECT_EQ(code_of(world.approve(id)), "APPROVAL_DECLINED");
  EXPECT_EQ(world.end(), PurchaseEnd::kDeclined);
  EXPECT_EQ(world.server.count("approve"), 0);
  EXPECT_THAT(world.journal.list(), IsEmpty());
  EXPECT_THAT(world.events.lines,
              ElementsAre("request 86.38 USD", "decision declined by human", "purchase: declined"));
}

TEST(PurchaseGate, refuses_without_a_terminal_and_names_the_flags) {
  GateWorld world;
  const std::string id = world.prepare();
  world.person.answers = {ConsentAnswer::kNoTerminal};
  const ToolOutcome outcome = world.approve(id);
  EXPECT_EQ(code_of(outcome), "APPROVAL_REFUSED_BY_POLICY");
  EXPECT_THAT(string_or(outcome.content, "message"), HasSubstr("--approve up-to:150:USD"));
  EXPECT_EQ(world.end(), PurchaseEnd::kRefused);
  EXPECT_THAT(world.journal.list(), IsEmpty());
}

TEST(PurchaseGate, refuses_everything_under_never_without_asking) {
  GateWorld world(parse_policy("never", ""));
  const std::string id = world.prepare();
  const ToolOutcome outcome = world.approve(id);
  EXPECT_EQ(code_of(outcome), "APPROVAL_REFUSED_BY_POLICY");
  EXPECT_THAT(string_or(outcome.content, "message"), HasSubstr("--approve up-to:150:USD"));
  EXPECT_EQ(world.end(), PurchaseEnd::kRefused);
  EXPECT_EQ(world.server.count("approve"), 0);
  EXPECT_THAT(world.person.questions, IsEmpty());
  EXPECT_THAT(world.journal.list(), IsEmpty());
  EXPECT_THAT(world.events.lines,
              ElementsAre("request 86.38 USD", "decision refused by policy", "purchase: refused"));
}

TEST(PurchaseGate, leaves_it_to_the_front_end_to_say_what_can_be_done) {
  GateWorld plain(PurchasePolicy{});
  plain.approve(plain.prepare());
  EXPECT_EQ(plain.gate->last_report()->message, "nothing may be bought here");
  PurchasePolicy page;
  page.remedies = [](Remedy remedy, const std::string&) {
    return remedy == Remedy::kAllowPurchases ? "press Allow" : "";
  };
  GateWorld world(page);
  world.approve(world.prepare());
  EXPECT_EQ(world.gate->last_report()->message, "nothing may be bought here; press Allow");
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
  EXPECT_THAT(world.events.lines,
              ElementsAre("request 86.38 USD", "decision approved by policy", "purchase: bought"));
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
  EXPECT_EQ(gate.last_report()->end, PurchaseEnd::kBought);
}

}  // namespace
}  // namespace cartpilot::purchase
