// What a newcomer meets: the bare program, the way into the demo, completion in a real shell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "e2e/program.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(FirstMinute, bare_on_a_terminal_is_ten_lines_and_the_next_command) {
  const Home home;
  Program program(home, {}, {{"OPENAI_API_KEY", "sk-first-minute"}}, true);
  const Result result = program.finish();
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_LE(std::count(result.out.begin(), result.out.end(), '\n'), 10) << result.out;
  std::istringstream lines(result.out);
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 81U) << line;
    if (line.size() > 1) last = line;
  }
  EXPECT_THAT(result.out, HasSubstr("openai answers, OPENAI_API_KEY is set."));
  EXPECT_THAT(last, HasSubstr("cartpilot chat"));
  EXPECT_THAT(result.out, Not(HasSubstr("sk-first-minute")));
}

TEST(FirstMinute, bare_on_a_pipe_is_the_help) {
  const Home home;
  EXPECT_EQ(run(home, {}).out, run(home, {"--help"}).out);
}

TEST(FirstMinute, without_a_key_one_key_starts_the_demo) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{}, {"chat"}}) {
    const Home home;
    Program program(home, words, {}, true);
    program.wait_for("Enter starts the demo");
    program.write("\n");
    program.wait_for("SANDBOX, no real money");
    program.wait_for("you> ");
    program.write("/quit\n");
    EXPECT_EQ(program.finish().exit_code, 0);
  }
}

TEST(FirstMinute, another_key_leaves_and_names_the_demo) {
  const Home home;
  Program program(home, {}, {}, true);
  program.wait_for("Enter starts the demo");
  program.write("n");
  const Result result = program.finish();
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("cartpilot chat --demo\r\n"));
}

TEST(FirstMinute, a_script_without_a_key_is_not_asked) {
  const Home home;
  const Result result = run(home, {"chat", "hello"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("--demo"));
}

TEST(Doctor, of_the_sandbox_needs_no_other_cartpilot) {
  const Home home;
  const Result result = run(home, {"doctor", "--sandbox"});
  EXPECT_EQ(result.exit_code, 0) << result.out;
  EXPECT_THAT(result.out, HasSubstr("the sandbox answers, 2 merchants"));
  EXPECT_THAT(result.out, HasSubstr("warn  keys           no key of a model is set"));
  EXPECT_THAT(result.out, HasSubstr("none  anthropic      needs ANTHROPIC_API_KEY"));
  EXPECT_THAT(result.out, testing::EndsWith("\nNext:  cartpilot chat --demo\n"));
}

TEST(Doctor, knows_the_keys_and_the_servers_of_every_provider) {
  const Home home;
  const Result result =
      run(home, {"doctor", "--sandbox"}, "",
          {{"ANTHROPIC_API_KEY", "sk-ant-doctor"}, {"OPENAI_BASE_URL", "http://127.0.0.1:9/v1"}});
  EXPECT_EQ(result.exit_code, 0) << result.out;
  EXPECT_THAT(result.out, HasSubstr("ok    anthropic      ANTHROPIC_API_KEY\n"));
  EXPECT_THAT(result.out, HasSubstr("ok    openai         no key, server of OPENAI_BASE_URL\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("sk-ant-doctor")));
  EXPECT_THAT(result.out, testing::EndsWith("\nNext:  cartpilot chat --sandbox\n"));
}

TEST(Doctor, looks_for_certificates_where_the_program_does) {
  const Home home;
  const Result lost =
      run(home, {"doctor", "--sandbox"}, "", {{"SSL_CERT_FILE", "/nonexistent/ca.pem"}});
  EXPECT_EQ(lost.exit_code, 1);
  EXPECT_THAT(lost.out, HasSubstr("fail  certificates   SSL_CERT_FILE names /nonexistent/ca.pem"));
}

TEST(Doctor, fails_when_the_cartpilot_that_was_named_does_not_answer) {
  const Home home;
  const Result result =
      run(home, {"doctor", "--json"}, "", {{"CARTPILOT_API_URL", "http://127.0.0.1:9"}});
  EXPECT_EQ(result.exit_code, 1);
  bool found = false;
  for (const Json& finding : parse_json(result.out, "doctor")) {
    if (finding.at("check") == "cartpilot api") found = finding.at("verdict") == "fail";
  }
  EXPECT_TRUE(found) << result.out;
}

TEST(Completion, offers_what_there_is) {
  const Home home;
  ASSERT_EQ(run(home, {"chat", "--demo", "--session", "lamp", "a desk lamp"}).exit_code, 0);
  const std::pair<std::vector<std::string>, const char*> rows[] = {
      {{"chat", "-p", "off"}, "offline\n"},
      {{"chat", "--provider=off"}, "--provider=offline\n"},
      {{"sessions", "show", "l"}, "lamp\n"},
      {{"tools", "call", "get_int"}, "get_intent_offers\n"},
      {{"chat", "--config", ""}, ":file\n"},
      {{"purchases", "show", "x"}, ""},
      {{"nosuch", ""}, ""},
  };
  for (const auto& [words, expected] : rows) {
    std::vector<std::string> all = {"__complete"};
    all.insert(all.end(), words.begin(), words.end());
    const Result result = run(home, all);
    EXPECT_EQ(result.err, "");
    if (std::string(expected).empty()) continue;
    EXPECT_EQ(result.out, expected) << testing::PrintToString(words);
  }
}

// Through bash itself: what a person gets who presses Tab.
TEST(Completion, works_in_bash) {
  const Home home;
  const std::string script = (home.path() / "completion.bash").string();
  std::ofstream(script) << run(home, {"completion", "bash"}).out;
  const std::string ask =
      "source '" + script +
      "'; COMP_WORDS=('" CARTPILOT_PROGRAM
      "' tools ca); COMP_CWORD=2; _cartpilot; printf '%s|' \"${COMPREPLY[@]}\"; "
      "COMP_WORDS=('" CARTPILOT_PROGRAM
      "' chat --output ''); COMP_CWORD=3; _cartpilot; printf '%s|' \"${COMPREPLY[@]}\"";
  std::ofstream(home.path() / "ask.bash") << ask;
  FILE* pipe = ::popen(("HOME='" + home.path().string() + "' bash --norc '" +
                        (home.path() / "ask.bash").string() + "' 2>&1")
                           .c_str(),
                       "r");
  ASSERT_NE(pipe, nullptr);
  std::string said;
  char block[256];
  while (std::fgets(block, sizeof block, pipe) != nullptr) said += block;
  EXPECT_EQ(::pclose(pipe), 0);
  EXPECT_EQ(said, "call|text|jsonl|");
}

}  // namespace
}  // namespace cartpilot::e2e
