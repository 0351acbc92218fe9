// The openai plugin through the program: every recipe of its documentation, and conversations that
// go from one vendor to another and back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "e2e/program.h"
#include "fakes/gemini.h"
#include "fakes/openai_profiles.h"
#include "openai/model_profile.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::vector<std::string> kShop = {"--sandbox",
                                        "--output",
                                        "jsonl",
                                        "--approve",
                                        "up-to:150:USD",
                                        "--merchants",
                                        "merchant-a,merchant-b"};

struct Recipe {
  std::string server;
  Environment environment;
  std::vector<std::string> words;  ///< after "cartpilot"
};

/// "A=b 'C d' e" as a shell reads it.
std::vector<std::string> shell_words(const std::string& text) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (const char c : text) {
    if (c == '\'') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

std::vector<Recipe> recipes() {
  std::ifstream file(CARTPILOT_OPENAI_DOC);
  std::vector<Recipe> all;
  const std::regex row(R"(\| ([^|]+) \| `([^`]*cartpilot chat [^`]*)` \|.*)");
  for (std::string line; std::getline(file, line);) {
    std::smatch parts;
    if (!std::regex_match(line, parts, row)) continue;
    Recipe recipe;
    recipe.server = parts[1].str();
    bool program = false;
    for (const std::string& word : shell_words(parts[2].str())) {
      const std::size_t equals = word.find('=');
      if (!program && equals != std::string::npos) {
        recipe.environment[word.substr(0, equals)] = word.substr(equals + 1);
      } else if (program) {
        recipe.words.push_back(word);
      }
      program = program || word == "cartpilot";
    }
    all.push_back(std::move(recipe));
  }
  return all;
}

const std::map<std::string, std::string>& profiles_of_recipes() {
  static const std::map<std::string, std::string> kProfiles = {
      {"OpenAI", "openai_responses"},
      {"Azure OpenAI", "azure"},
      {"Azure OpenAI, dated", "azure_dated"},
      {"Ollama", "ollama"},
      {"llama.cpp", "llama_cpp"},
      {"vLLM", "vllm"},
      {"LM Studio", "lm_studio"},
      {"OpenRouter", "openrouter"},
      {"Groq", "groq"},
      {"DeepSeek", "deepseek"},
      {"Gemini's compatible endpoint", "gemini_endpoint"},
      {"a proxy or anything else", "unknown_server"}};
  return kProfiles;
}

void expect_purchase(const Result& result) {
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const std::vector<Json> lines = json_lines(result.out);
  EXPECT_EQ(of_type(lines, "turn_end").size(), 3U);
  const std::vector<Json> purchases = of_type(lines, "purchase");
  ASSERT_EQ(purchases.size(), 1U);
  EXPECT_EQ(purchases[0]["outcome"], "done");
}

TEST(OpenAiRecipes, every_recipe_of_the_documentation_buys_in_three_turns) {
  const std::vector<Recipe> all = recipes();
  ASSERT_EQ(all.size(), profiles_of_recipes().size());
  for (const Recipe& recipe : all) {
    SCOPED_TRACE(recipe.server);
    const fakes::OpenAiProfile& profile =
        fakes::openai_profile(profiles_of_recipes().at(recipe.server));
    fakes::FakeOpenAi vendor(fakes::shopping_model, profile.options);
    Environment environment = recipe.environment;
    for (auto& [name, value] : environment) {
      if (value == "KEY") value = vendor.key();
    }
    // The address is the one thing that has to be another here; what the program would have read
    // off the real one is said as an option.
    const std::string real = environment.count("OPENAI_BASE_URL") != 0
                                 ? environment["OPENAI_BASE_URL"]
                                 : "https://api.openai.com/v1";
    EXPECT_EQ(openai::detect_server(openai::parse_endpoint(real)),
              openai::server_by_name(profile.server));
    environment["OPENAI_BASE_URL"] = vendor.base_url();
    std::vector<std::string> words = recipe.words;
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (words[i - 1] == "--model") words[i] = profile.model;
    }
    words.insert(words.end(), {"--provider-option", "server=" + profile.server});
    words.insert(words.end(), kShop.begin(), kShop.end());
    const Home home;
    expect_purchase(run(home, words,
                        "I need wireless headphones under $100\nbuy the cheapest\nyes\n",
                        environment));
    EXPECT_THAT(vendor.violations(), IsEmpty());
  }
}

