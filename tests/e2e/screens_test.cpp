// What a person sees of a whole purchase, as cells of a terminal, on terminals of several sizes.
//
// The screens are files of tests/fixtures/screens, without the blanks at the ends of rows. What is
// drawn anew in each run (ids, codes, the time of day) stands there as letters of the same number.
// With CARTPILOT_WRITE_SCREENS they are written instead of compared.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include "e2e/purchase/terminal_program.h"
#include "e2e/terminal_screen.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kRows = 200;  // the whole conversation

std::string masked(std::string text) {
  static const std::pair<std::regex, const char*> kDrawn[] = {
      {std::regex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
       "uuuuuuuu-uuuu-uuuu-uuuu-uuuuuuuuuuuu"},
      {std::regex("ORD-[0-9]+-[0-9A-F]+"), "ORD-nnnnnnnn-nnnnnnnn"},
      {std::regex("([0-9a-f]{4} ){3}[0-9a-f]{4}"), "dddd dddd dddd dddd"},
      {std::regex("\\([a-z]{4}\\)"), "(cccc)"},
      {std::regex("86\\.38 [a-z]{4}\n"), "86.38 cccc\n"},
      {std::regex("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} \\(in [0-9]+"),
       "dddd-dd-dd tt:tt (in nn"},
      {std::regex("\\[[0-9]+(\\s+)s\\]"), "[sss$1s]"}};
  for (const auto& [pattern, with] : kDrawn) text = std::regex_replace(text, pattern, with);
  return text;
}

struct Size {
  int columns;
  std::vector<std::string> flags;
  Environment environment;
};

/// The bytes of the demo's purchase.
std::string purchase_on(const Size& size) {
  const Home home;
  std::vector<std::string> words = {"cartpilot", "chat", "--demo"};
  words.insert(words.end(), size.flags.begin(), size.flags.end());
  Environment environment = size.environment;
  environment["TZ"] = "UTC0";
  std::vector<std::string> shell = {"/bin/sh", "-c",
                                    "stty rows 60 cols " + std::to_string(size.columns) +
                                        "; exec " +
                                        shell_command({words.begin() + 1, words.end()})};
  TerminalProgram program(home, shell, environment);
  program.wait_for("you> ");
  program.type("I need wireless headphones under $100\r");
  program.wait_for("you> ");
  program.type("buy the cheapest\r");
  program.wait_for("you> ");
  program.type("yes\r");
  program.wait_for("s]: ");
  const std::string asked = program.screen();
  program.type("86.38 " + asked.substr(asked.rfind(')') - 4, 4) + "\r");
  program.wait_for("BOUGHT");
  program.wait_for("you> ");
  program.type("/quit\r");
  EXPECT_EQ(program.finish(), 0) << program.screen();
  return program.screen();
}

void expect_screens(const std::string& name, const Size& size) {
  const std::string bytes = purchase_on(size);
  TerminalScreen screen(static_cast<std::size_t>(size.columns), kRows);
  screen.feed(bytes);
  EXPECT_EQ(screen.unknown(), std::vector<std::string>{});
  std::string text;
  for (const std::string& row : screen.rows()) text += row + "\n";
  text = masked(text);
  const std::string file = std::string(CARTPILOT_SCREENS) + "/" + name + ".txt";
  if (std::getenv("CARTPILOT_WRITE_SCREENS") != nullptr) {
    std::ofstream(file) << text;
    return;
  }
  std::ifstream in(file);
  std::ostringstream kept;
  kept << in.rdbuf();
  EXPECT_EQ(text, kept.str()) << file;
}

TEST(Screens, purchase_at_80_columns) { expect_screens("purchase-80", {80, {}, {}}); }
TEST(Screens, purchase_at_100_columns) { expect_screens("purchase-100", {100, {}, {}}); }
TEST(Screens, purchase_at_40_columns) { expect_screens("purchase-40", {40, {}, {}}); }
TEST(Screens, purchase_on_a_plain_screen) {
  expect_screens("purchase-plain", {80, {"--plain"}, {}});
}
TEST(Screens, purchase_with_the_functions) {
  expect_screens("purchase-verbose", {80, {"--verbose"}, {}});
}

TEST(Screens, colours_are_left_out_where_they_are_not_wanted) {
  const std::regex colour("\x1b\\[[0-9;]*m");
  EXPECT_TRUE(std::regex_search(purchase_on({80, {}, {{"NO_COLOR", ""}}}), colour));
  EXPECT_FALSE(std::regex_search(purchase_on({80, {}, {}}), colour));
  EXPECT_FALSE(std::regex_search(purchase_on({80, {"--plain"}, {{"NO_COLOR", ""}}}), colour));
}

}  // namespace
}  // namespace cartpilot::e2e
