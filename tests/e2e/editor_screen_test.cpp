// What the line editor leaves on the screen after each of its keys, on a terminal of 80 columns and
// on one of 40.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "e2e/program.h"
#include "e2e/terminal_screen.h"

namespace cartpilot::e2e {
namespace {

using Rows = std::vector<std::string>;

/// Keys or a signal, and what is then to be seen.
struct Step {
  std::string keys;
  int signal = 0;
  std::string wait;
};

constexpr const char* kCtrlC = "\x03";
const std::string kDigits = "0123456789";
const std::string kFortyDigits = kDigits + kDigits + kDigits + kDigits;

/// The rows from the first prompt on, when the keys were typed, the line was thrown away and the
/// conversation was left.
Rows screen_after(const std::vector<Step>& steps, int columns) {
  const Home home;
  // The size of a terminal is set from inside it.
  const std::filesystem::path sized = home.path() / "sized";
  std::ofstream(sized) << "#!/bin/sh\nstty cols " << columns << "\nexec \"" << CARTPILOT_PROGRAM
                       << "\" \"$@\"\n";
  std::filesystem::permissions(sized, std::filesystem::perms::owner_all);
  ::setenv("CARTPILOT_TEST_PROGRAM", sized.c_str(), 1);
  Program program(home, {"chat", "--demo"}, {{"TERM", "xterm"}, {"LANG", "C.UTF-8"}}, true);
  ::unsetenv("CARTPILOT_TEST_PROGRAM");
  program.wait_for_prompt();
  for (const Step& step : steps) {
    if (step.signal != 0) program.signal(step.signal);
    if (!step.keys.empty()) program.write(step.keys);
    if (!step.wait.empty()) program.wait_for(step.wait);
  }
  program.write(kCtrlC);
  program.wait_for("you> ");
  program.write("/quit\r");
  const Result result = program.finish();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  TerminalScreen screen(static_cast<std::size_t>(columns), 24);
  screen.feed(result.out);
  EXPECT_EQ(screen.unknown(), Rows{});
  Rows rows = screen.rows();
  rows.erase(rows.begin(), std::find_if(rows.begin(), rows.end(), [](const std::string& row) {
               return row.rfind("you> ", 0) == 0;
             }));
  return rows;
}

void expect_screen(const std::vector<Step>& steps, Rows wide, Rows narrow) {
  wide.emplace_back("you> /quit");
  narrow.emplace_back("you> /quit");
  EXPECT_EQ(screen_after(steps, 80), wide);
  EXPECT_EQ(screen_after(steps, 40), narrow);
}

void expect_screen(const std::vector<Step>& steps, const Rows& both) {
  expect_screen(steps, both, both);
}

TEST(EditorScreen, escape_and_enter_begin_a_new_line) {
  expect_screen({{"one\x1b\rtwo", 0, "two"}}, {"you> one", "two"});
}

TEST(EditorScreen, a_backslash_before_enter_begins_a_new_line_and_is_gone) {
  expect_screen({{"one\\\rtwo", 0, "two"}}, {"you> one", "two"});
  expect_screen({{kDigits + kFortyDigits + "\\\rtwo", 0, "two"}},
                {"you> " + kDigits + kFortyDigits, "two"},
                {"you> " + kFortyDigits.substr(0, 35), kFortyDigits.substr(5, 15), "two"});
}

TEST(EditorScreen, a_pasted_block_stands_in_its_lines) {
  expect_screen({{"\x1b[200~first\rsecond\x1b[201~ end", 0, "end"}}, {"you> first", "second end"});
}

TEST(EditorScreen, ctrl_c_leaves_the_line_where_it_was) {
  expect_screen({{"not this", 0, "not this"}, {kCtrlC, 0, "you> "}},
                {"you> not this", "you>", "(Ctrl-C again, or /quit, to leave)"});
}

TEST(EditorScreen, a_long_line_goes_on_in_the_next_row) {
  expect_screen(
      {{kFortyDigits + kFortyDigits + "z", 0, "z"}},
      {"you> " + kFortyDigits + kFortyDigits.substr(0, 35), "56789z"},
      {"you> " + kFortyDigits.substr(0, 35), "5" + kFortyDigits.substr(6, 34) + "01234", "56789z"});
}

TEST(EditorScreen, keys_at_the_beginning_of_a_long_line_move_all_of_it) {
  expect_screen({{kFortyDigits, 0, ""},
                 {"\x01"
                  "AB",
                  0, ""},
                 {"\x05z", 0, "z"}},
                {"you> AB" + kFortyDigits + "z"},
                {"you> AB" + kFortyDigits.substr(0, 33), "3456789z"});
}

TEST(EditorScreen, accents_take_no_column_of_their_own) {
  expect_screen({{"caf\xC3\xA9 z", 0, "z"}}, {"you> caf\xC3\xA9 z"});
}

TEST(EditorScreen, a_line_is_drawn_once_after_a_stop_or_a_resize) {
  expect_screen({{"before", 0, "before"}, {"", SIGWINCH, "you> before"}, {"z", 0, "z"}},
                {"you> beforez"});
  expect_screen(
      {{"before", 0, "before"}, {"", SIGSTOP, ""}, {"", SIGCONT, "you> before"}, {"z", 0, "z"}},
      {"you> beforez"});
  expect_screen({{kFortyDigits, 0, ""}, {"", SIGWINCH, "you> "}, {"z", 0, "z"}},
                {"you> " + kFortyDigits + "z"}, {"you> " + kFortyDigits.substr(0, 35), "56789z"});
}

TEST(EditorScreen, an_unknown_command_comes_back_behind_what_is_wrong_with_it) {
  expect_screen(
      {{"/modle\r", 0, "you> "}, {"", 0, "/modle"}},
      {"you> /modle", "cartpilot: no command /modle; did you mean /model?; //modle sends it as a",
       "  message", "you> /modle"},
      {"you> /modle", "cartpilot: no command /modle; did you",
       "  mean /model?; //modle sends it as a", "  message", "you> /modle"});
}

}  // namespace
}  // namespace cartpilot::e2e
