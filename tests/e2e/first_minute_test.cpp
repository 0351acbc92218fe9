// What a newcomer meets: the bare program, the way into the demo, completion in a real shell.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
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
  const std::vector<std::string> words = {"doctor", "--sandbox"};
  const Result lost = run(home, words, "", {{"SSL_CERT_FILE", "/nonexistent/ca.pem"}});
  EXPECT_EQ(lost.exit_code, 0);
  EXPECT_THAT(lost.out, HasSubstr("warn  certificates   SSL_CERT_FILE names /nonexistent/ca.pem"));
  const Result nothing = run(home, words, "",
                             {{"SSL_CERT_FILE", "/nonexistent/ca.pem"},
                              {"SSL_CERT_DIR", "/nonexistent/a:/nonexistent/b"}});
  EXPECT_EQ(nothing.exit_code, 1);
  EXPECT_THAT(nothing.out,
              HasSubstr("fail  certificates   SSL_CERT_FILE names /nonexistent/ca.pem"));
  const Result second = run(home, words, "",
                            {{"SSL_CERT_FILE", "/etc/hostname"},
                             {"SSL_CERT_DIR", "/nonexistent:" + home.path().string()}});
  EXPECT_THAT(second.out, HasSubstr("ok    certificates   /etc/hostname, " + home.path().string()));
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
      {{"chat", "-p", "off"}, "offline\n"},  {{"chat", "--provider=off"}, "--provider=offline\n"},
      {{"sessions", "show", "l"}, "lamp\n"}, {{"tools", "call", "get_int"}, "get_intent_offers\n"},
      {{"chat", "--config", ""}, ":file\n"}, {{"purchases", "show", "x"}, ""},
      {{"purchases", "show", ""}, ""},       {{"nosuch", "x"}, ""},
  };
  for (const auto& [words, expected] : rows) {
    std::vector<std::string> all = {"__complete"};
    all.insert(all.end(), words.begin(), words.end());
    const Result result = run(home, all);
    EXPECT_EQ(result.err, "");
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.out, expected) << testing::PrintToString(words);
  }
}

TEST(Completion, makes_nothing_in_a_fresh_home) {
  const Home home;
  const auto entries = [&] {
    const std::filesystem::recursive_directory_iterator all(home.path());
    return std::distance(begin(all), end(all));
  };
  const auto before = entries();
  for (const char* kind : {"sessions", "purchases"}) {
    EXPECT_EQ(run(home, {"__complete", kind, "show", ""}).out, "");
  }
  EXPECT_EQ(entries(), before);
}

/// What `shell` prints that runs `lines` after it has read its completion script, which is "$1".
std::string said_by(const std::string& shell, const std::string& name, const std::string& lines) {
  const Home home;
  const std::filesystem::path script = home.path() / "completion";
  const std::filesystem::path asking = home.path() / "asking";
  std::ofstream(script) << run(home, {"completion", name}).out;
  std::ofstream(asking) << lines;
  const std::string program = CARTPILOT_PROGRAM;
  FILE* pipe = ::popen(
      fmt::format("HOME='{}' PATH='{}':\"$PATH\" {} '{}' '{}' 2>&1", home.path().string(),
                  program.substr(0, program.rfind('/')), shell, asking.string(), script.string())
          .c_str(),
      "r");
  if (pipe == nullptr) return "popen failed";
  std::string said;
  char block[256];
  while (std::fgets(block, sizeof block, pipe) != nullptr) said += block;
  EXPECT_EQ(::pclose(pipe), 0) << said;
  return said;
}

// Through the shells themselves: what a person gets who presses Tab.
TEST(Completion, works_in_bash) {
  EXPECT_EQ(said_by("bash --norc", "bash", R"(source "$1"
ask() { COMP_WORDS=(cartpilot "$@"); COMP_CWORD=$#; _cartpilot; printf '%s|' "${COMPREPLY[@]}"; }
compopt() { printf 'compopt %s|' "$2"; }
ask tools ca; ask chat --output ''; ask chat --provider = off; ask chat --config ''
)"),
            "call|text|jsonl|offline|compopt default||");
}

TEST(Completion, works_in_zsh) {
  EXPECT_EQ(said_by("zsh -f", "zsh", R"(compdef() { :; }
compadd() { print -rn -- "${(pj:|:)${(P)@[-1]}}|"; }
_files() { print -rn -- "_files $*|"; }
source "$1"
ask() { words=(cartpilot "$@"); CURRENT=$#words; _cartpilot; }
ask tools ca; ask chat --output ''; ask chat --provider=off; ask chat --config ''
ask plugin new acme --directory ''
)"),
            "call|text|jsonl|--provider=offline|_files |_files -/|");
}

TEST(Completion, works_in_fish) {
  EXPECT_EQ(said_by("fish --no-config", "fish", R"(source $argv[1]
for line in "tools ca" "chat --output t" "chat --provider=off" "chat --config /etc/hostn"
  complete -C "cartpilot $line"
end
)"),
            "call\ntext\n--provider=offline\n/etc/hostname\n");
}

}  // namespace
}  // namespace cartpilot::e2e
