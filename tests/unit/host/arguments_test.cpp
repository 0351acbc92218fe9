#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/exit_code.h"

namespace cartpilot::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

struct Parsed {
  ParsedArguments result;
  std::string out;
  std::string err;
};

Parsed parse(std::vector<const char*> words) {
  words.insert(words.begin(), "cartpilot");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Parsed parsed;
  parsed.result = parse_arguments(static_cast<int>(words.size()), words.data());
  parsed.out = testing::internal::GetCapturedStdout();
  parsed.err = testing::internal::GetCapturedStderr();
  return parsed;
}

/// The arguments of a line that is right.
Arguments right(const std::vector<const char*>& words) {
  const Parsed parsed = parse(words);
  EXPECT_EQ(parsed.result.exit_code, std::nullopt) << parsed.err;
  return parsed.result.arguments;
}

TEST(Arguments, of_a_chat_are_its_flags_options_and_words) {
  const Arguments a = right({"chat", "--provider", "gemini", "--model", "m-1", "--provider-option",
                             "thinking=low", "--provider-option", "base=http://h/?a=b", "--plugin",
                             "a.so", "--plugin", "b.so", "buy", "a mug"});
  EXPECT_EQ(a.command, "chat");
  EXPECT_EQ(a.provider, "gemini");
  EXPECT_EQ(a.model, "m-1");
  EXPECT_EQ(a.provider_options,
            (std::map<std::string, std::string>{{"base", "http://h/?a=b"}, {"thinking", "low"}}));
  EXPECT_THAT(a.plugin_files, ElementsAre("a.so", "b.so"));
  EXPECT_THAT(a.message, ElementsAre("buy", "a mug"));
  EXPECT_EQ(a.approve, "");
  EXPECT_EQ(a.max_steps, 12);
  EXPECT_EQ(a.max_requests, std::nullopt);
  EXPECT_EQ(a.output, "text");
}

TEST(Arguments, of_the_whole_program_stand_before_or_after_the_command) {
  for (const std::vector<const char*>& words :
       {std::vector<const char*>{"--json", "--probe", "off", "plugin", "list"},
        std::vector<const char*>{"plugin", "list", "--probe", "off", "--json"}}) {
    const Arguments a = right(words);
    EXPECT_EQ(a.command, "plugin list");
    EXPECT_TRUE(a.json);
    EXPECT_EQ(a.probe, "off");
  }
}

TEST(Arguments, of_subcommands_come_with_their_path) {
  const Arguments call = right({"tools", "call", "create_intent", R"({"query":"mug"})"});
  EXPECT_EQ(call.command, "tools call");
  EXPECT_EQ(call.name, "create_intent");
  EXPECT_EQ(call.tool_arguments, R"({"query":"mug"})");
  const Arguments resolve = right({"purchases", "resolve", "a1", "--not-bought"});
  EXPECT_EQ(resolve.command, "purchases resolve");
  EXPECT_FALSE(resolve.bought);
  EXPECT_TRUE(resolve.not_bought);
  EXPECT_EQ(right({"sandbox", "--seed", "7"}).seed, 7U);
}

TEST(Arguments, that_are_wrong_end_with_the_usage_code_and_name_what_is_wrong) {
  const std::pair<std::vector<const char*>, const char*> rows[] = {
      {{"chat", "--max-steps", "0"}, "--max-steps"},
      {{"chat", "--max-steps", "many"}, "--max-steps"},
      {{"chat", "--max-requests", "0"}, "--max-requests"},
      {{"chat", "--output", "xml"}, "--output"},
      {{"chat", "--provider-option", "thinking"}, "KEY=VALUE, got 'thinking'"},
      {{"chat", "--provider-option", "=low"}, "KEY=VALUE, got '=low'"},
      {{"sandbox", "--port", "70000"}, "--port"},
      {{"purchases", "resolve", "a1", "--bought", "--not-bought"}, "excludes"},
      {{"purchases", "resolve"}, "id"},
      {{"tools"}, "subcommand"},
      {{"chat", "--sandbxo"}, "did you mean --sandbox?"},
      {{"chta"}, "did you mean chat?"},
      {{"lsit"}, "no command 'lsit' (did you mean cartpilot token list?)"},
      {{"models", "--aprove", "ask"}, "did you mean cartpilot chat --approve?"},
      {{"sessions", "--josn"}, "did you mean --json?"},
      {{"plugin", "lsit"}, "no command 'plugin lsit' (did you mean list?)"},
      {{"plugin", "upgrade", "x.so"}, "no command 'plugin upgrade'. See"},
      {{"sessions", "retitle", "a", "b"}, "no command 'sessions retitle'. See"},
      {{"xyzzy"}, "no command 'xyzzy'. See"},
      {{"export"}, "no command 'export' (did you mean cartpilot sessions export?)"},
      {{"--demo", "chat"}, "--demo (did you mean cartpilot chat --demo?)"},
      {{"sessions", "list", "--demo"}, "--demo (did you mean cartpilot chat --demo?)"},
      {{"chat", "--zzzz"}, "not expected: --zzzz. See"},
      {{"chat", "--json", "hi"}, "--json is not for chat; use --output jsonl"},
      {{"tools", "handle", "--json"}, "--json is not for tools handle"}};
  for (const auto& [words, named] : rows) {
    const Parsed parsed = parse(words);
    EXPECT_EQ(parsed.result.exit_code, kUsage) << named;
    EXPECT_THAT(parsed.err, StartsWith("cartpilot: "));
    EXPECT_THAT(parsed.err, HasSubstr(named));
    EXPECT_EQ(parsed.out, "") << named;
  }
}

