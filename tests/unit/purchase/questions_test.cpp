#include "purchase/questions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "cartpilot/error.h"
#include "fakes/store/test_state.h"
#include "store/process_owner.h"
#include "temporary_folder.h"

namespace cartpilot::purchase {
namespace {

using Kind = AnswerResult::Kind;
using testing::HasSubstr;

const AnswerSource kTerminal{"terminal", "you"};

ApprovalQuestion about(const commerce::Money& total) {
  ApprovalQuestion question;
  question.title = "PURCHASE APPROVAL";
  question.total = total;
  question.fields = {{"TOTAL", commerce::format_money(total)}};
  question.detail = Json::object();
  return question;
}

struct Desk {
  std::int64_t now = 1'000'000;
  store::StateDb db{store::open_test_state()};
  Questions questions{db, [this] { return now; }};
  ApprovalQuestion open(int rounds = 1) {
    ApprovalQuestion question = about({6181, "USD"});
    question.rounds = rounds;
    questions.open(question, 120'000);
    return question;
  }
};

TEST(JudgeAnswer, takes_total_and_code_in_every_usual_spelling) {
  ApprovalQuestion question = about({6181, "USD"});
  question.challenge = "kfmq";
  for (const char* yes : {"61.81 kfmq", "61,81 kfmq", "kfmq 61.81", "61.81 USD kfmq",
                          "USD 61.81 kfmq", "61.81USD kfmq", "usd61.81 KFMQ", "  61.81\tkfmq\r"}) {
    EXPECT_EQ(judge_answer(question, yes).kind, TypedAnswer::Kind::kYes) << yes;
  }
  for (const char* no : {"", "   ", "no", "N", "q", "cancel", "STOP"}) {
    EXPECT_EQ(judge_answer(question, no).kind, TypedAnswer::Kind::kNo) << no;
  }
}

TEST(JudgeAnswer, says_what_is_wrong_with_any_other_line) {
  ApprovalQuestion question = about({6181, "USD"});
  question.challenge = "kfmq";
  const std::pair<const char*, const char*> wrong[] = {
      {"61.81", "you typed 61.81, the code is missing"},
      {"kfmq", "you typed kfmq, the total is missing"},
      {"y", "you typed y, the total is missing"},
      {"61.82 kfmq", "you typed 61.82 kfmq, the total is 61.81 USD"},
      {"61.81 EUR kfmq", "you typed 61.81 EUR kfmq, the total is 61.81 USD"},
      {"61.8 kfmq", "you typed 61.8 kfmq, the total is 61.81 USD"},
      {"61 kfmq", "you typed 61 kfmq, the total is 61.81 USD"},
      {"61.810 kfmq", "you typed 61.810 kfmq, the total is 61.81 USD"},
      {"061.81 kfmq", "you typed 061.81 kfmq, the total is 61.81 USD"},
      {"6181 kfmq", "you typed 6181 kfmq, the total is 61.81 USD"},
      {"+61.81 kfmq", "you typed +61.81 kfmq, the total is 61.81 USD"},
      {"61.81 kfmx", "you typed 61.81 kfmx, the code is another one"},
      {"61.81 61.81 kfmq", "you typed 61.81 61.81 kfmq, that is more than total and code"},
      {"61.81 kfmq please", "you typed 61.81 kfmq please, that is more than total and code"},
  };
  for (const auto& [line, problem] : wrong) {
    const TypedAnswer judged = judge_answer(question, line);
    EXPECT_EQ(judged.kind, TypedAnswer::Kind::kWrong) << line;
    EXPECT_EQ(judged.problem, problem);
  }
}

TEST(DrawChallenge, draws_four_clear_letters_anew_each_time) {
  std::set<std::string> drawn;
  for (int i = 0; i < 200; ++i) {
    const std::string code = draw_challenge();
    EXPECT_EQ(code.size(), 4U);
    EXPECT_EQ(code.find_first_not_of("abcdefghjkmnpqrstuvwxyz"), std::string::npos) << code;
    drawn.insert(code);
  }
  EXPECT_GT(drawn.size(), 150U);
}

TEST(Questions, a_right_answer_approves_once_and_every_later_one_is_told_so) {
  Desk desk;
  const ApprovalQuestion question = desk.open();
  EXPECT_EQ(desk.questions.list_open().size(), 1U);
  const std::string yes = "61.81 " + question.challenge;
  EXPECT_EQ(desk.questions.answer(question.id, question.challenge, yes, kTerminal).kind,
            Kind::kApproved);
  const AnswerResult second =
      desk.questions.answer(question.id, question.challenge, yes, {"approve", "you"});
  EXPECT_EQ(second.kind, Kind::kTooLate);
  EXPECT_THAT(second.message, HasSubstr("approved already, by you (terminal)"));
  EXPECT_EQ(desk.questions.decline(question.id, kTerminal, "").kind, Kind::kTooLate);
  const auto found = desk.questions.find(question.id);
  EXPECT_EQ(found->state, QuestionState::kApproved);
  EXPECT_EQ(found->channel, "terminal");
  EXPECT_EQ(found->answered_unix_ms, desk.now);
  EXPECT_TRUE(desk.questions.list_open().empty());
}

TEST(Questions, a_code_that_was_not_shown_last_counts_for_nothing) {
  Desk desk;
  const ApprovalQuestion question = desk.open();
  const AnswerResult wrong =
      desk.questions.answer(question.id, question.challenge, "61.81", kTerminal);
  ASSERT_EQ(wrong.kind, Kind::kRetry);
  EXPECT_NE(wrong.challenge, question.challenge);
  const AnswerResult stale = desk.questions.answer(question.id, question.challenge,
                                                   "61.81 " + question.challenge, kTerminal);
  EXPECT_EQ(stale.kind, Kind::kStale);
  EXPECT_EQ(stale.challenge, wrong.challenge);
  EXPECT_EQ(desk.questions.find(question.id)->state, QuestionState::kOpen);
  EXPECT_EQ(
      desk.questions.answer(question.id, wrong.challenge, "61.81 " + wrong.challenge, kTerminal)
          .kind,
      Kind::kApproved);
}

TEST(Questions, a_second_wrong_answer_is_a_no) {
  Desk desk;
  const ApprovalQuestion question = desk.open();
  const AnswerResult first =
      desk.questions.answer(question.id, question.challenge, "61.81 EUR", kTerminal);
  EXPECT_EQ(desk.questions.answer(question.id, first.challenge, "what", kTerminal).kind,
            Kind::kDeclined);
  EXPECT_EQ(desk.questions.find(question.id)->state, QuestionState::kDeclined);
}

TEST(Questions, a_repeated_basket_takes_two_answers_with_two_codes) {
  Desk desk;
  const ApprovalQuestion question = desk.open(2);
  const AnswerResult first = desk.questions.answer(question.id, question.challenge,
                                                   "61.81 " + question.challenge, kTerminal);
  ASSERT_EQ(first.kind, Kind::kAgain);
  EXPECT_NE(first.challenge, question.challenge);
  EXPECT_EQ(desk.questions.find(question.id)->state, QuestionState::kOpen);
  EXPECT_EQ(
      desk.questions.answer(question.id, first.challenge, "61.81 " + first.challenge, kTerminal)
          .kind,
      Kind::kApproved);
}

TEST(Questions, an_answer_after_the_time_counts_for_nothing) {
  Desk desk;
  const ApprovalQuestion question = desk.open();
  desk.now += 120'000;
  const AnswerResult late = desk.questions.answer(question.id, question.challenge,
                                                  "61.81 " + question.challenge, kTerminal);
  EXPECT_EQ(late.kind, Kind::kTooLate);
  EXPECT_EQ(late.message, "Its time is over. Nothing was bought.");
  EXPECT_EQ(desk.questions.find(question.id)->state, QuestionState::kExpired);
}

TEST(Questions, an_answer_to_a_program_that_is_gone_counts_for_nothing) {
  const TemporaryFolder folder;
  const std::filesystem::path state = folder.path() / "state.db";
  store::StateDb db(store::open_test_state(state));
  Questions questions(db);
  const pid_t child = ::fork();
  if (child == 0) {
    store::StateDb own(store::open_test_state(state));
    ApprovalQuestion question = about({6181, "USD"});
    Questions(own).open(question, 120'000);
    ::pause();
    ::_exit(0);
  }
  std::vector<ApprovalQuestion> open;
  while ((open = questions.list_open()).empty()) std::this_thread::yield();
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(questions.list_open().empty());
  const AnswerResult late =
      questions.answer(open[0].id, open[0].challenge, "61.81 " + open[0].challenge, kTerminal);
  EXPECT_EQ(late.kind, Kind::kTooLate);
  EXPECT_EQ(late.message, "The program that asked is gone. Nothing was bought.");
}

TEST(Questions, has_one_winner_among_processes_that_answer_at_once) {
  const TemporaryFolder folder;
  const std::filesystem::path state = folder.path() / "state.db";
  store::StateDb db(store::open_test_state(state));
  Questions questions(db);
  for (int round = 0; round < 10; ++round) {
    ApprovalQuestion question = about({6181, "USD"});
    questions.open(question, 120'000);
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
      const pid_t child = ::fork();
      if (child == 0) {
        store::StateDb own(store::open_test_state(state));
        Questions there(own);
        const AnswerResult result = i % 2 == 0
                                        ? there.answer(question.id, question.challenge,
                                                       "61.81 " + question.challenge, kTerminal)
                                        : there.decline(question.id, kTerminal, "");
        ::_exit(result.kind == Kind::kTooLate ? 1 : 0);
      }
      children.push_back(child);
    }
    int winners = 0;
    for (const pid_t child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      winners += WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 1 : 0;
    }
    EXPECT_EQ(winners, 1);
  }
}

TEST(Questions, refuses_what_cannot_be_shown_whole) {
  Desk desk;
  ApprovalQuestion question = about({6181, "USD"});
  question.fields.push_back({"Valid until", std::string(kMaxFieldBytes + 1, '9')});
  EXPECT_THROW(desk.questions.open(question, 1000), Error);
  question.fields.back().value.pop_back();
  desk.questions.open(question, 1000);
  ApprovalQuestion endless = about({6181, "USD"});
  endless.fields.assign(kMaxQuestionFields + 1, {"Argument", "x"});
  EXPECT_THROW(desk.questions.open(endless, 1000), Error);
}

TEST(Owner, names_this_process_and_no_other) {
  EXPECT_TRUE(store::process_is_alive(store::process_owner()));
  EXPECT_EQ(store::process_owner(), store::process_owner());
  std::string other_start = store::process_owner();
  other_start.back() = other_start.back() == '1' ? '2' : '1';
  EXPECT_FALSE(store::process_is_alive(other_start));
  for (const char* nobody : {"", "x", "a b c d", "a b 1 2 3", "a b -1 2"}) {
    EXPECT_FALSE(store::process_is_alive(nobody)) << nobody;
  }
}

}  // namespace
}  // namespace cartpilot::purchase
