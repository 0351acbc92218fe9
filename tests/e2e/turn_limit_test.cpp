// A turn that used its model calls: asked about on a terminal, ended elsewhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/program.h"

namespace cartpilot::e2e {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kQuestion = "y lets it use as many again, any other key stops it.";
constexpr const char* kStopped =
    "I stopped here, because this request reached the limit of 1 round";

/// The demo asks its model four times for a wish; here it may do so once.
const std::vector<std::string> kOneRound = {"chat", "--demo",      "--session",
                                            "s1",   "--max-steps", "1"};

TEST(TurnLimit, on_a_terminal_goes_on_for_as_much_with_each_y) {
  const Home home;
  Program program(home, kOneRound, {}, true);
  program.wait_for_prompt();
  program.write("I need a desk lamp\r");
  for (int round = 0; round < 3; ++round) {
    program.wait_for(kQuestion);
    program.write("y");
  }
  program.wait_for("Which one?");
  program.wait_for("you> ");
  program.write("/quit\r");
  EXPECT_EQ(program.finish().exit_code, 0);
}

TEST(TurnLimit, on_a_terminal_stops_with_any_other_key) {
  const Home home;
  Program program(home, kOneRound, {}, true);
  program.wait_for_prompt();
  program.write("I need a desk lamp\r");
  program.wait_for(kQuestion);
  program.write("n");
  program.wait_for(kStopped);
  program.wait_for("you> ");
  program.write("/quit\r");
  EXPECT_EQ(program.finish().exit_code, 1);
}

TEST(TurnLimit, elsewhere_ends_the_turn_and_asks_nobody) {
  const Home home;
  std::vector<std::string> words = kOneRound;
  words.emplace_back("I need a desk lamp");
  const Result result = run(home, words);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out + result.err, AllOf(HasSubstr(kStopped), Not(HasSubstr(kQuestion))));
}

}  // namespace
}  // namespace cartpilot::e2e
