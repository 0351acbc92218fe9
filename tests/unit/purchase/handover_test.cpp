// A confirm that another process carries out.
#include <gmock/gmock.h>

#include "gate_world.h"
#include "purchase/confirm_report.h"

namespace cartpilot::purchase {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using enum AttemptState;
using Kind = ConfirmRunner::Result::Kind;

class LastReport final : public PurchaseObserver {
 public:
  PurchaseReport report;
  void on_approval_request(const ApprovalRequest&) override {}
  void on_approval_decision(const ApprovalDecision&) override {}
  void on_purchase(const PurchaseReport& heard) override { report = heard; }
};

/// The other process, inside this one: a gate of its own on the same record.
class OtherProcess final : public ConfirmRunner {
 public:
  explicit OtherProcess(GateWorld& world) : world_(world), handovers_(world.db, world.journal) {}

  Result run(const Attempt& attempt) override {
    attempts.push_back(attempt);
    token = handovers_.leave(attempt);
    if (instead) return *instead;
    LastReport heard;
    PurchaseGate gate(world_.client, world_.journal, parse_policy("never", ""), world_.questions,
                      world_.person, heard, attempt.session, world_.clock.gate_clock());
    const ToolOutcome outcome =
        gate.confirm_handed_over(handovers_, attempt.id, token, world_.context);
    return {Kind::kEnded, silent ? "" : to_text({heard.report, outcome}), ""};
  }

  ConfirmHandovers& handovers() { return handovers_; }
  std::vector<Attempt> attempts;
  std::string token;
  bool silent = false;
  std::optional<Result> instead;

