#include "gemini/options.h"

#include <gtest/gtest.h>

#include "cartpilot/error.h"
#include "gemini/endpoint.h"
#include "gemini/models.h"

namespace cartpilot::gemini::tests {
namespace {

template <class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "accepted";
}

std::string option_refusal(const std::map<std::string, std::string>& options) {
  return refusal([&] { parse_options(options); });
}

TEST(GeminiOptions, all_of_them) {
  const Options options =
      parse_options({{"thinking", " high "},
                     {"include-thoughts", "on"},
                     {"temperature", "0.25"},
                     {"max-output-tokens", "4096"},
                     {"tool-mode", "validated"},
                     {"allowed-functions", "a, b,"},
                     {"safety", "harm_category_harassment:off,hate_speech:BLOCK_NONE"},
                     {"store", "true"},
                     {"schema", "parameters"}});
  EXPECT_EQ(options.thinking_level, "HIGH");
  EXPECT_TRUE(options.include_thoughts);
  EXPECT_EQ(options.temperature, 0.25);
  EXPECT_EQ(options.max_output_tokens, 4096);
  EXPECT_EQ(options.tool_mode, ToolMode::kValidated);
  EXPECT_EQ(options.allowed_functions, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(options.safety_settings,
            Json::parse(R"([{"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF"},)"
                        R"({"category":"HARM_CATEGORY_HATE_SPEECH","threshold":"BLOCK_NONE"}])"));
  EXPECT_EQ(options.store, true);
  EXPECT_EQ(options.schema, SchemaForm::kParameters);
  EXPECT_EQ(parse_options({{"thinking-budget", "-1"}}).thinking_budget, -1);
  EXPECT_EQ(parse_options({{"safety", "block_none"}}).safety_settings.size(), 4U);
}

TEST(GeminiOptions, wrong_names_and_values_are_refused) {
  EXPECT_EQ(option_refusal({{"temprature", "1"}}),
            "gemini has no option 'temprature', but temperature; it knows allowed-functions, "
            "include-thoughts, max-output-tokens, safety, schema, store, temperature, thinking, "
            "thinking-budget, tool-mode");
  EXPECT_EQ(option_refusal({{"thinking", "much"}}),
            "gemini option thinking=much: expected one of MINIMAL, LOW, MEDIUM, HIGH, XHIGH");
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"temperature", "2.5"},
      {"max-output-tokens", "0"},
      {"thinking-budget", "-2"},
      {"include-thoughts", "maybe"},
      {"store", ""},
      {"tool-mode", "SOMETIMES"},
      {"allowed-functions", ","},
      {"safety", "NOTHING"},
      {"safety", "HARASSMENT"},
      {"safety", "HARASSMENT:"},
      {"safety", "HARASSMENT:OFF,harassment:OFF"},
      {"safety", ""},
      {"schema", "yaml"}};
  for (const auto& [name, value] : bad) {
    EXPECT_EQ(option_refusal({{name, value}}).rfind("gemini option " + name + "=", 0), 0U)
        << name << "=" << value;
  }
}

TEST(GeminiOptions, contradictions_are_refused) {
  EXPECT_EQ(option_refusal({{"thinking", "low"}, {"thinking-budget", "5"}}),
            "gemini options thinking and thinking-budget exclude each other; give one");
  EXPECT_EQ(option_refusal({{"allowed-functions", "a"}}),
            "gemini option allowed-functions needs tool-mode=ANY or tool-mode=VALIDATED");
}

TEST(GeminiEndpoint, forms_of_the_base_url) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "https://generativelanguage.googleapis.com/v1beta"},
      {"https://generativelanguage.googleapis.com",
       "https://generativelanguage.googleapis.com/v1beta"},
      {"https://generativelanguage.googleapis.com/",
       "https://generativelanguage.googleapis.com/v1beta"},
      {"https://host.example/v1", "https://host.example/v1"},
      {"https://host.example/v1alpha", "https://host.example/v1alpha"},
      {"https://host.example/gate/way", "https://host.example/gate/way/v1beta"},
      {"https://host.example/vault", "https://host.example/vault/v1beta"},
      {"http://127.0.0.1:8080", "http://127.0.0.1:8080/v1beta"},
      {"http://[::1]:8080/", "http://[::1]:8080/v1beta"},
      {"https://aiplatform.googleapis.com",
       "https://aiplatform.googleapis.com/v1beta1/publishers/google"},
      {"https://aiplatform.googleapis.com/projects/p/locations/l/publishers/google",
       "https://aiplatform.googleapis.com/v1beta1/projects/p/locations/l/publishers/google"},
      {"https://us-central1-aiplatform.googleapis.com/v1beta1/projects/p/locations/l/publishers/"
       "google",
       "https://us-central1-aiplatform.googleapis.com/v1beta1/projects/p/locations/l/publishers/"
       "google"}};
  for (const auto& [given, base] : cases) EXPECT_EQ(parse_endpoint(given).base, base) << given;
}

