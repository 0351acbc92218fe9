// What another program of the same person does meanwhile is replayed too: an answer of `cartpilot
// approve`, and a conversation beside this one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <thread>

#include "recorded_run.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;

/// The id of the open question, as soon as there is one.
std::string open_question(const Home& home) {
  for (int looks = 0; looks < 300; ++looks) {
    const Json open = parse_json(run(home, {"approve", "--list", "--json"}).out);
    if (!open.empty()) return open[0]["id"];
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  throw std::runtime_error("no question was opened");
}

/// A recorded conversation without a terminal that asks for `approve`.
std::unique_ptr<Program> asking(const Home& home) {
  auto chat = std::make_unique<Program>(home, recorded(home, demo({"--approve", "ask"})));
  chat->write(kThreeLines);
  return chat;
}

void approve(const Home& home, const std::string& id) {
  Program other(home, {"approve", id}, {}, true);
  answer_question(other, "86.38", true);
  EXPECT_EQ(other.finish().exit_code, 0);
}

TEST(Replay, a_yes_given_on_another_terminal) {
  const Home home;
  const auto chat = asking(home);
  approve(home, open_question(home));
  const Result run = chat->finish();
  ASSERT_EQ(run.exit_code, 0) << run.err;
  ASSERT_THAT(run.out, HasSubstr("BOUGHT 86.38 USD"));
  expect_same(home, run);
}

TEST(Replay, a_no_given_on_another_terminal) {
  const Home home;
  const auto chat = asking(home);
  ASSERT_EQ(e2e::run(home, {"approve", "--deny", open_question(home)}).exit_code, 10);
  const Result run = chat->finish();
  ASSERT_EQ(run.exit_code, 10) << run.err;
  ASSERT_THAT(run.out, HasSubstr("NOT BOUGHT"));
  expect_same(home, run);
}

TEST(Replay, ctrl_c_while_an_answer_is_waited_for) {
  const Home home;
  const auto chat = asking(home);
  open_question(home);
  chat->signal(SIGINT);
  const Result run = chat->finish();
  ASSERT_EQ(run.exit_code, 10) << run.err;  // interrupted is no yes
  expect_same(home, run);
}

/// Up to the question, at a terminal. Returns its code.
std::string shop(Program& program) {
  for (const char* line :
       {"I need wireless headphones under $100\n", "buy the cheapest\n", "yes\n"}) {
    program.wait_for_prompt();
    program.write(line);
  }
  const std::string code = program.wait_for_match("\\([a-z]{4}\\) to buy").substr(1, 4);
  program.wait_for("s]: ");
  return code;
}

TEST(Replay, a_question_on_this_terminal_that_is_answered_on_another) {
  const Home home;
  const Result run = record_at_terminal(home, demo({}), {}, [&](Program& program) {
    shop(program);
    approve(home, open_question(home));
    program.wait_for("This question was approved by you (approve).");
    program.wait_for_prompt();
    program.write("/quit\n");
  });
  ASSERT_EQ(run.exit_code, 0) << run.out;
  ASSERT_THAT(run.out, HasSubstr("BOUGHT 86.38 USD"));
  expect_same_screen(home, run);
}

TEST(Replay, a_code_that_another_terminal_made_void) {
  const Home home;
  const Result run = record_at_terminal(home, demo({}), {}, [&](Program& program) {
    const std::string code = shop(program);
    Program other(home, {"approve", open_question(home)}, {}, true);
    other.wait_for("s]: ");
    other.write("1.00 nope\n");
    other.wait_for("You may answer once more");
    program.write("86.38 " + code + "\n");
    program.wait_for("Another code counts meanwhile");
    answer_question(program, "86.38", true);
    program.wait_for("BOUGHT 86.38 USD");
    other.finish();
    program.wait_for_prompt();
    program.write("/quit\n");
  });
  ASSERT_EQ(run.exit_code, 0) << run.out;
  expect_same_screen(home, run);
}

TEST(Replay, two_conversations_beside_each_other) {
  const Home home;
  const Home second_recording;
  Program first(home, recorded(home, demo(kMayBuy)));
  Program second(home, {"chat", "--demo", "--record", recording_of(second_recording)});
  for (const char* line : {"I need wireless headphones under $100\n", "buy the cheapest\n"}) {
    first.write(line);
    first.wait_for("USD");
    second.write(line);
    second.wait_for("USD");
  }
  // A basket that is being bought is not prepared again.
  first.wait_for("Shall I buy this?");
  second.wait_for("Shall I buy this?");
  first.write("yes\n");
  const Result bought = first.finish();
  const Result not_bought = second.finish();
  ASSERT_EQ(bought.exit_code, 0) << bought.err;
  ASSERT_THAT(bought.out, HasSubstr("BOUGHT 86.38 USD"));
  ASSERT_EQ(not_bought.exit_code, 0) << not_bought.err;
  expect_same(home, bought);
  expect_same(second_recording, not_bought);
}

}  // namespace
}  // namespace cartpilot::e2e
