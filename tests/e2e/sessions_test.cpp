// Conversations that are kept: found, named, exported, gone on with, forgotten.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "e2e/program.h"

namespace cartpilot::e2e {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Sessions : public testing::Test {
 protected:
  void talk(const std::string& id, const std::string& message) {
    const Result result = run(home_, {"chat", "--demo", "--session", id, message});
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  Result call(std::vector<std::string> words) {
    words.insert(words.begin(), "sessions");
    return run(home_, words);
  }
  std::filesystem::path state() const { return home_.path() / "state" / "cartpilot"; }

  const Home home_;
};

TEST_F(Sessions, are_found_by_the_beginning_of_their_id) {
  talk("lamp-for-the-desk", "I need a desk lamp");
  talk("lamp-for-the-hall", "I need a floor lamp");
  EXPECT_THAT(call({"show", "lamp-for-the-d"}).out, HasSubstr("I need a desk lamp"));
  const Result several = call({"show", "lamp"});
  EXPECT_EQ(several.exit_code, 2);
  EXPECT_THAT(several.err, HasSubstr("could be 2 conversations"));
  EXPECT_EQ(call({"show", "lamps"}).exit_code, 2);
  EXPECT_THAT(call({"list"}).out, HasSubstr("lamp-for-the-h  2"));
  EXPECT_EQ(run(home_, {"chat", "--demo", "--resume", "lamp-for-the-h", "thanks"}).exit_code, 0);
  EXPECT_THAT(call({"show", "lamp-for-the-h"}).out, HasSubstr("thanks"));
}

TEST_F(Sessions, are_forked_at_a_turn_and_go_another_way) {
  talk("s1", "I need a desk lamp");
  talk("s1", "a cheaper one");
  const Result forked = call({"fork", "s1", "--at", "1"});
  ASSERT_EQ(forked.exit_code, 0) << forked.err;
  const std::string id = forked.out.substr(0, forked.out.find('\n'));
  EXPECT_THAT(forked.err, HasSubstr("begins with 1 turn of s1"));
  EXPECT_THAT(call({"show", id}).out, AllOf(HasSubstr("desk lamp"), Not(HasSubstr("cheaper"))));
  EXPECT_EQ(run(home_, {"chat", "--demo", "--resume", id, "a bigger one"}).exit_code, 0);
  EXPECT_THAT(call({"show", id}).out, HasSubstr("a bigger one"));
  EXPECT_THAT(call({"show", "s1"}).out, AllOf(HasSubstr("cheaper"), Not(HasSubstr("bigger"))));
  EXPECT_EQ(call({"fork", "s2"}).exit_code, 2);
  EXPECT_EQ(call({"fork", "s1", "--at", "0"}).exit_code, 2);
}

TEST_F(Sessions, have_the_title_that_was_given) {
  talk("s1", "I need a desk lamp");
  EXPECT_THAT(call({"list"}).out, HasSubstr("I need a desk lamp"));
  EXPECT_EQ(call({"rename", "s1", "The lamp"}).err, "s1 is now \"The lamp\".\n");
  talk("s1", "a cheaper one");
  EXPECT_THAT(call({"list"}).out, AllOf(HasSubstr("The lamp"), Not(HasSubstr("desk lamp"))));
  EXPECT_EQ(call({"rename", "s2", "x"}).exit_code, 2);
}

TEST_F(Sessions, an_empty_list_says_what_begins_one) {
  const Result result = call({"list"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("cartpilot chat"));
}

TEST_F(Sessions, are_exported_to_a_new_file_without_json_unless_asked) {
  talk("s1", "I need a desk lamp");
  const std::filesystem::path file = home_.path() / "lamp.md";
  EXPECT_EQ(call({"export", "s1", file}).exit_code, 0);
  const std::string text = contents(file);
  EXPECT_THAT(text, AllOf(HasSubstr("I need a desk lamp"), HasSubstr("- Searching the shops: "),
                          Not(HasSubstr("{\""))));
  EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms(0600));
  const Result again = call({"export", "s1", file});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_EQ(contents(file), text);
  EXPECT_THAT(call({"export", "s1", "--with-calls"}).out,
              HasSubstr("- called `create_intent` `{\"query\":"));
  EXPECT_EQ(call({"export", "s1", "--with-calls", "--format", "json"}).exit_code, 2);
}

TEST_F(Sessions, deleting_takes_lines_locks_and_wishes_along) {
  Program typed(home_, {"chat", "--demo", "--session", "s1"}, {}, true);
  typed.wait_for_prompt();
  typed.write("I need a desk lamp\r");
  typed.wait_for("Which one?");
  typed.wait_for_prompt();
  typed.write("/quit\r");
  EXPECT_EQ(typed.finish().exit_code, 0);
  talk("s2", "I need a kettle");
  EXPECT_THAT(contents(state() / "history"), HasSubstr("desk"));
  const auto locks = [this] {
    return std::distance(std::filesystem::directory_iterator(state() / "locks"), {});
  };
  const auto before = locks();
  const Result result = call({"delete", "s1"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("1 conversation, 1 typed line, 1 wish in the sandbox"));
  EXPECT_THAT(contents(state() / "history"), AllOf(Not(HasSubstr("desk")), HasSubstr("quit")));
  EXPECT_EQ(locks(), before - 1);
  EXPECT_EQ(call({"show", "s1"}).exit_code, 2);
  EXPECT_EQ(call({"show", "s2"}).exit_code, 0);
}

TEST_F(Sessions, all_are_deleted_at_once) {
  talk("s1", "I need a desk lamp");
  talk("s2", "I need a kettle");
  EXPECT_EQ(call({"delete"}).exit_code, 2);
  EXPECT_EQ(call({"delete", "s1", "--all"}).exit_code, 2);
  const Result result = call({"delete", "--all"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("2 conversations, 0 typed lines, 2 wishes"));
  EXPECT_EQ(call({"list"}).out, "");
}

TEST_F(Sessions, one_of_the_last_is_chosen_on_a_terminal) {
  talk("s1", "I need a desk lamp");
  talk("s2", "I need a kettle");
  EXPECT_EQ(run(home_, {"chat", "--demo", "--resume"}).exit_code, 2);
  Program program(home_, {"chat", "--demo", "--resume"}, {}, true);
  program.wait_for("any other key leaves.");
  program.write("2");
  program.wait_for("Before: I need a desk lamp");
  program.wait_for("Answer: ");
  program.wait_for_prompt();
  program.write("/status\r");
  program.wait_for("conversation s1");
  program.write("/quit\r");
  EXPECT_EQ(program.finish().exit_code, 0);
}

/// A conversation on a terminal.
class SlashCommands : public Sessions {
 protected:
  void begin(const Environment& environment = {}) {
    program_.emplace(home_, std::vector<std::string>{"chat", "--demo", "--session", "s1"},
                     environment, true);
    program_->wait_for_prompt();
  }
  void type(const std::string& keys, const std::string& then) {
    program_->write(keys);
    program_->wait_for(then);
  }
  void leave(int exit_code = 0) {
    program_->wait_for("you> ");
    program_->write("/quit\r");
    EXPECT_EQ(program_->finish().exit_code, exit_code);
  }

  std::optional<Program> program_;
};

TEST_F(SlashCommands, tab_completes_commands_and_names) {
  begin();
  type("/prov\tof\t\r", "now talking to offline");
  program_->wait_for("you> ");
  type("/ex\t", "/exit /export");
  type("\x15/stat\t\r", "conversation s1, 0 messages");
  leave();
}

TEST_F(SlashCommands, tell_of_the_conversation_and_its_purchases) {
  begin();
  type("/purchases\r", "no purchase was tried in this conversation");
  program_->wait_for("you> ");
  type("/retry\r", "nothing was sent in this run yet");
  program_->wait_for("you> ");
  type("\x15I need a desk lamp\r", "you> ");
  type("/retry\r", "desk lamp");
  program_->wait_for("you> ");
  type("/sessions\r", "s1 offline I need a desk lamp");
  leave();
}

TEST_F(SlashCommands, edit_sends_what_was_saved_in_an_editor) {
  const std::filesystem::path editor = home_.path() / "editor";
  std::ofstream(editor) << "#!/bin/sh\necho 'I need a desk lamp' >\"$1\"\n";
  std::filesystem::permissions(editor, std::filesystem::perms::owner_all);
  begin({{"EDITOR", editor}});
  type("/edit\r", "Searching the shops");
  leave();
  EXPECT_THAT(call({"show", "s1"}).out, HasSubstr("I need a desk lamp"));
  for (const auto& entry : std::filesystem::directory_iterator(state())) {
    EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr("message-")));
  }
}

TEST_F(SlashCommands, an_editor_that_fails_sends_nothing) {
  begin({{"EDITOR", "false"}});
  type("/edit\r", "the editor 'false' failed; EDITOR names another one");
  leave(1);
  EXPECT_EQ(call({"list"}).out, "");
}

}  // namespace
}  // namespace cartpilot::e2e
