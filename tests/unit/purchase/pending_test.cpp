// Questions that nobody waits for.
#include <gmock/gmock.h>

#include "gate_world.h"

namespace cartpilot::purchase {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using enum AttemptState;

constexpr std::int64_t kMinuteMs = 60'000;

/// Shows nothing and waits for nothing.
class PatientApprover final : public Approver {
 public:
  std::optional<std::string> unavailable() override { return std::nullopt; }
  std::chrono::milliseconds lifetime() const override { return kSharedLifetime; }
  bool waits() const override { return false; }
  void ask(const ApprovalQuestion&, Questions&, const CallContext&) override {}
};

struct PendingWorld : GateWorld {
  explicit PendingWorld(PurchasePolicy given = parse_policy("ask", ""))
      : GateWorld(std::move(given)) {
    begin();
  }
  /// A new process.
  void begin() {
    gate = std::make_unique<PurchaseGate>(client, journal, policy, questions, patient, events,
                                          "session-1", clock.gate_clock());
    gate->begin_turn();
  }
  ApprovalQuestion open_question() {
    const auto open = questions.list_open();
    EXPECT_EQ(open.size(), 1U);
    return open.empty() ? ApprovalQuestion{} : open.front();
  }
  /// As `cartpilot approve` does.
  AnswerResult type(const ApprovalQuestion& question, const std::string& line) {
    return questions.answer(question.id, question.challenge, line, {"approve", "you"});
  }
  AnswerResult say_yes(const ApprovalQuestion& question) {
    return type(question, commerce::format_money(*question.total) + " " + question.challenge);
  }

