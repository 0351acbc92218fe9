// Bad input: one clear line, the documented exit code, nothing lost.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "e2e/program.h"
#include "fakes/loopback_server.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(BadInput, a_missing_key_names_the_variable_and_the_demo) {
  for (const auto& [provider, variable] :
       {std::pair<std::string, std::string>{"gemini", "GEMINI_API_KEY"},
        {"openai", "OPENAI_API_KEY"}}) {
    const Home home;
    const Result result = run(home, {"chat", "--provider", provider, "hello"});
    EXPECT_EQ(result.exit_code, 3) << result.err;
    EXPECT_THAT(result.err, HasSubstr(variable));
    EXPECT_THAT(result.err, HasSubstr("--demo"));
    EXPECT_EQ(lines_of(result.err), 1u) << result.err;
  }
}

TEST(BadInput, an_unknown_provider_lists_the_known_ones) {
  const Home home;
  const Result result = run(home, {"chat", "--provider", "gemeni", "hello"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("gemini"));
  EXPECT_EQ(lines_of(result.err), 1u) << result.err;
}

TEST(BadInput, no_provider_at_all_says_how_to_name_one) {
  const Home home;
  const Result result = run(home, {"chat", "hello"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("--provider"));
}

TEST(BadInput, two_keys_and_no_provider_are_exit_3_and_both_are_named) {
  const Home home;
  const Result result =
      run(home, {"chat", "hello"}, "", {{"OPENAI_API_KEY", "k-one"}, {"GOOGLE_API_KEY", "k-two"}});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("GOOGLE_API_KEY and OPENAI_API_KEY are set"));
  EXPECT_THAT(result.err, HasSubstr("--provider"));
  EXPECT_EQ(lines_of(result.err), 1u) << result.err;
}

TEST(BadInput, an_empty_standard_input_in_place_of_the_message_is_exit_2) {
  for (const std::string input : {"", "\n \n"}) {
    const Home home;
    const Result result = run(home, {"chat", "--demo", "-"}, input);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr("the message is empty"));
    EXPECT_EQ(result.out, "");
  }
}

TEST(BadInput, an_unreachable_cartpilot_is_exit_5_and_one_line) {
  const Home home;
  const Result result = run(home, {"tools", "call", "create_intent", R"({"query":"x"})",
                                   "--api-url", "http://127.0.0.1:9"});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.err, HasSubstr("127.0.0.1:9"));
  EXPECT_EQ(lines_of(result.err), 1u) << result.err;
  const Result chat = run(home, {"chat", "--provider", "offline", "--api-url", "http://127.0.0.1:9",
                                 "I need headphones"});
  EXPECT_EQ(chat.exit_code, 5);
  EXPECT_THAT(chat.err, HasSubstr("127.0.0.1:9"));
}

TEST(BadInput, a_wrong_api_key_is_exit_5_and_names_the_variable) {
  const Home home;
  Program sandbox(home, {"sandbox", "--port", "0", "--api-key", "the-right-key"});
  const std::string url = sandbox.wait_for_match("http://127.0.0.1:[0-9]+");
  const Result result =
      run(home, {"tools", "call", "create_intent", R"({"query":"x"})", "--api-url", url}, "",
          {{"CARTPILOT_API_KEY", "some-wrong-key"}});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_EQ(parse_json(result.out)["error_code"], "INVALID_API_KEY");
  EXPECT_THAT(result.err, HasSubstr("CARTPILOT_API_KEY"));
  EXPECT_THAT(result.out + result.err, Not(HasSubstr("some-wrong-key")));
}

TEST(BadInput, broken_json_from_the_api_is_exit_5) {
  fakes::LoopbackServer server(
      [](const fakes::LoopbackServer::Request&, fakes::LoopbackServer::Reply& reply) {
        reply.send(200, {{"Content-Type", "application/json"}}, "{\"id\":");
      });
  const Home home;
  const Result result =
      run(home, {"tools", "call", "create_intent", R"({"query":"x"})", "--api-url", server.url()});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_EQ(parse_json(result.out)["error_code"], "BAD_RESPONSE");
  EXPECT_EQ(lines_of(result.err), 1u) << result.err;
}

