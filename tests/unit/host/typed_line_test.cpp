#include "commands/chat/typed_line.h"

#include <gtest/gtest.h>

namespace cartpilot::host {
namespace {

TypedLine read(const std::string& line) {
  return read_typed_line(line, {"help", "model", "quit"},
                         [](const std::string& path) { return path == "/tmp" || path == "/help"; });
}

TEST(TypedLine, a_command_is_a_slash_and_lower_case_letters) {
  EXPECT_EQ(read("/help").command, "help");
  EXPECT_EQ(read("/model a b").command, "model");
  EXPECT_EQ(read("/model a  b").words, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read("/modle\tx").command, "modle");
  EXPECT_EQ(read("/help\nme").command, "help");
}

TEST(TypedLine, paths_and_other_slashes_begin_messages) {
  for (const char* message : {"/etc/hosts is odd", "/home/", "/tmp", "/tmp is full", "/", "/ a",
                              "/5", "/Help", "/a-b", "/a.b", "a /help", " /help", "/h\xC3\xA9lp"}) {
    EXPECT_EQ(read(message).command, "") << message;
    EXPECT_EQ(read(message).message, message);
  }
}

TEST(TypedLine, a_second_slash_takes_the_first_one_away) {
  EXPECT_EQ(read("//help me").message, "/help me");
  EXPECT_EQ(read("///").message, "//");
  EXPECT_EQ(read("//").message, "/");
}

}  // namespace
}  // namespace cartpilot::host