 private:
  GateWorld& world_;
  ConfirmHandovers handovers_;
};

struct HandoverWorld : GateWorld {
  HandoverWorld() : other(*this) {
    gate = std::make_unique<PurchaseGate>(client, journal, policy, questions, person, events,
                                          "session-1", clock.gate_clock(), nullptr, &other);
    gate->begin_turn();
    id = prepare();
    approve(id);
  }
  OtherProcess other;
  std::string id;
};

TEST(Handover, the_purchase_is_the_same_as_without) {
  GateWorld plain;
  const std::string plain_id = plain.prepare();
  plain.approve(plain_id);
  const ToolOutcome expected = plain.confirm(plain_id);

  HandoverWorld world;
  const ToolOutcome outcome = world.confirm(world.id);

  EXPECT_TRUE(outcome.ok);
  EXPECT_EQ(outcome.content, expected.content);
  EXPECT_EQ(world.events.lines, plain.events.lines);
  EXPECT_EQ(world.states(), plain.states());
  EXPECT_THAT(world.server.orders(), SizeIs(1));
  EXPECT_EQ(world.end(), PurchaseEnd::kBought);
}

TEST(Handover, the_record_is_made_before_the_other_process_begins) {
  HandoverWorld world;
  world.confirm(world.id);
  ASSERT_THAT(world.other.attempts, SizeIs(1));
  EXPECT_EQ(world.other.attempts[0].state, kConfirmSent);
  EXPECT_EQ(world.other.attempts[0].sends, 1);
}

TEST(Handover, a_second_confirm_starts_no_second_process) {
  HandoverWorld world;
  const ToolOutcome first = world.confirm(world.id);
  const ToolOutcome second = world.confirm(world.id);
  EXPECT_EQ(second.content, first.content);
  EXPECT_THAT(world.other.attempts, SizeIs(1));
  EXPECT_THAT(world.server.orders(), SizeIs(1));
}

TEST(Handover, the_record_counts_when_the_other_process_says_nothing) {
  HandoverWorld world;
  world.other.silent = true;
  EXPECT_TRUE(world.confirm(world.id).ok);
  EXPECT_THAT(world.events.lines.back(), "purchase: bought");
}

TEST(Handover, a_process_that_died_leaves_the_outcome_unknown_and_the_basket_locked) {
  HandoverWorld world;
  world.other.instead = ConfirmRunner::Result{Kind::kEnded, "", ""};
  EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  EXPECT_EQ(world.states().back(), kUnknown);
  EXPECT_EQ(world.end(), PurchaseEnd::kUnknown);
  EXPECT_EQ(code_of(world.write(
                "create_checkout",
                {{"offer_id", "offer-a"},
                 {"items", Json::array({{{"product_id", "headphones"}, {"quantity", 1}}})}})),
            "PURCHASE_UNRESOLVED");
}

TEST(Handover, a_report_about_something_else_is_not_believed) {
  HandoverWorld world;
  LastReport other;
  other.report.attempt = "0123456789abcdef";
  other.report.outcome = PurchaseOutcome::kDone;
  other.report.end = PurchaseEnd::kBought;
  for (const std::string& text : {std::string("{\"attempt\":"), std::string("[]"),
                                  to_text({other.report, {true, Json::object()}})}) {
    HandoverWorld fresh;
    fresh.other.instead = ConfirmRunner::Result{Kind::kEnded, text, ""};
    EXPECT_EQ(code_of(fresh.confirm(fresh.id)), "unknown") << text;
  }
}

TEST(Handover, what_was_never_sent_is_surely_not_bought) {
  HandoverWorld world;
  world.other.instead = ConfirmRunner::Result{Kind::kNotSent, "", "no more processes"};
  const ToolOutcome outcome = world.confirm(world.id);
  EXPECT_EQ(code_of(outcome), "NOT_STARTED");
  EXPECT_THAT(string_or(outcome.content, "message"), HasSubstr("no more processes"));
  EXPECT_EQ(world.states().back(), kVoid);
  EXPECT_THAT(world.server.orders(), IsEmpty());
}

TEST(Handover, what_goes_on_without_us_stays_recorded_as_sent) {
  HandoverWorld world;
  world.other.instead = ConfirmRunner::Result{Kind::kLeft, "", ""};
  EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  EXPECT_EQ(world.states().back(), kConfirmSent);
}

TEST(Handover, it_is_taken_once) {
  HandoverWorld world;
  world.other.instead = ConfirmRunner::Result{Kind::kLeft, "", ""};
  world.confirm(world.id);
  const std::string attempt = world.other.attempts[0].id;
  EXPECT_TRUE(world.other.handovers().take(attempt, world.other.token).has_value());
  EXPECT_FALSE(world.other.handovers().take(attempt, world.other.token).has_value());
  EXPECT_FALSE(world.other.handovers().revoke(attempt));
}

TEST(Handover, it_is_not_taken_with_another_token_or_too_late) {
  HandoverWorld world;
  world.other.instead = ConfirmRunner::Result{Kind::kLeft, "", ""};
  world.confirm(world.id);
  const std::string attempt = world.other.attempts[0].id;
  EXPECT_FALSE(world.other.handovers().take(attempt, "").has_value());
  EXPECT_FALSE(world.other.handovers().take("another", world.other.token).has_value());
  world.clock.passed_ms += 10'001;
  EXPECT_FALSE(world.other.handovers().take(attempt, world.other.token).has_value());
}

TEST(Handover, it_is_not_taken_once_the_record_went_on) {
  HandoverWorld world;
  world.other.instead = ConfirmRunner::Result{Kind::kLeft, "", ""};
  world.confirm(world.id);
  const std::string attempt = world.other.attempts[0].id;
  world.journal.resolve(attempt, false);
  EXPECT_FALSE(world.other.handovers().take(attempt, world.other.token).has_value());
  EXPECT_THAT(world.server.orders(), IsEmpty());
}

TEST(Handover, it_is_not_taken_once_the_confirm_was_sent_again) {
  HandoverWorld world;
  world.other.instead = ConfirmRunner::Result{Kind::kLeft, "", ""};
  world.confirm(world.id);
  const std::string attempt = world.other.attempts[0].id;
  world.journal.begin_send(attempt);
  EXPECT_FALSE(world.other.handovers().take(attempt, world.other.token).has_value());
}

TEST(Handover, one_that_is_revoked_is_never_carried_out) {
  HandoverWorld world;
  world.other.instead = ConfirmRunner::Result{Kind::kLeft, "", ""};
  world.confirm(world.id);
  const std::string attempt = world.other.attempts[0].id;
  EXPECT_TRUE(world.other.handovers().revoke(attempt));
  PurchaseGate late(world.client, world.journal, world.policy, world.questions, world.person,
                    world.events, "session-1", world.clock.gate_clock());
  EXPECT_EQ(code_of(late.confirm_handed_over(world.other.handovers(), attempt, world.other.token,
                                             world.context)),
            "NO_HANDOVER");
  EXPECT_THAT(world.server.orders(), IsEmpty());
}

TEST(Handover, a_changed_price_is_told_and_asked_about_with_the_old_total) {
  HandoverWorld world;
  world.server.fault("confirm", 1, FakeCartPilot::Fault::kAnswerInstead,
                     FakeCartPilot::error(409, "REAPPROVAL_REQUIRED"));
  EXPECT_EQ(code_of(world.confirm(world.id)), "PRICE_CHANGED");
  EXPECT_EQ(world.end(), PurchaseEnd::kChanged);
  EXPECT_EQ(world.states().back(), kVoid);
}

TEST(Handover, an_attempt_without_a_consent_cannot_be_handed_over) {
  HandoverWorld world;
  const std::string attempt = world.journal.list().front().id;  // approved, not confirmed
  const std::string token = world.other.handovers().leave(world.journal.list().front());
  EXPECT_FALSE(world.other.handovers().take(attempt, token).has_value());
}

TEST(Handover, reports_survive_the_way) {
  const PurchaseReport report{
      "0123", PurchaseOutcome::kUnknown, PurchaseEnd::kUnknown, "c", "o", "m", {5, "USD"}, "w"};
  const auto back = confirm_report_from(to_text({report, {false, Json{{"status", "unknown"}}}}));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(to_text(*back), to_text({report, {false, Json{{"status", "unknown"}}}}));
}

}  // namespace
}  // namespace cartpilot::purchase
