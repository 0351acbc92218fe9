// The line editor, driven through a pseudo-terminal the way a person types and pastes.
//
// What was sent to the model is read from the stored conversation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "e2e/program.h"
#include "e2e/terminal_screen.h"

namespace cartpilot::e2e {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kPasteBegin = "\x1b[200~";
constexpr const char* kPasteEnd = "\x1b[201~";
constexpr const char* kCtrlC = "\x03";

class Editor : public testing::Test {
 protected:
  void start(const Environment& more = {}) {
    Environment environment = {{"TERM", "xterm"}, {"LANG", "C.UTF-8"}};
    for (const auto& [name, value] : more) environment[name] = value;
    program_ = std::make_unique<Program>(
        home_, std::vector<std::string>{"chat", "--demo", "--session", "s1"}, environment, true);
    prompt();
  }
  /// Until the next prompt is there.
  void prompt() { program_->wait_for("you> "); }
  void type(const std::string& bytes) { program_->write(bytes); }
  /// Leaves, and returns what was sent.
  std::vector<std::string> sent() {
    type("/quit\r");
    result_ = program_->finish();
    EXPECT_EQ(result_.exit_code, 0) << result_.out;
    return stored();
  }
  std::vector<std::string> stored() const {
    const Result result = run(home_, {"sessions", "export", "s1", "--format", "json"});
    std::vector<std::string> messages;
    if (result.exit_code != 0) return messages;
    const Json conversation = parse_json(result.out, "export");
    for (const Json& message : conversation.at("messages")) {
      if (message.at("role") != "user") continue;
      for (const Json& part : message.at("parts")) messages.push_back(part.at("text"));
    }
    return messages;
  }
  std::string history() const {
    std::ostringstream text;
    text << std::ifstream(home_.path() / "state" / "cartpilot" / "history").rdbuf();
    return text.str();
  }

  Home home_;
  std::unique_ptr<Program> program_;
  Result result_;  ///< of the program that sent()
};

TEST_F(Editor, a_pasted_block_is_one_message_sent_by_enter) {
  start();
  type(std::string(kPasteBegin) + "first line\rsecond\r/quit\r" + kPasteEnd);
  type(" and typed\r");
  prompt();
  EXPECT_THAT(sent(), ElementsAre("first line\nsecond\n/quit and typed"));
}

TEST_F(Editor, escape_enter_and_a_last_backslash_begin_a_new_line) {
  start();
  type("one\x1b\rtwo\\\rthree\r");
  prompt();
  EXPECT_THAT(sent(), ElementsAre("one\ntwo\nthree"));
}

TEST_F(Editor, ctrl_c_clears_a_line_and_leaves_only_on_an_empty_one_twice) {
  start();
  type("not this");
  program_->wait_for("not this");
  type(kCtrlC);
  prompt();
  type(kCtrlC);
  program_->wait_for("Ctrl-C again");
  prompt();
  type("xyz");
  program_->wait_for("xyz");
  type("\x7f\x7f\x7f");
  type(kCtrlC);
  prompt();
  type("this\r");
  prompt();
  type(kCtrlC);
  program_->wait_for("Ctrl-C again");
  prompt();
  type(kCtrlC);
  EXPECT_EQ(program_->finish().exit_code, 130);
  EXPECT_THAT(stored(), ElementsAre("this"));
}

TEST_F(Editor, nothing_is_cut_however_long_the_line) {
  start();
  const std::string line(20'000, 'x');
  type(line + "\r");
  prompt();
  type(kPasteBegin + line + kPasteEnd + "\r");
  prompt();
  EXPECT_THAT(sent(), ElementsAre(line, line));
}

TEST_F(Editor, letters_survive_the_c_locale_and_accents_are_composed) {
  start({{"LANG", "C"}, {"LC_ALL", "C"}});
  type("caf\xC3\xA9 cafe\xCC\x81 \xE2\x82\xAC\r");
  prompt();
  EXPECT_THAT(sent(), ElementsAre("caf\xC3\xA9 caf\xC3\xA9 \xE2\x82\xAC"));
}

TEST_F(Editor, a_stop_and_a_resize_keep_the_line) {
  start();
  type("before");
  program_->wait_for("before");
  program_->signal(SIGSTOP);
  program_->signal(SIGCONT);
  program_->signal(SIGWINCH);
  type(" after\r");
  prompt();
  EXPECT_THAT(sent(), ElementsAre("before after"));
}

TEST_F(Editor, another_width_breaks_the_line_anew) {
  const std::string digits = "012345678901234567890123456789012345678901234567890123456789";
  start();
  type(digits);
  program_->wait_for(digits);
  program_->resize(40);
  program_->wait_for("you> ");
  type("z");
  program_->wait_for("z");
  type("\r");
  prompt();
  EXPECT_THAT(sent(), ElementsAre(digits + "z"));
  // What came after the resize, on a terminal of the new width.
  const std::string& out = result_.out;
  const std::size_t first = out.find(digits);
  TerminalScreen screen(40, 24);
  screen.feed(out.substr(out.find("you> ", first)));
  ASSERT_GE(screen.rows().size(), 2U);
  EXPECT_EQ(screen.rows()[0], "you> " + digits.substr(0, 35));
  EXPECT_EQ(screen.rows()[1], digits.substr(35) + "z");
}

TEST_F(Editor, a_terminal_that_goes_away_ends_the_program_and_keeps_what_was_sent) {
  start();
  type("of the lost window\r");
  prompt();
  type("never sent");
  program_->wait_for("never sent");
  EXPECT_EQ(program_->hang_up(), 130);
  EXPECT_THAT(history(),
              testing::AllOf(HasSubstr("of\\040the\\040lost\\040window"), Not(HasSubstr("never"))));
  const Result shown = run(home_, {"sessions", "show", "s1"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_THAT(shown.out, testing::AllOf(HasSubstr("of the lost window"), Not(HasSubstr("never"))));
}

TEST_F(Editor, an_unknown_command_is_kept_for_mending) {
  start();
  type("/modle\r");
  program_->wait_for("did you mean /model?");
  prompt();
  // Back to the beginning of the kept line, another slash before it, and it is a message.
  type("\x01/\r");
  prompt();
  EXPECT_THAT(sent(), ElementsAre("/modle"));
}

TEST_F(Editor, a_dumb_terminal_gets_a_plain_prompt_without_sequences) {
  for (const char* terminal : {"dumb", ""}) {
    program_ = std::make_unique<Program>(home_, std::vector<std::string>{"chat", "--demo"},
                                         Environment{{"TERM", terminal}}, true);
    program_->wait_for("Say what you are looking for");
    type("hello\n/quit\n");
    const Result result = program_->finish();
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.out, Not(HasSubstr("\x1b["))) << terminal;
  }
}

TEST_F(Editor, the_history_is_private_shared_by_windows_and_without_secrets) {
  start({{"GEMINI_API_KEY", "key-of-the-person-77"}});
  Program other(home_, {"chat", "--demo"}, {{"TERM", "xterm"}, {"LANG", "C.UTF-8"}}, true);
  other.wait_for("you> ");
  type("of window one\r");
  prompt();
  other.write("of window two\r");
  other.wait_for("you> ");
  type("my key-of-the-person-77 please\r");
  prompt();
  EXPECT_THAT(history(), testing::AllOf(HasSubstr("window\\040one"), HasSubstr("window\\040two"),
                                        Not(HasSubstr("person-77"))));
  struct stat status {};
  ASSERT_EQ(::stat((home_.path() / "state" / "cartpilot" / "history").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

}  // namespace
}  // namespace cartpilot::e2e
