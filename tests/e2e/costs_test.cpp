// What models cost, in the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cartpilot/json.h"
#include "e2e/program.h"

namespace cartpilot::e2e {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Costs : public testing::Test {
 protected:
  Result chat(std::vector<std::string> words) {
    words.insert(words.begin(), {"chat", "--demo", "--session", "s1"});
    return run(home_, words);
  }
  const Home home_;
};

TEST_F(Costs, of_a_conversation_that_asks_no_vendor_are_known_and_nothing) {
  ASSERT_EQ(chat({"I need a desk lamp"}).exit_code, 0);
  const Result stats = run(home_, {"stats"});
  EXPECT_THAT(stats.out, AllOf(HasSubstr("  offline\n"), HasSubstr("cost: 0.00 USD")));
  const Json days = parse_json(run(home_, {"stats", "--json"}).out);
  ASSERT_EQ(days.size(), 1u);
  EXPECT_EQ(days[0]["provider"], "offline");
  EXPECT_GT(days[0]["requests"].get<int>(), 0);
  EXPECT_EQ(days[0]["cost"], Json::array({{{"currency", "USD"}, {"billionths", 0}}}));
}

TEST_F(Costs, are_shown_by_model_in_a_conversation) {
  const Result shown = run(home_, {"chat", "--demo"}, "I need a desk lamp\n/cost\n");
  EXPECT_THAT(shown.err, AllOf(HasSubstr("in this run"), HasSubstr("this conversation, offline/"),
                               HasSubstr(": 0.00 USD in ")));
}

TEST_F(Costs, stay_known_when_the_conversation_is_deleted) {
  ASSERT_EQ(chat({"I need a desk lamp"}).exit_code, 0);
  const std::string before = run(home_, {"stats"}).out;
  ASSERT_EQ(run(home_, {"sessions", "delete", "s1"}).exit_code, 0);
  EXPECT_EQ(run(home_, {"stats"}).out, before);
}

TEST_F(Costs, of_nothing_are_said_to_be_nothing) {
  const Result stats = run(home_, {"stats", "--days", "7"});
  EXPECT_EQ(stats.exit_code, 0);
  EXPECT_EQ(stats.out, "");
  EXPECT_THAT(stats.err, HasSubstr("Nothing is on record for the last 7 days."));
}

TEST_F(Costs, under_a_limit_need_a_limit_of_the_output) {
  const Result refused = chat({"--limit-model-cost", "1:USD/day", "thanks"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--max-output-tokens"));
  EXPECT_EQ(
      chat({"--limit-model-cost", "1:USD/day", "--max-output-tokens", "100", "thanks"}).exit_code,
      0);
  EXPECT_EQ(chat({"--limit-model-cost", "1:USD", "--max-output-tokens", "100", "thanks"}).exit_code,
            2);
}

}  // namespace
}  // namespace cartpilot::e2e
