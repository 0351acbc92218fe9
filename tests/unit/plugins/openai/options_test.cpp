#include "openai/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cartpilot/error.h"

namespace cartpilot::openai {
namespace {

std::string refused(const std::map<std::string, std::string>& options) {
  try {
    read_options(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "accepted";
}

TEST(OpenAiOptions, known_options_become_values) {
  const OpenAiOptions read = read_options({{"api", "responses"},
                                           {"server", "ollama"},
                                           {"base-url", "http://x/v1"},
                                           {"organization", "org-1"},
                                           {"project", "proj_1"},
                                           {"temperature", "0.5"},
                                           {"max-output-tokens", "100"},
                                           {"reasoning-effort", "low"},
                                           {"reasoning-summary", "auto"},
                                           {"parallel-tool-calls", "false"},
                                           {"strict", "yes"},
                                           {"tool-choice", "required"},
                                           {"header.X-Foo", "bar baz"},
                                           {"header", "X-Title: My shop"}});
  EXPECT_EQ(read.api, Api::kResponses);
  EXPECT_EQ(read.server, Server::kOllama);
  EXPECT_EQ(read.base_url, "http://x/v1");
  EXPECT_EQ(read.organization, "org-1");
  EXPECT_EQ(read.project, "proj_1");
  EXPECT_EQ(read.temperature, 0.5);
  EXPECT_EQ(read.max_output_tokens, 100);
  EXPECT_EQ(read.reasoning_effort, "low");
  EXPECT_EQ(read.reasoning_summary, "auto");
  EXPECT_EQ(read.parallel_tool_calls, false);
  EXPECT_EQ(read.strict, true);
  EXPECT_EQ(read.tool_choice, "required");
  EXPECT_EQ(read.headers, (HttpHeaders{{"X-Title", "My shop"}, {"X-Foo", "bar baz"}}));
  EXPECT_EQ(read_options({{"api", "auto"}}).api, std::nullopt);
}

TEST(OpenAiOptions, wrong_names_and_values_are_refused) {
  EXPECT_EQ(refused({{"temprature", "1"}}),
            "openai has no option 'temprature', but temperature; it knows api, base-url, header, "
            "max-output-tokens, organization, parallel-tool-calls, project, reasoning-effort, "
            "reasoning-summary, server, strict, temperature, tool-choice");
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"api", "grpc"},     {"temperature", "2.5"},   {"max-output-tokens", "0"},
      {"strict", "maybe"}, {"server", "x"},          {"reasoning-effort", "a b"},
      {"tool-choice", ""}, {"organization", "a\nb"}, {"parallel-tool-calls", "x"}};
  for (const auto& [name, value] : bad) {
    EXPECT_THAT(refused({{name, value}}), ::testing::StartsWith("openai option " + name + "="));
  }
}

TEST(OpenAiOptions, headers_cannot_smuggle) {
  EXPECT_THAT(refused({{"header.X-Foo", "a\r\nEvil: b"}}),
              ::testing::HasSubstr("without line breaks"));
  EXPECT_THAT(refused({{"header.X Foo", "a"}}), ::testing::HasSubstr("a header name of letters"));
  EXPECT_THAT(refused({{"header", "nocolon"}}), ::testing::HasSubstr("expected NAME:VALUE"));
  for (const char* name : {"authorization", "API-KEY", "Host", "content-length"}) {
    EXPECT_THAT(refused({{std::string("header.") + name, "secret"}}),
                ::testing::AllOf(::testing::HasSubstr("set by the program"),
                                 ::testing::Not(::testing::HasSubstr("secret"))));
  }
}

}  // namespace
}  // namespace cartpilot::openai
