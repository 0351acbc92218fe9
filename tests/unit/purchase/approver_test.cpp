#include "purchase/approver.h"
#include "fakes/store/test_state.h"

#include <gtest/gtest.h>

#include <functional>

namespace cartpilot::purchase {
namespace {

const AnswerSource kElsewhere{"approve", "you"};

/// A surface that others use as well.
class SharedSurface final : public Approver {
 public:
  std::function<void(const ApprovalQuestion&, Questions&)> on_ask;
  std::function<void()> before_turn;
  bool taken = false;

  std::optional<std::string> unavailable() override { return std::nullopt; }
  std::chrono::milliseconds lifetime() const override { return kPromptLifetime; }
  std::unique_ptr<ApproverTurn> wait_for_turn(const CallContext&) override {
    if (before_turn) before_turn();
    return std::make_unique<SurfaceTurn>(taken);
  }
  void ask(const ApprovalQuestion& question, Questions& questions, const CallContext&) override {
    EXPECT_TRUE(taken);
    if (on_ask) on_ask(question, questions);
  }

 private:
  struct SurfaceTurn final : ApproverTurn {
    explicit SurfaceTurn(bool& on) : taken(on) { taken = true; }
    ~SurfaceTurn() override { taken = false; }
    bool& taken;
  };
};

struct AskPerson : ::testing::Test {
  static ApprovalQuestion about_money() {
    ApprovalQuestion question;
    question.title = "MONEY";
    question.detail = Json::object();
    return question;
  }
  ApprovalQuestion ask(std::chrono::milliseconds longest = std::chrono::hours(1)) {
    return ask_person(surface, questions, about_money(), CallContext(), longest);
  }

  std::int64_t now = 1'000'000;
  store::StateDb db{store::open_test_state()};
  Questions questions{db, [this] { return now; }};
  SharedSurface surface;
};

TEST_F(AskPerson, returns_the_yes_of_whoever_answers) {
  surface.on_ask = [&](const ApprovalQuestion& question, Questions& store) {
    EXPECT_EQ(question.expires_unix_ms - now, 120'000);
    store.answer(question.id, question.challenge, question.challenge, kElsewhere);
  };
  const ApprovalQuestion answered = ask();
  EXPECT_EQ(answered.state, QuestionState::kApproved);
  EXPECT_EQ(answered.channel, "approve");
  EXPECT_FALSE(surface.taken);
}

TEST_F(AskPerson, does_not_let_a_question_wait_for_the_surface_longer_than_it_may_live) {
  surface.before_turn = [&] { now += 100'000; };
  surface.on_ask = [&](const ApprovalQuestion& question, Questions&) {
    EXPECT_EQ(question.expires_unix_ms - now, 30'000);
  };
  ask(std::chrono::seconds(130));
  surface.on_ask = [&](const ApprovalQuestion& question, Questions& store) {
    const auto late = store.answer(question.id, question.challenge, question.challenge, kElsewhere);
    EXPECT_EQ(late.kind, AnswerResult::Kind::kTooLate);
  };
  EXPECT_EQ(ask(std::chrono::seconds(90)).state, QuestionState::kExpired);
}

TEST_F(AskPerson, closes_a_question_that_the_surface_left_open) {
  std::string id;
  std::string code;
  surface.on_ask = [&](const ApprovalQuestion& question, Questions&) {
    id = question.id;
    code = question.challenge;
  };
  EXPECT_EQ(ask().state, QuestionState::kVoid);
  EXPECT_EQ(questions.answer(id, code, code, kElsewhere).kind, AnswerResult::Kind::kTooLate);
}

TEST_F(AskPerson, asks_nobody_what_cannot_be_shown_whole) {
  surface.on_ask = [](const ApprovalQuestion&, Questions&) { FAIL(); };
  ApprovalQuestion question = about_money();
  question.fields = {{"Function", std::string(kMaxFieldBytes + 1, 'x')}};
  try {
    ask_person(surface, questions, question, CallContext());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.reason, "receipt");
  }
  EXPECT_FALSE(surface.taken);
}

}  // namespace
}  // namespace cartpilot::purchase
