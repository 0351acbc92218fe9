// The anthropic plugin through the program: every recipe of its documentation, every server, the
// function format, the list of models, and a conversation that goes from vendor to vendor.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "anthropic/endpoint.h"
#include "e2e/program.h"
#include "fakes/anthropic_profiles.h"
#include "fakes/gemini.h"
#include "fakes/openai.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kKey = "key-that-must-not-leak-0123456789";

std::vector<std::string> shopping(std::vector<std::string> words) {
  words.insert(words.end(), {"--sandbox", "--output", "jsonl", "--approve", "up-to:150:USD",
                             "--merchants", "merchant-a,merchant-b"});
  return words;
}

void expect_purchase(const Result& result) {
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const std::vector<Json> lines = json_lines(result.out);
  EXPECT_EQ(of_type(lines, "turn_end").size(), 3U);
  const std::vector<Json> purchases = of_type(lines, "purchase");
  ASSERT_EQ(purchases.size(), 1U);
  EXPECT_EQ(purchases[0]["outcome"], "done");
  EXPECT_THAT(result.out + result.err, Not(HasSubstr(kKey)));
}

/// Server -> the command the page gives for it.
std::map<std::string, std::string> recipes() {
  std::map<std::string, std::string> found;
  std::ifstream file(CARTPILOT_PROVIDER_PAGE);
  const std::regex row(R"(\| ([^|]+) \| `([^`]*cartpilot chat [^`]*)` \|)");
  for (std::string line; std::getline(file, line);) {
    std::smatch parts;
    if (std::regex_match(line, parts, row)) found[parts[1]] = parts[2];
  }
  return found;
}

TEST(AnthropicRecipes, every_recipe_of_the_documentation_buys_in_three_turns) {
  const std::map<std::string, std::string> profiles = {
      {"Anthropic", "anthropic"},
      {"Bedrock behind a gateway of this API", "bedrock"},
      {"Vertex AI", "vertex"},
      {"Ollama", "ollama"},
      {"llama.cpp", "llama_cpp"},
      {"LiteLLM", "litellm"},
      {"DeepSeek", "deepseek"},
      {"Kimi", "kimi"},
      {"anything else", "unknown_server"}};
  const auto all = recipes();
  ASSERT_EQ(all.size(), profiles.size());
  for (const auto& [server, command] : all) {
    SCOPED_TRACE(server);
    fakes::AnthropicProfile profile = fakes::anthropic_profile(profiles.at(server));
    if (!profile.options.key.empty()) profile.options.key = kKey;
    const fakes::FakeAnthropic vendor(fakes::shopping_model, profile.options);
    Environment environment;
    std::vector<std::string> words;
    std::istringstream text(command);
    for (std::string word; text >> word;) {
      const std::size_t equals = word.find('=');
      if (words.empty() && equals != std::string::npos) {
        environment[word.substr(0, equals)] = word.substr(equals + 1);
      } else {
        words.push_back(word);
      }
    }
    words.erase(words.begin());  // "cartpilot"
    // The address is the one thing that has to be another here; what the program would have read
    // off the real one is said as an option.
    const bool named = command.find("server=") != std::string::npos;
    const auto real = anthropic::parse_endpoint(environment["ANTHROPIC_BASE_URL"], nullptr);
    EXPECT_EQ(named ? profile.server : std::string(real.server->name), profile.server);
    environment["ANTHROPIC_BASE_URL"] = vendor.base_url();
    for (auto& [name, value] : environment) {
      if (value == "KEY") value = kKey;
    }
    if (!named) words.insert(words.end(), {"--provider-option", "server=" + profile.server});
    const Home home;
    expect_purchase(run(home, shopping(words), kThreeLines, environment));
    EXPECT_THAT(vendor.violations(), IsEmpty());
  }
}

TEST(AnthropicProgram, every_server_sells_in_three_turns) {
  for (const fakes::AnthropicProfile& known : fakes::anthropic_profiles()) {
    SCOPED_TRACE(known.name);
    fakes::AnthropicProfile profile = known;
    if (!profile.options.key.empty()) profile.options.key = kKey;
    profile.options.piece_bytes = 7;  // the stream arrives in crumbs
    const fakes::FakeAnthropic vendor(fakes::shopping_model, profile.options);
    const Home home;
    const char* variable = profile.options.bearer ? "ANTHROPIC_AUTH_TOKEN" : "ANTHROPIC_API_KEY";
    Environment environment = {{"ANTHROPIC_BASE_URL", vendor.base_url()}};
    if (!profile.options.key.empty()) environment[variable] = kKey;
    expect_purchase(run(home,
                        shopping({"chat", "--provider", "anthropic", "--model", profile.model,
                                  "--provider-option", "server=" + profile.server}),
                        kThreeLines, environment));
    EXPECT_THAT(vendor.violations(), IsEmpty());
  }
}

