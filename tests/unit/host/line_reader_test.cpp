#include "terminal/line_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

namespace cartpilot::host {
namespace {

/// Standard input holds `text` while the object lives.
class InputOf {
 public:
  explicit InputOf(const std::string& text) : saved_(::dup(STDIN_FILENO)), file_(std::tmpfile()) {
    EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), file_), text.size());
    std::rewind(file_);
    ::dup2(::fileno(file_), STDIN_FILENO);
  }
  ~InputOf() {
    ::dup2(saved_, STDIN_FILENO);
    ::close(saved_);
    std::fclose(file_);
  }

 private:
  int saved_;
  FILE* file_;
};

std::vector<std::string> lines_of(const std::string& text) {
  const InputOf input(text);
  const auto reader = make_line_reader("");
  std::vector<std::string> lines;
  while (const auto line = reader->next()) {
    EXPECT_FALSE(line->interrupted);
    lines.push_back(line->too_long ? "TOO LONG" + line->text : line->text);
  }
  return lines;
}

TEST(LineReader, gives_lines_without_their_ends_and_the_last_one_without_any) {
  EXPECT_THAT(lines_of("one\ntwo\r\n\nlast"), testing::ElementsAre("one", "two", "", "last"));
  EXPECT_THAT(lines_of(""), testing::IsEmpty());
}

TEST(LineReader, skips_a_line_that_is_too_long_and_goes_on_with_the_next) {
  const std::string longest(kMaxMessageBytes, 'x');
  EXPECT_THAT(lines_of(longest + "\n" + longest + "y\n" + longest + longest + "\nnext\n"),
              testing::ElementsAre(longest, "TOO LONG", "TOO LONG", "next"));
  EXPECT_THAT(lines_of(longest + longest), testing::ElementsAre("TOO LONG"));
}

}  // namespace
}  // namespace cartpilot::host
