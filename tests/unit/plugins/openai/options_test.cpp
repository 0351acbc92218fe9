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

TEST(OpenAiOptions, an_unknown_option_lists_the_known_ones) {
  EXPECT_EQ(refused({{"temprature", "1"}}),
            "unknown provider option 'temprature'; openai knows api, base-url, header, "
            "max-output-tokens, organization, parallel-tool-calls, project, reasoning-effort, "
            "reasoning-summary, server, strict, temperature, tool-choice, header.NAME");
}

TEST(OpenAiOptions, wrong_values_say_what_is_expected) {
  EXPECT_EQ(refused({{"api", "grpc"}}),
            "provider option api=grpc: expected auto, chat or responses");
  EXPECT_EQ(refused({{"temperature", "hot"}}),
            "provider option temperature=hot: expected a number from 0 to 2");
  EXPECT_EQ(refused({{"temperature", "nan"}}),
            "provider option temperature=nan: expected a number from 0 to 2");
  EXPECT_EQ(refused({{"temperature", "2.5"}}),
            "provider option temperature=2.5: expected a number from 0 to 2");
  EXPECT_EQ(refused({{"max-output-tokens", "0"}}),
            "provider option max-output-tokens=0: expected a whole number from 1");
  EXPECT_EQ(refused({{"strict", "maybe"}}), "provider option strict=maybe: expected true or false");
  EXPECT_THAT(refused({{"server", "x"}}),
              ::testing::HasSubstr("expected one of openai, azure, ollama"));
  EXPECT_EQ(refused({{"reasoning-effort", "a b"}}),
            "provider option reasoning-effort=a b: expected one word");
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