TEST(AnthropicProgram, a_conversation_goes_from_vendor_to_vendor_and_buys) {
  fakes::FakeGeminiOptions gemini_options;
  gemini_options.api_key = kKey;
  fakes::FakeOpenAiOptions openai_options;
  openai_options.key = kKey;
  fakes::FakeAnthropicOptions anthropic_options;
  anthropic_options.key = kKey;
  anthropic_options.comes_back = true;
  const fakes::FakeGemini gemini(fakes::shopping_model, gemini_options);
  const fakes::FakeOpenAi openai(fakes::shopping_model, openai_options);
  const fakes::FakeAnthropic anthropic(fakes::shopping_model, anthropic_options);
  const Environment environment = {
      {"GEMINI_API_KEY", kKey},    {"GEMINI_BASE_URL", gemini.url()},
      {"OPENAI_API_KEY", kKey},    {"OPENAI_BASE_URL", openai.base_url()},
      {"ANTHROPIC_API_KEY", kKey}, {"ANTHROPIC_BASE_URL", anthropic.base_url()}};
  const Home home;
  const Result result =
      run(home, shopping({"chat", "--provider", "gemini"}),
          "I need wireless headphones under $100\n/provider anthropic claude-sonnet-5-5\n"
          "buy the cheapest\n/provider openai gpt-4.1-mini\nI need socks\n/provider gemini\n"
          "buy the cheapest\nyes\n/provider anthropic claude-sonnet-5-5\nI need a lamp\n",
          environment);
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const std::vector<Json> lines = json_lines(result.out);
  EXPECT_EQ(of_type(lines, "turn_end").size(), 6U);
  const std::vector<Json> purchases = of_type(lines, "purchase");
  ASSERT_EQ(purchases.size(), 1U) << result.out << result.err;
  EXPECT_EQ(purchases[0]["outcome"], "done");
  // Who was talked to, in order, and where the order was placed.
  std::string way;
  for (const Json& line : lines) {
    const std::string text = string_or(line, "message");
    if (line["type"] == "purchase") way += "bought ";
    if (text.rfind("now talking to ", 0) == 0) way += text.substr(15, text.find(' ', 15) - 14);
  }
  EXPECT_EQ(way, "anthropic openai gemini bought anthropic ");
  EXPECT_THAT(anthropic.violations(), IsEmpty());
  EXPECT_THAT(openai.violations(), IsEmpty());
  EXPECT_THAT(gemini.violations(), IsEmpty());
}

TEST(AnthropicProgram, declares_and_handles_functions_in_its_own_format) {
  const Home home;
  const Result declared = run(home, {"tools", "declarations", "--provider", "anthropic"}, "", {});
  ASSERT_EQ(declared.exit_code, 0) << declared.err;
  const Json tools = Json::parse(declared.out);
  ASSERT_EQ(tools.size(), 11U);
  for (const Json& tool : tools) EXPECT_EQ(tool["input_schema"]["type"], "object");

  const std::string call =
      R"({"type":"tool_use","id":"toolu_1","name":"create_intent","input":{"query":"desk lamp"}})";
  const Result handled = run(home, {"tools", "handle", "--provider", "anthropic", "--sandbox"},
                             call + "\n" + R"({"role":"assistant","content":[)" + call + R"(]})" +
                                 "\n" + R"({"role":"assistant","content":"Hello."})" + "\n",
                             {});
  const std::vector<Json> lines = json_lines(handled.out);
  ASSERT_GE(lines.size(), 2U) << handled.out << handled.err;
  EXPECT_EQ(lines[0]["type"], "tool_result");
  EXPECT_EQ(lines[0]["tool_use_id"], "toolu_1");
  EXPECT_TRUE(Json::parse(lines[0]["content"].get<std::string>()).contains("id"));
  EXPECT_EQ(lines[1]["role"], "user");
  EXPECT_EQ(lines[1]["content"][0]["tool_use_id"], "toolu_1");
  EXPECT_THAT(handled.out, HasSubstr("\n[]\n"));
}

TEST(AnthropicProgram, passes_every_plugin_check) {
  const Home home;
  const Result checked = run(home,
                             {"plugin", "check", CARTPILOT_PLUGIN_FILE, "--samples",
                              CARTPILOT_FIXTURES "/anthropic/samples.json", "--json"},
                             "", {});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  const Json report = Json::parse(checked.out, nullptr, false);
  for (const Json& check : report["checks"]) {
    const std::string outcome = string_or(check, "outcome");
    EXPECT_TRUE(outcome == "pass" || outcome == "skip") << check.dump();
  }
}

TEST(AnthropicProgram, lists_models_or_says_that_there_is_no_list) {
  const fakes::FakeAnthropic vendor;
  const Home home;
  const Environment environment = {{"ANTHROPIC_API_KEY", vendor.key()},
                                   {"ANTHROPIC_BASE_URL", vendor.base_url()}};
  const Result listed = run(home, {"models", "--provider", "anthropic"}, "", environment);
  ASSERT_EQ(listed.exit_code, 0) << listed.err;
  EXPECT_EQ(std::count(listed.out.begin(), listed.out.end(), '\n'), 7);
  EXPECT_THAT(listed.out, HasSubstr("claude-haiku-4-5"));

  fakes::FakeAnthropicOptions options;
  options.first_party = false;
  options.key.clear();
  const fakes::FakeAnthropic local(fakes::shopping_model, options);
  const Result none = run(home, {"models", "--provider", "anthropic"}, "",
                          {{"ANTHROPIC_BASE_URL", local.base_url()}});
  EXPECT_NE(none.exit_code, 0);
  EXPECT_THAT(none.err, HasSubstr("has no list of models"));
}

}  // namespace
}  // namespace cartpilot::e2e
