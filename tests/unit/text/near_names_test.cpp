#include "text/near_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cartpilot::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(NearNames, are_within_two_edits_nearest_first) {
  const std::vector<std::string> words = {"sandbox", "chat", "models", "plugin"};
  EXPECT_THAT(near_names("chta", words), ElementsAre("chat"));
  EXPECT_THAT(near_names("model", words), ElementsAre("models"));
  EXPECT_THAT(near_names("sandbxo", words), ElementsAre("sandbox"));
  EXPECT_THAT(near_names("unheard-of", words), IsEmpty());
  EXPECT_THAT(near_names("cart", {"cats", "cart", "chart"}), ElementsAre("cart", "chart", "cats"));
}

TEST(NearNames, are_what_the_word_begins) {
  EXPECT_THAT(near_names("gemini", {"gemini-3.8-flash", "gpt-5"}), ElementsAre("gemini-3.8-flash"));
}

}  // namespace
}  // namespace cartpilot::text