constexpr const char* kOpenAiKey = "key-that-must-not-leak-0123456789";

/// Both vendors, strict.
struct TwoVendors {
  TwoVendors()
      : gemini(fakes::shopping_model, gemini_options()),
        openai(fakes::shopping_model, openai_options()) {}

  static fakes::FakeGeminiOptions gemini_options() {
    fakes::FakeGeminiOptions options;
    options.api_key = kOpenAiKey;
    return options;
  }
  static fakes::FakeOpenAiOptions openai_options() {
    fakes::FakeOpenAiOptions options;
    options.key = kOpenAiKey;
    return options;
  }
  Environment environment() const {
    return {{"GEMINI_API_KEY", kOpenAiKey},
            {"GEMINI_BASE_URL", gemini.url()},
            {"OPENAI_API_KEY", kOpenAiKey},
            {"OPENAI_BASE_URL", openai.base_url()}};
  }

  fakes::FakeGemini gemini;
  fakes::FakeOpenAi openai;
};

constexpr const char* kDropped = "private notes on";

TEST(Vendors,
     the_same_conversation_started_on_gemini_continued_on_openai_and_back_completes_the_purchase) {
  TwoVendors vendors;
  const Home home;
  const auto turn = [&](std::vector<std::string> words, const std::string& text) {
    words.insert(words.end(), kShop.begin(), kShop.end());
    const Result result = run(home, words, text, vendors.environment());
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
    return result;
  };
  const Result first =
      turn({"chat", "--provider", "gemini"}, "I need wireless headphones under $100\n");
  EXPECT_THAT(first.out + first.err, Not(HasSubstr(kDropped)));
  const Result second = turn({"chat", "--continue", "--provider", "openai", "--model",
                              "gpt-6.1-terra", "--provider-option", "server=openai"},
                             "buy the cheapest\n");
  EXPECT_THAT(second.out + second.err, HasSubstr(kDropped)) << "thought signatures stay at home";
  const Result third = turn({"chat", "--continue", "--provider", "gemini"}, "yes\n");
  EXPECT_THAT(third.out + third.err, HasSubstr(kDropped)) << "so does encrypted reasoning";
  const std::vector<Json> purchases = of_type(json_lines(third.out), "purchase");
  ASSERT_EQ(purchases.size(), 1U) << third.out << third.err;
  EXPECT_EQ(purchases[0]["outcome"], "done");
  EXPECT_THAT(vendors.gemini.violations(), IsEmpty());
  EXPECT_THAT(vendors.openai.violations(), IsEmpty());
  EXPECT_EQ(vendors.openai.requests().back().target, "/v1/responses");
}

TEST(Vendors, a_conversation_goes_to_openai_and_back_by_command) {
  TwoVendors vendors;
  const Home home;
  std::vector<std::string> words = {"chat", "--provider", "gemini"};
  words.insert(words.end(), kShop.begin(), kShop.end());
  const Result result = run(home, words,
                            "I need wireless headphones under $100\n/provider openai gpt-4.1-mini\n"
                            "buy the cheapest\n/provider gemini\nyes\n",
                            vendors.environment());
  expect_purchase(result);
  EXPECT_THAT(result.out + result.err, HasSubstr(kDropped));
  EXPECT_THAT(vendors.gemini.violations(), IsEmpty());
  EXPECT_THAT(vendors.openai.violations(), IsEmpty());
  EXPECT_FALSE(vendors.openai.bodies().empty());
}

TEST(Vendors, openai_errors_are_one_line_that_says_what_to_do) {
  fakes::FakeOpenAi vendor(fakes::shopping_model);
  const auto asked = [&](const std::string& base, const std::string& model) {
    const Home home;
    const Result result =
        run(home, {"chat", "--provider", "openai", "--model", model, "--sandbox", "hello"}, "",
            {{"OPENAI_API_KEY", vendor.key()}, {"OPENAI_BASE_URL", base}});
    EXPECT_EQ(result.exit_code, 4);
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    return result.err;
  };
  const std::string base = vendor.base_url();
  EXPECT_THAT(asked(base, "gpt-4.1-min"), HasSubstr("near names: gpt-4.1-mini"));
  EXPECT_THAT(asked(base.substr(0, base.size() - 3), "gpt-4.1-mini"),
              HasSubstr("check OPENAI_BASE_URL, try " + base));
}

}  // namespace
}  // namespace cartpilot::e2e
