// What a person sees of a whole purchase, as cells of a terminal, on terminals of several sizes.
//
// The same for an answer in markdown. The screens are files of tests/fixtures/screens, without the
// blanks at the ends of rows. What is drawn anew in each run (ids, codes, the time of day) stands
// there as letters of the same number. With CARTPILOT_WRITE_SCREENS they are written instead of
// compared.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
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

std::string content_of(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
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

/// Compares what `bytes` leave on a screen of that many columns with the file `name`.
std::vector<std::string> expect_screen(const std::string& name, int columns,
                                       const std::string& bytes) {
  TerminalScreen screen(static_cast<std::size_t>(columns), kRows);
  screen.feed(bytes);
  EXPECT_EQ(screen.unknown(), std::vector<std::string>{});
  std::string text;
  for (const std::string& row : screen.rows()) text += row + "\n";
  text = masked(text);
  const std::string file = std::string(CARTPILOT_SCREENS) + "/" + name + ".txt";
  if (std::getenv("CARTPILOT_WRITE_SCREENS") != nullptr) {
    std::ofstream(file) << text;
  } else {
    EXPECT_EQ(text, content_of(file)) << file;
  }
  return screen.rows();
}

void expect_screens(const std::string& name, const Size& size) {
  expect_screen(name, size.columns, purchase_on(size));
}

/// `cartpilot chat` with a model that answers in markdown, and pauses inside the table.
std::vector<std::string> markdown_chat(const Home& home, int pause_ms) {
  const std::string file = (home.path() / "answer.toml").string();
  std::ofstream(file) << R"(notice = "A script plays the model."
[[answer]]
play = [
  { text = """
# Lamps

Two lamps fit **your desk**. The *first* one is ~~sold out~~ cheap, see [its page](https://shop.example/lamp).

- a list, whose first point is long enough that it has to go on in another row on every terminal
- `code` in a point
  1. a point of a point

```
the  code   stays as it is
```

Prices:

| Lamp | Price |
|:-----|------:|
""" },
  { delay_ms = )" << pause_ms
                      << R"( },
  { text = """
| Acme Wireless Desk Lamp with a long name | 39.99 USD |
| Lämpchen »Mond« | 1,240.00 USD |

That is all.
""" }]
)";
  return {"chat",         "--provider", "script", "--provider-option",
          "file=" + file, "--sandbox",  "lamps"};
}

std::string shown_markdown(int columns, const std::vector<std::string>& flags,
                           const Environment& environment) {
  const Home home;
  std::vector<std::string> words = markdown_chat(home, 0);
  words.insert(words.end(), flags.begin(), flags.end());
  TerminalProgram program(
      home,
      {"/bin/sh", "-c",
       "stty rows 24 cols " + std::to_string(columns) + "; exec " + shell_command(words)},
      environment);
  EXPECT_EQ(program.finish(), 0) << program.screen();
  return program.screen();
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

// Only what every palette shows well on dark and on light: no white, black, yellow, no background.
TEST(Screens, colours_are_readable_on_dark_and_on_light) {
  const std::string bytes =
      purchase_on({80, {}, {{"NO_COLOR", ""}}}) + shown_markdown(80, {}, {{"NO_COLOR", ""}});
  const std::regex colour("\x1b\\[([0-9;]*)m");
  std::set<std::string> used;
  for (std::sregex_iterator at(bytes.begin(), bytes.end(), colour), end; at != end; ++at) {
    used.insert((*at)[1]);
  }
  const std::set<std::string> readable = {"", "0", "1", "1;4", "2", "3", "9", "31", "32", "35"};
  for (const std::string& one : used) EXPECT_TRUE(readable.count(one) != 0) << one;
  EXPECT_GT(used.size(), 3U);
}

TEST(Screens, markdown_at_80_columns) {
  expect_screen("markdown-80", 80, shown_markdown(80, {}, {}));
}
TEST(Screens, markdown_at_100_columns) {
  expect_screen("markdown-100", 100, shown_markdown(100, {}, {}));
}
TEST(Screens, markdown_at_40_columns) {
  expect_screen("markdown-40", 40, shown_markdown(40, {}, {}));
}
TEST(Screens, markdown_on_a_plain_screen) {
  expect_screen("markdown-plain", 80, shown_markdown(80, {"--plain"}, {}));
}

TEST(Screens, a_table_that_is_on_its_way_takes_the_new_width) {
  const Home home;
  Program program(home, markdown_chat(home, 1500), {}, true);
  program.resize(100);
  program.wait_for("Prices");  // the rest of the table comes a moment later
  program.resize(40);
  const std::string bytes = program.finish().out;
  const std::vector<std::string> rows = expect_screen("table-resized", 100, bytes);
  bool in_table = false;
  for (const std::string& row : rows) {
    in_table = in_table || row.find("Prices") != std::string::npos;
    if (in_table) {
      EXPECT_LE(std::count_if(row.begin(), row.end(), [](char c) { return (c & 0xC0) != 0x80; }),
                40)
          << row;
    }
  }
}

TEST(Screens, the_recording_of_the_readme_is_current) {
  const std::string readme = content_of(std::string(CARTPILOT_SCREENS) + "/../../../README.md");
  std::vector<std::string> recorded;
  std::istringstream lines(readme.substr(readme.find("Recorded from `scripts/demo ")));
  for (std::string line; std::getline(lines, line) && line.rfind("## ", 0) != 0;) {
    const bool typed = line.rfind("    you> ", 0) == 0;
    if (line.rfind("    ", 0) == 0 && !typed) recorded.push_back(masked(line.substr(4)));
  }
  const Home home;
  const std::vector<std::string> words = {"chat",          "--demo",      "--approve",
                                          "up-to:150:USD", "--merchants", "merchant-a,merchant-b"};
  const Result result = run(home, words, kThreeLines);
  std::vector<std::string> printed;
  std::istringstream both(result.err + result.out);
  for (std::string line; std::getline(both, line);) printed.push_back(masked(line));
  EXPECT_THAT(recorded, testing::UnorderedElementsAreArray(printed));
}

}  // namespace
}  // namespace cartpilot::e2e
