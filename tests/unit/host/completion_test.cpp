#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cartpilot::host {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using Words = std::vector<std::string>;

TEST(Completion, of_a_command_is_its_commands_flags_and_fixed_values) {
  EXPECT_THAT(place_on_line({""}).words, Contains("chat"));
  EXPECT_THAT(place_on_line({""}).words, Not(Contains("manual")));
  EXPECT_THAT(place_on_line({"tools", ""}).words,
              ElementsAre("list", "declarations", "instructions", "call", "handle"));
  const Words flags = place_on_line({"chat", "--"}).words;
  for (const char* flag : {"--provider", "--approve", "--config", "--help"}) {
    EXPECT_THAT(flags, Contains(flag));
  }
  EXPECT_THAT(flags, Not(Contains("--http")));
  EXPECT_THAT(place_on_line({"chat", "--output", ""}).words, ElementsAre("text", "jsonl"));
  EXPECT_THAT(place_on_line({"chat", "--approve", "u"}).words,
              ElementsAre("ask", "never", "up-to:"));
  EXPECT_THAT(place_on_line({"help", ""}).words, Contains("exit-codes"));
  EXPECT_THAT(place_on_line({"completion", ""}).words, ElementsAre("bash", "zsh", "fish"));
}

TEST(Completion, says_what_kind_of_value_stands_at_a_place) {
  const std::pair<Words, const char*> rows[] = {
      {{"chat", "--provider", ""}, "PROVIDER"},
      {{"chat", "-p", "ge"}, "PROVIDER"},
      {{"chat", "-p", "gemini", "-m", ""}, "MODEL"},
      {{"chat", "--resume", ""}, "SESSION"},
      {{"--config", ""}, "FILE"},
      {{"chat", "--config", ""}, "FILE"},
      {{"sessions", "show", ""}, "SESSION"},
      {{"sessions", "show", "a", ""}, ""},
      {{"purchases", "resolve", "--bought", ""}, "PURCHASE"},
      {{"tools", "call", "c"}, "FUNCTION"},
      {{"tools", "call", "--session", "s1", "c"}, "FUNCTION"},
      {{"plugin", "new", "acme", "--directory", ""}, "DIR"},
      {{"approve", "--deny", ""}, "QUESTION"},
      {{"chat", "hello", "--", "-"}, "MESSAGE"},
  };
  for (const auto& [words, kind] : rows) {
    EXPECT_EQ(place_on_line(words).kind, kind) << testing::PrintToString(words);
  }
}

TEST(Completion, knows_both_ways_to_write_a_value) {
  const PlaceOnLine joined = place_on_line({"chat", "--provider=ge"});
  EXPECT_EQ(joined.kind, "PROVIDER");
  EXPECT_EQ(joined.begun, "ge");
  EXPECT_EQ(joined.before, "--provider=");
  const PlaceOnLine split = place_on_line({"chat", "--provider", "=", "ge"});
  EXPECT_EQ(split.kind, "PROVIDER");
  EXPECT_EQ(split.begun, "ge");
  EXPECT_EQ(split.before, "");
  EXPECT_EQ(place_on_line({"chat", "--provider", "="}).begun, "");
}

TEST(Completion, of_nothing_and_of_strange_words_is_no_error) {
  for (const Words& words :
       {Words{}, Words{"--nosuch", ""}, Words{"nosuch", "x", ""}, Words{"-"}, Words{"--"},
        Words{"chat", "--provider="}, Words{"="}, Words{"chat", "--", "--", "x"}}) {
    EXPECT_NO_THROW(place_on_line(words)) << testing::PrintToString(words);
  }
}

}  // namespace
}  // namespace cartpilot::host