  PatientApprover patient;
};

TEST(PendingApproval, the_call_is_answered_before_the_person_is) {
  PendingWorld world;
  const std::string id = world.prepare();
  const ToolOutcome pending = world.approve(id);

  const ApprovalQuestion question = world.open_question();
  EXPECT_EQ(code_of(pending), "APPROVAL_PENDING");
  EXPECT_EQ(string_or(pending.content, "approval_id"), question.id);
  EXPECT_EQ(integer_or(pending.content, "expires_in_s"), 600);
  EXPECT_THAT(string_or(pending.content, "message"), HasSubstr("cartpilot approve " + question.id));
  EXPECT_THAT(world.gate->pending(),
              ElementsAre(PendingApproval{question.id, id, question.expires_unix_ms}));
  EXPECT_EQ(world.server.count("approve"), 0);
  EXPECT_THAT(world.states(), IsEmpty());
}

TEST(PendingApproval, a_second_call_joins_the_open_question) {
  PendingWorld world;
  const std::string id = world.prepare();
  const ToolOutcome first = world.approve(id);
  world.clock.passed_ms += kMinuteMs;
  const ToolOutcome second = world.approve(id);
  EXPECT_EQ(string_or(second.content, "approval_id"), string_or(first.content, "approval_id"));
  EXPECT_EQ(integer_or(second.content, "expires_in_s"), 540);
  EXPECT_THAT(world.questions.list_open(), SizeIs(1));
}

TEST(PendingApproval, a_yes_is_settled_when_nobody_calls) {
  PendingWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  EXPECT_THAT(world.gate->settle_pending(world.context), IsEmpty());
  world.say_yes(world.open_question());

  const auto settled = world.gate->settle_pending(world.context);

  ASSERT_THAT(settled, SizeIs(1));
  EXPECT_EQ(settled[0].checkout_id, id);
  EXPECT_TRUE(settled[0].outcome.ok);
  EXPECT_EQ(settled[0].outcome.content, world.server.checkout(id));
  EXPECT_THAT(world.gate->pending(), IsEmpty());
  EXPECT_THAT(world.events.lines, ElementsAre("request 86.38 USD", "decision approved by human"));
  EXPECT_TRUE(world.confirm(id).ok);
  EXPECT_THAT(world.states(), ElementsAre(kConsent, kApproveSent, kApproved, kConfirmSent, kDone));
  EXPECT_EQ(world.journal.list().front().by, "human");
}

TEST(PendingApproval, a_yes_is_settled_by_the_next_confirm) {
  PendingWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  EXPECT_EQ(code_of(world.confirm(id)), "APPROVAL_PENDING");
  world.say_yes(world.open_question());
  EXPECT_TRUE(world.confirm(id).ok);
  EXPECT_THAT(world.server.orders(), SizeIs(1));
}

TEST(PendingApproval, a_no_closes_this_receipt_for_ten_minutes) {
  PendingWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.type(world.open_question(), "no");
  EXPECT_EQ(code_of(world.approve(id)), "APPROVAL_DECLINED");
  world.clock.passed_ms += 9 * kMinuteMs;
  EXPECT_EQ(code_of(world.approve(id)), "APPROVAL_DECLINED");
  EXPECT_THAT(world.questions.list_open(), IsEmpty());
  EXPECT_EQ(world.server.count("approve"), 0);
  world.clock.passed_ms += 2 * kMinuteMs;
  EXPECT_EQ(code_of(world.approve(id)), "APPROVAL_PENDING");
}

TEST(PendingApproval, no_answer_in_time_is_a_no) {
  PendingWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  const ApprovalQuestion question = world.open_question();
  world.clock.passed_ms += 10 * kMinuteMs;
  EXPECT_EQ(world.say_yes(question).kind, AnswerResult::Kind::kTooLate);
  const auto settled = world.gate->settle_pending(world.context);
  ASSERT_THAT(settled, SizeIs(1));
  EXPECT_EQ(code_of(settled[0].outcome), "APPROVAL_DECLINED");
  EXPECT_EQ(code_of(world.confirm(id)), "CONSENT_REQUIRED");
}

TEST(PendingApproval, a_second_yes_to_one_question_comes_too_late) {
  PendingWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  const ApprovalQuestion question = world.open_question();
  world.say_yes(question);
  EXPECT_EQ(world.say_yes(question).kind, AnswerResult::Kind::kTooLate);
  EXPECT_TRUE(world.confirm(id).ok);
  EXPECT_EQ(world.say_yes(question).kind, AnswerResult::Kind::kTooLate);
  EXPECT_THAT(world.server.orders(), SizeIs(1));
}

TEST(PendingApproval, a_yes_to_a_price_that_changed_meanwhile_buys_nothing) {
  PendingWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  const ApprovalQuestion question = world.open_question();
  world.server.price("headphones") = 9'999;
  world.quote(id);
  world.request_approval(id);
  world.say_yes(question);
  const auto settled = world.gate->settle_pending(world.context);
  ASSERT_THAT(settled, SizeIs(1));
  EXPECT_EQ(code_of(settled[0].outcome), "PRICE_CHANGED");
  EXPECT_EQ(world.server.count("approve"), 0);
  EXPECT_EQ(code_of(world.confirm(id)), "CONSENT_REQUIRED");
}

TEST(PendingApproval, another_receipt_of_the_checkout_voids_the_open_question) {
  PendingWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  const ApprovalQuestion old = world.open_question();
  world.server.price("headphones") = 9'999;
  world.quote(id);
  world.request_approval(id);
  EXPECT_EQ(code_of(world.approve(id)), "APPROVAL_PENDING");
  EXPECT_EQ(world.say_yes(old).kind, AnswerResult::Kind::kTooLate);
  EXPECT_NE(world.open_question().id, old.id);
  EXPECT_EQ(world.open_question().previous_total, old.total);
}

TEST(PendingApproval, a_consent_runs_from_the_yes_and_not_from_when_it_was_noticed) {
  PendingWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.say_yes(world.open_question());
  world.clock.passed_ms += 4 * kMinuteMs;
  world.gate->settle_pending(world.context);
  world.clock.passed_ms += kMinuteMs + 1;
  // It lapsed; the person is asked again.
  EXPECT_EQ(code_of(world.confirm(id)), "APPROVAL_PENDING");
  EXPECT_THAT(world.server.orders(), IsEmpty());
}

TEST(PendingApproval, three_questions_in_ten_minutes_and_no_more) {
  PendingWorld world;
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(code_of(world.approve(world.prepare("headphones", round + 1))), "APPROVAL_PENDING");
    world.gate->begin_turn();  // turns do not count here
  }
  const std::string fourth = world.prepare("headphones", 4);
  EXPECT_EQ(code_of(world.approve(fourth)), "TOO_MANY_QUESTIONS");
  world.clock.passed_ms += 10 * kMinuteMs + 1;
  const std::string later = world.prepare("headphones", 5);
  EXPECT_EQ(code_of(world.approve(later)), "APPROVAL_PENDING");
}

TEST(PendingApproval, a_program_that_ends_takes_its_questions_with_it) {
  PendingWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  const ApprovalQuestion question = world.open_question();
  world.gate->withdraw_pending();
  EXPECT_THAT(world.questions.list_open(), IsEmpty());
  EXPECT_EQ(world.say_yes(question).kind, AnswerResult::Kind::kTooLate);
}

TEST(PendingApproval, a_yes_to_an_earlier_process_counts_for_nothing_here) {
  PendingWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  const ApprovalQuestion question = world.open_question();
  world.say_yes(question);
  world.begin();
  EXPECT_THAT(world.gate->settle_pending(world.context), IsEmpty());
  EXPECT_EQ(code_of(world.confirm(id)), "CONSENT_REQUIRED");
  EXPECT_THAT(world.server.orders(), IsEmpty());
}

TEST(PendingApproval, a_standing_permission_asks_nobody) {
  PendingWorld world(parse_policy("up-to:150:USD", "merchant-a"));
  const std::string id = world.prepare();
  EXPECT_TRUE(world.approve(id).ok);
  EXPECT_THAT(world.questions.list_open(), IsEmpty());
}

TEST(PendingApproval, never_asks_nobody_either) {
  PendingWorld world(parse_policy("never", ""));
  EXPECT_EQ(code_of(world.approve(world.prepare())), "APPROVAL_REFUSED_BY_POLICY");
  EXPECT_THAT(world.questions.list_open(), IsEmpty());
}

}  // namespace
}  // namespace cartpilot::purchase
