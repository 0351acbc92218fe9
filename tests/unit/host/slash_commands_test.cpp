// The slash commands of a conversation.
#include "commands/chat/slash_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cartpilot::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> completed(const std::string& line) {
  return slash_completions(line, [](const std::string& kind) -> std::vector<std::string> {
    if (kind == "PROVIDER") return {"openai", "offline", "gemini"};
    if (kind == "MODEL") return {"m-2", "m-1", "m-1", "two words"};
    if (kind == "SESSION") return {"0123456789abcdef"};
    return {};
  });
}

TEST(SlashCommands, each_is_in_the_help) {
  for (const std::string& name : slash_command_names()) {
    EXPECT_THAT(slash_command_help(), HasSubstr("/" + name + " ")) << name;
  }
}

TEST(SlashCommands, a_begun_command_is_completed) {
  EXPECT_THAT(completed("/pro"), ElementsAre("/provider"));
  EXPECT_THAT(completed("/e"), ElementsAre("/edit", "/exit", "/export"));
  EXPECT_EQ(completed("/").size(), slash_command_names().size());
  EXPECT_THAT(completed("/nothing"), IsEmpty());
}

TEST(SlashCommands, what_stands_behind_a_command_is_completed_by_its_kind) {
  EXPECT_THAT(completed("/provider o"), ElementsAre("offline", "openai"));
  EXPECT_THAT(completed("/provider openai m"), ElementsAre("m-1", "m-2"));
  EXPECT_THAT(completed("/provider  openai  m"), ElementsAre("m-1", "m-2"));
  EXPECT_THAT(completed("/model "), ElementsAre("m-1", "m-2"));
  EXPECT_THAT(completed("/sessions 01"), ElementsAre("0123456789abcdef"));
  EXPECT_THAT(completed("/model m-1 x"), IsEmpty());
  EXPECT_THAT(completed("/quit "), IsEmpty());
}

TEST(SlashCommands, a_message_is_left_alone) {
  EXPECT_THAT(completed(""), IsEmpty());
  EXPECT_THAT(completed("pro"), IsEmpty());
  EXPECT_THAT(completed("//pro"), IsEmpty());
}

}  // namespace
}  // namespace cartpilot::host