TEST(BadInput, plain_http_off_loopback_is_refused) {
  const Home home;
  const Result result =
      run(home, {"tools", "call", "list_orders", "{}", "--api-url", "http://shop.example.com"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("https"));
}

TEST(BadInput, a_text_file_named_like_a_plugin_is_refused_and_stops_nothing_else) {
  const Home home;
  const auto folder = home.path() / "plugins";
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "cartpilot-x.so") << "this is no plugin\n";
  const Result list = run(home, {"plugin", "list", "--json", "--plugin-path", folder});
  EXPECT_EQ(list.exit_code, 0);
  std::map<std::string, std::string> status;
  for (const Json& record : parse_json(list.out)) {
    status[std::filesystem::path(record["file"].get<std::string>()).filename()] = record["status"];
    if (record["status"] == "refused") {
      EXPECT_THAT(record["code"].get<std::string>(), HasSubstr("CP-P"));
      EXPECT_THAT(record["why"].get<std::string>(), Not(testing::IsEmpty()));
      EXPECT_THAT(record["fix"].get<std::string>(), Not(testing::IsEmpty()));
    }
  }
  EXPECT_EQ(status["cartpilot-x.so"], "refused");
  status.erase("cartpilot-x.so");
  EXPECT_GE(status.size(), 3U);
  for (const auto& [file, word] : status) EXPECT_EQ(word, "ok") << file;
  EXPECT_EQ(run(home, {"chat", "--demo", "--plugin-path", folder, "a desk lamp"}).exit_code, 0);
  const Result asked = run(home, {"chat", "--provider", "x", "--plugin-path", folder, "hello"});
  EXPECT_EQ(asked.exit_code, 3);
  EXPECT_THAT(asked.err, HasSubstr("CP-P"));
}

TEST(BadInput, a_message_of_a_megabyte_is_refused_and_the_conversation_goes_on) {
  const Home home;
  const Result result =
      run(home, {"chat", "--demo"}, std::string(1 << 20, 'a') + "\nI need a desk lamp\n");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("256 KiB"));
  EXPECT_THAT(result.out, HasSubstr("Lamp"));
}

TEST(BadInput, a_message_that_is_not_utf8_is_refused_and_the_conversation_goes_on) {
  const Home home;
  const Result result = run(home, {"chat", "--demo"}, "head\xffphones\nI need a desk lamp\n");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("UTF-8"));
  EXPECT_THAT(result.out, HasSubstr("Lamp"));
  EXPECT_EQ(run(home, {"chat", "--demo", "head\xffphones"}).exit_code, 2);
}

TEST(BadInput, unknown_flags_and_commands_are_exit_2_with_a_suggestion) {
  const Home home;
  const Result flag = run(home, {"chat", "--provder", "gemini"});
  EXPECT_EQ(flag.exit_code, 2);
  EXPECT_THAT(flag.err, HasSubstr("--provider"));
  const Result command = run(home, {"plugni", "list"});
  EXPECT_EQ(command.exit_code, 2);
  EXPECT_THAT(command.err, HasSubstr("plugin"));
  EXPECT_EQ(lines_of(command.err), 1u);
  EXPECT_EQ(run(home, {"chat", "--demo", "--approve", "always", "hi"}).exit_code, 2);
  EXPECT_EQ(run(home, {"chat", "--demo", "--approve", "up-to:10:USD", "hi"}).exit_code, 2);
}

TEST(BadInput, approval_cannot_be_given_by_the_environment) {
  const Home home;
  const std::string lines = "I need wireless headphones under $100\nbuy the cheapest\nyes\n";
  EXPECT_EQ(
      run(home, {"chat", "--demo"}, lines, {{"CARTPILOT_APPROVE", "up-to:150:USD"}}).exit_code, 11);
}

TEST(BadInput, a_settings_file_that_cannot_be_read_is_named) {
  const Home home;
  for (const std::filesystem::path& file : {home.path(), home.path() / "nowhere.toml"}) {
    const Result result = run(home, {"--config", file.string(), "chat", "--demo", "hello"});
    EXPECT_EQ(result.exit_code, 2) << file;
    EXPECT_THAT(result.err, HasSubstr(file.string() + ": cannot be read ("));
    EXPECT_THAT(result.err, HasSubstr("fix it or pass another with --config"));
  }
}

TEST(BadInput, a_settings_file_of_an_earlier_version_is_named_with_what_to_do) {
  const Home home;
  const auto folder = home.path() / "config" / "cartpilot";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "config.ini") << "provider = offline\n";
  const Result result = run(home, {"chat", "--demo", "hello"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("cartpilot config set NAME VALUE"));
  EXPECT_EQ(lines_of(result.err), 1u);
  EXPECT_EQ(run(home, {"config", "set", "provider", "offline"}).exit_code, 0);
  EXPECT_EQ(run(home, {"chat", "--demo", "hello"}).exit_code, 0);
}

TEST(BadInput, a_damaged_state_file_is_refused_and_left_alone) {
  const Home home;
  const auto folder = home.path() / "state" / "cartpilot";
  std::filesystem::create_directories(folder);
  const std::string rubbish(4096, 'x');
  std::ofstream(folder / "state.db") << rubbish;
  const Result result = run(home, {"purchases", "list"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("state.db"));
  std::ifstream in(folder / "state.db");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), rubbish);
}

}  // namespace
}  // namespace cartpilot::e2e