TEST(GeminiEndpoint, kinds_of_hosts) {
  const Endpoint google = parse_endpoint("https://generativelanguage.googleapis.com:443");
  EXPECT_TRUE(google.developer_api);
  EXPECT_FALSE(google.loopback);
  EXPECT_EQ(google.backend, "generativelanguage.googleapis.com");
  EXPECT_TRUE(parse_endpoint("https://aiplatform.eu.rep.googleapis.com").vertex);
  EXPECT_TRUE(parse_endpoint("https://us-central1-aiplatform.googleapis.com").vertex);
  EXPECT_FALSE(parse_endpoint("https://aiplatform.googleapis.com.evil.example").vertex);
  EXPECT_TRUE(parse_endpoint("http://127.8.9.1").loopback);
  EXPECT_EQ(parse_endpoint("http://[::1]:5").backend, "[::1]:5");
}

TEST(GeminiEndpoint, what_is_no_base_url_is_refused) {
  for (const char* bad :
       {"generativelanguage.googleapis.com", "https://host?x=1", "http://127.evil.example"}) {
    EXPECT_EQ(refusal([&] { parse_endpoint(bad); }).rfind("GEMINI_BASE_URL '", 0), 0U) << bad;
  }
}

TEST(GeminiModels, ids_that_would_change_the_url_are_refused) {
  EXPECT_EQ(model_path("gemini-3.8-flash"), "models/gemini-3.8-flash");
  EXPECT_EQ(model_path("models/gemini-3.8-flash"), "models/gemini-3.8-flash");
  EXPECT_EQ(model_path("tunedModels/mine-1"), "tunedModels/mine-1");
  for (const char* bad : {"", "../x", "a..b", "a?b", "a&b", "a#b", "a%2e", "/a", "a/", "a//b",
                          "a b", "a:b", "a\nb", "\xC3\xA9"}) {
    EXPECT_NE(refusal([&] { model_path(bad); }), "accepted") << bad;
  }
}

TEST(GeminiModels, generations) {
  EXPECT_EQ(model_generation("gemini-3.8-flash"), 3);
  EXPECT_EQ(model_generation("models/gemini-2.5-pro"), 2);
  EXPECT_EQ(model_generation("gemini-flash-latest"), 0);
  EXPECT_EQ(model_generation("gemma-3-27b"), 0);
  EXPECT_TRUE(expects_signatures("gemini-4-argon"));
  EXPECT_TRUE(expects_signatures("gemini-flash-latest"));
  EXPECT_FALSE(expects_signatures("gemini-2.5-flash"));
  EXPECT_FALSE(expects_signatures("gemini-pro"));
  EXPECT_FALSE(expects_signatures("gemma-3-27b"));
}

TEST(GeminiModels, retired_ids_name_their_successor) {
  EXPECT_EQ(retirement_notice("gemini-1.5-pro"),
            "gemini-1.5-pro has been retired by Google; its successor is gemini-3.1-pro-preview");
  EXPECT_EQ(retirement_notice("models/gemini-2.0-flash-lite"),
            "gemini-2.0-flash-lite has been retired by Google; its successor is "
            "gemini-3.5-flash-lite");
  EXPECT_EQ(retirement_notice("gemini-pro"),
            "gemini-pro has been retired by Google; its successor is gemini-3.8-flash");
  EXPECT_EQ(retirement_notice("gemini-3.8-flash"), "");
  EXPECT_EQ(retirement_notice("gemini-pro-latest"), "");
}

TEST(GeminiModels, another_model_in_the_answer_is_named) {
  EXPECT_EQ(routing_notice("gemini-2.5-pro", "gemini-3.8-flash"),
            "gemini-2.5-pro was asked, gemini-3.8-flash answered");
  EXPECT_EQ(routing_notice("gemini-3.8-flash", "gemini-3.8-flash-lite"),
            "gemini-3.8-flash was asked, gemini-3.8-flash-lite answered");
  for (const auto& [asked, version] : std::vector<std::pair<std::string, std::string>>{
           {"gemini-3.8-flash", "gemini-3.8-flash"},
           {"gemini-3.8-flash", "gemini-3.8-flash-001"},
           {"models/gemini-3.8-flash", "models/gemini-3.8-flash"},
           {"gemini-2.5-pro", "gemini-2.5-pro-preview-05-06"},
           {"gemini-4-hydrogen-eap", "gemini-4-hydrogen"},
           {"gemini-flash-latest", "gemini-3.8-flash"},
           {"tunedModels/gemini-mine", "gemini-3.8-flash"},
           {"gemma-3-27b", "gemini-3.8-flash"},
           {"gemini-3.8-flash", "proxy-7"},
           {"gemini-3.8-flash", ""}}) {
    EXPECT_EQ(routing_notice(asked, version), "") << asked << " " << version;
  }
}

}  // namespace
}  // namespace cartpilot::gemini::tests