TEST(Arguments, that_are_empty_are_wrong_wherever_they_stand) {
  for (const std::vector<const char*>& words :
       {std::vector<const char*>{"chat", "--limit-order", ""},
        {"chat", "--limit-day="},
        {"chat", "--limit-day=", "--sandbox"},
        {"chat", "--session", ""},
        {"chat", "--resume", "", "hello"},
        {"chat", "--approve", ""},
        {"chat", "--merchants=", "x"},
        {"chat", "--provider-option", "key="},
        {"chat", ""},
        {"chat", "--system", ""},
        {"--config", "", "doctor"},
        {"--plugin", "", "plugin", "list"},
        {"tools", "call", "get_checkout", ""},
        {"tools", "handle", "--provider", ""},
        {"purchases", "show", ""},
        {"sessions", "delete", ""},
        {"approve", "--deny", ""},
        {"sandbox", "--db", ""},
        {"sandbox", "--api-key="},
        {"config", "set", "provider", ""}}) {
    const Parsed parsed = parse(words);
    EXPECT_EQ(parsed.result.exit_code, kUsage) << testing::PrintToString(words);
    EXPECT_THAT(parsed.err, StartsWith("cartpilot: ")) << testing::PrintToString(words);
  }
  EXPECT_EQ(right({"chat", "--", "--limit-day="}).message,
            (std::vector<std::string>{"--limit-day="}));
}

TEST(Arguments, that_contradict_each_other_are_refused) {
  for (const std::vector<const char*>& words :
       {std::vector<const char*>{"chat", "--continue", "--resume", "a"},
        {"chat", "--continue", "--session", "a"},
        {"chat", "--resume", "a", "--session", "b"},
        {"chat", "--demo", "--api-url", "http://localhost:1"},
        {"chat", "--demo", "--provider", "gemini"},
        {"tools", "handle", "--sandbox", "--api-url", "http://localhost:1"},
        {"--no-plugins", "--plugin", "a.so", "plugin", "list"},
        {"--no-plugins", "--plugin-path", "/a", "plugin", "list"},
        {"tools", "handle", "--approval-fd", "3", "--approve", "never"},
        {"approve", "--list", "--deny", "a"},
        {"chat", "--merchants", "a"},
        {"chat", "--approve", "ask", "--allow-repeat", "1"}}) {
    const Parsed parsed = parse(words);
    EXPECT_EQ(parsed.result.exit_code, kUsage) << testing::PrintToString(words);
    EXPECT_EQ(std::count(parsed.err.begin(), parsed.err.end(), '\n'), 1) << parsed.err;
  }
}

TEST(Arguments, ask_for_help_and_version_on_standard_output) {
  const Parsed version = parse({"--version"});
  EXPECT_EQ(version.result.exit_code, kOk);
  EXPECT_THAT(version.out, testing::MatchesRegex("cartpilot [0-9.]+\n"));
  EXPECT_EQ(parse({"-V"}).out, version.out);
  EXPECT_THAT(parse({"version"}).out,
              testing::AllOf(testing::StartsWith(version.out), HasSubstr(" build by compiler "),
                             HasSubstr("plugins: ABI epoch 1, revision ")));
  EXPECT_EQ(parse({"help", "tools", "call"}).out, parse({"tools", "call", "--help"}).out);
  EXPECT_THAT(parse({"help", "chta"}).err, HasSubstr("did you mean chat?"));
  const std::vector<std::vector<const char*>> lines = {
      {}, {"--help"}, {"help"}, {"chat", "--help"}, {"help", "chat"}};
  for (const auto& words : lines) {
    const Parsed help = parse(words);
    EXPECT_EQ(help.result.exit_code, kOk);
    EXPECT_THAT(help.out, HasSubstr("cartpilot"));
    EXPECT_EQ(help.err, "");
  }
}

}  // namespace
}  // namespace cartpilot::host
