// The provider as a whole, over a scripted transport: keys, addresses, what it learns from
// refusals.
#include "openai/provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cartpilot/detail/calls.h"
#include "decode_testing.h"
#include "scripted_transport.h"

namespace cartpilot::openai {
namespace {

using namespace testing;
using Strings = std::map<std::string, std::string>;

const std::string kChatOk =
    R"({"model":"m","choices":[{"message":{"content":"ok"},"finish_reason":"stop"}]})";
const std::string kResponsesOk =
    R"({"object":"response","status":"completed","model":"m","output":[]})";

std::string refusal(const std::string& message, const std::string& param = "",
                    const std::string& code = "") {
  return R"({"error":{"message":")" + message + R"(","type":"invalid_request_error","param":)" +
         (param.empty() ? "null" : '"' + param + '"') + R"(,"code":")" + code + R"("}})";
}

class ExchangeFixture {
 public:
  explicit ExchangeFixture(Strings environment = {{"OPENAI_API_KEY", "sk-secret-0001"}},
                           Strings options = {})
      : provider(ProviderConfig{std::move(environment), std::move(options), &transport}) {}

  ExchangeFixture& plays(int status, std::string body, HttpHeaders headers = {}) {
    transport.answers.push_back({status, std::move(body), std::move(headers)});
    return *this;
  }

  /// Warnings, text and the end or the error of one answer.
  Trace asks(const std::string& model = "", std::vector<ToolSpec> tools = mixer_tools()) {
    GenerateRequest request;
    request.model = model;
    request.messages = {Message::user("Hi")};
    request.tools = std::move(tools);
    TraceSink sink;
    try {
      provider.generate(request, sink, context);
    } catch (const Error& error) {
      sink.fail(error);
    }
    return only(sink.trace, {"warning", "text", "error"});
  }

  std::string check() {
    TraceSink sink;
    try {
      provider.check();
      return "ok";
    } catch (const Error& error) {
      sink.fail(error);
      return sink.trace[0];
    }
  }

  ScriptedTransport transport;
  OpenAiProvider provider;
  CallContext context;
};

TEST(OpenAiProvider, a_missing_key_names_the_variable_and_a_way_without_one) {
  EXPECT_EQ(
      ExchangeFixture(Strings{}).check(),
      "error unauthenticated final : OPENAI_API_KEY is not set; set it to your key, or try the "
      "program without one: cartpilot chat --demo");
  EXPECT_THAT(
      ExchangeFixture(Strings{{"OPENAI_BASE_URL", "https://r.openai.azure.com/openai/v1"}}).check(),
      ::testing::HasSubstr("AZURE_OPENAI_API_KEY is not set"));
  EXPECT_EQ(ExchangeFixture(Strings{{"OPENAI_API_KEY", "  "}}).check().substr(0, 27),
            "error unauthenticated final");
  EXPECT_EQ(ExchangeFixture(Strings{{"OPENAI_API_KEY", "sk-1"}}).check(), "ok");
  EXPECT_EQ(ExchangeFixture(Strings{{"OPENAI_BASE_URL", "http://localhost:11434/v1"}}).check(),
            "ok");
  EXPECT_EQ(ExchangeFixture(Strings{{"OPENAI_BASE_URL", "https://llm.example.com/v1"}})
                .check()
                .substr(0, 27),
            "error unauthenticated final");
}

TEST(OpenAiProvider, a_key_that_cannot_be_one_is_not_sent) {
  EXPECT_THAT(ExchangeFixture(Strings{{"OPENAI_API_KEY", "sk-1\r\nEvil: x"}}).check(),
              ::testing::HasSubstr("OPENAI_API_KEY holds characters that no key has"));
  ExchangeFixture trimmed(Strings{{"OPENAI_API_KEY", " sk-1\n"}});
  trimmed.plays(200, kResponsesOk).asks();
  EXPECT_EQ(header_value(trimmed.transport.requests.at(0).headers, "authorization"), "Bearer sk-1");
}

TEST(OpenAiProvider, a_wrong_base_url_is_reported_before_anything_is_sent) {
  ExchangeFixture desk(Strings{{"OPENAI_API_KEY", "sk-1"}, {"OPENAI_BASE_URL", "localhost:11434"}});
  EXPECT_THAT(desk.asks("m").at(0),
              ::testing::StartsWith("error invalid_argument final : OPENAI_BASE_URL"));
  EXPECT_TRUE(desk.transport.requests.empty());
  EXPECT_THAT(ExchangeFixture(
                  Strings{{"OPENAI_API_KEY", "sk-1"}, {"OPENAI_BASE_URL", "http://10.0.0.1/v1"}})
                  .check(),
              ::testing::HasSubstr("is plain http to another machine"));
  EXPECT_EQ(desk.provider.function_declarations(shop_tools()).size(), 11U) << "works all the same";
}

TEST(OpenAiProvider, the_request_goes_to_the_api_of_the_model_with_the_key_in_one_header) {
  ExchangeFixture desk(Strings{{"OPENAI_API_KEY", "sk-secret-0001"},
                               {"OPENAI_BASE_URL", ""},
                               {"OPENAI_ORG_ID", "org-1"},
                               {"OPENAI_PROJECT_ID", "proj-1"}},
                       {{"header.X-Title", "Shop"}});
  EXPECT_EQ(desk.provider.info().default_model, "gpt-6.1-terra");
  desk.plays(200, kResponsesOk).plays(200, kChatOk);
  desk.asks();
  desk.asks("gpt-4.1-mini");
  ASSERT_EQ(desk.transport.requests.size(), 2U);
  EXPECT_EQ(desk.transport.requests[0].url, "https://api.openai.com/v1/responses");
  EXPECT_EQ(desk.transport.requests[1].url, "https://api.openai.com/v1/chat/completions");
  EXPECT_EQ(desk.transport.requests[0].headers,
            (HttpHeaders{{"Authorization", "Bearer sk-secret-0001"},
                         {"OpenAI-Organization", "org-1"},
                         {"OpenAI-Project", "proj-1"},
                         {"X-Title", "Shop"},
                         {"Content-Type", "application/json"},
                         {"Accept", "text/event-stream"}}));
  EXPECT_EQ(desk.transport.body(0)["model"], "gpt-6.1-terra");
  EXPECT_TRUE(desk.transport.requests[0].server_sent_events);
  EXPECT_EQ(desk.transport.requests[0].idle_timeout_ms, 300'000) << "it thinks in silence";
  EXPECT_EQ(desk.transport.requests[1].idle_timeout_ms, 120'000);
}

TEST(OpenAiProvider, azure_gets_its_own_key_header_and_others_no_organisation) {
  ExchangeFixture azure(Strings{{"AZURE_OPENAI_API_KEY", "azure-1"},
                                {"OPENAI_API_KEY", "sk-1"},
                                {"OPENAI_ORG_ID", "org-1"},
                                {"OPENAI_BASE_URL", "https://r.openai.azure.com/openai/v1/"}});
  azure.plays(200, kResponsesOk).asks("my-deployment");
  EXPECT_EQ(azure.transport.requests.at(0).url, "https://r.openai.azure.com/openai/v1/responses");
  EXPECT_EQ(azure.transport.requests.at(0).headers,
            (HttpHeaders{{"api-key", "azure-1"},
                         {"Content-Type", "application/json"},
                         {"Accept", "text/event-stream"}}));
  ExchangeFixture local(Strings{{"OPENAI_BASE_URL", "http://localhost:11434/v1"},
                                {"AZURE_OPENAI_API_KEY", "azure-1"}});
  local.plays(200, kChatOk).asks("llama3.1");
  EXPECT_EQ(local.transport.requests.at(0).headers,
            (HttpHeaders{{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}}));
}

TEST(OpenAiProvider, a_server_without_a_default_model_wants_one_named) {
  EXPECT_EQ(ExchangeFixture(Strings{{"OPENAI_BASE_URL", "http://localhost:11434/v1"}}).asks(),
            Trace{"error invalid_argument final : no model named for Ollama; add --model ID "
                  "(`cartpilot models "
                  "--provider openai` lists what it has)"});
}

struct Refused {
  const char* name;
  Strings options;
  std::string model;
  std::string body;
  const char* dropped;  ///< member gone from the second request
  std::string warning;
};

TEST(OpenAiProvider, a_refused_parameter_is_dropped_once_told_once_and_remembered) {
  const std::vector<Refused> cases = {
      {"by param",
       {{"temperature", "0.5"}},
       "gpt-4.1",
       refusal("Unsupported parameter", "temperature", "unsupported_parameter"),
       "temperature",
       "warning gpt-4.1 does not accept temperature; left out"},
      {"by text",
       {{"parallel-tool-calls", "true"}},
       "gpt-4.1",
       R"({"error":"Unknown field: parallel_tool_calls"})",
       "parallel_tool_calls",
       "warning gpt-4.1 does not accept parallel_tool_calls; left out"},
      {"stream options",
       {},
       "gpt-4.1",
       refusal("Unrecognized request argument supplied: stream_options"),
       "stream_options",
       "warning gpt-4.1 does not accept stream_options; left out"},
      {"effort",
       {{"reasoning-effort", "max"}},
       "gpt-6.1-terra",
       refusal("Unsupported value: 'reasoning.effort' does not support 'max'", "reasoning.effort",
               "unsupported_value"),
       "reasoning",
       "warning gpt-6.1-terra does not accept reasoning.effort; left out"},
      {"include",
       {},
       "gpt-6.1-terra",
       refusal("Encrypted content is not supported with this model.", "include"),
       "include",
       "warning gpt-6.1-terra does not accept include; left out"},
  };
  for (const Refused& c : cases) {
    ExchangeFixture desk(Strings{{"OPENAI_API_KEY", "sk-1"}}, c.options);
    const std::string ok = c.model == "gpt-4.1" ? kChatOk : kResponsesOk;
    desk.plays(400, c.body).plays(200, ok).plays(200, ok);
    EXPECT_EQ(only(desk.asks(c.model), {"warning", "error"}), Trace{c.warning}) << c.name;
    EXPECT_EQ(only(desk.asks(c.model), {"warning", "error"}), Trace{}) << c.name;
    ASSERT_EQ(desk.transport.requests.size(), 3U) << c.name;
    EXPECT_TRUE(desk.transport.body(0).contains(c.dropped)) << c.name;
    EXPECT_FALSE(desk.transport.body(1).contains(c.dropped)) << c.name;
    EXPECT_FALSE(desk.transport.body(2).contains(c.dropped)) << c.name;
  }
}

TEST(OpenAiProvider, the_limit_is_sent_under_its_other_name_without_a_word) {
  ExchangeFixture desk(
      Strings{{"OPENAI_API_KEY", "sk-1"}, {"OPENAI_BASE_URL", "https://llm.example.com/v1"}},
      {{"max-output-tokens", "50"}});
  desk.plays(400,
             refusal("Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                     "'max_completion_tokens' instead.",
                     "max_tokens", "unsupported_parameter"))
      .plays(200, kChatOk);
  EXPECT_EQ(desk.asks("m"), Trace{"text ok"});
  EXPECT_EQ(desk.transport.body(0)["max_tokens"], 50);
  EXPECT_EQ(desk.transport.body(1)["max_completion_tokens"], 50);
  EXPECT_FALSE(desk.transport.body(1).contains("max_tokens"));
}

TEST(OpenAiProvider, a_server_that_names_the_other_api_is_followed_once) {
  const std::string use_responses = refusal(
      "Function tools with reasoning_effort are not supported for gpt-6-astra in "
      "/v1/chat/completions. Please "
      "use /v1/responses instead.",
      "reasoning_effort");
  ExchangeFixture desk(Strings{{"OPENAI_API_KEY", "sk-1"}}, {{"api", "chat"}});
  desk.plays(400, use_responses).plays(200, kResponsesOk).plays(200, kResponsesOk);
  EXPECT_EQ(desk.asks("gpt-6-astra"),
            Trace{"warning gpt-6-astra is wanted on Responses by the server; switched"});
  EXPECT_EQ(desk.asks("gpt-6-astra"), Trace{});
  EXPECT_EQ(desk.transport.requests[1].url, "https://api.openai.com/v1/responses");
  EXPECT_EQ(desk.transport.requests[2].url, "https://api.openai.com/v1/responses");

  ExchangeFixture confused;
  confused.plays(400, refusal("only supported in v1/chat/completions")).plays(400, use_responses);
  EXPECT_THAT(confused.asks("gpt-6-astra"),
              ::testing::ElementsAre(::testing::StartsWith("warning "),
                                     ::testing::StartsWith("error invalid_argument final")))
      << "two servers that point at each other end it";
}

TEST(OpenAiProvider, strict_schemas_that_are_refused_are_sent_as_they_are) {
  ExchangeFixture desk;
  desk.plays(400, refusal("Invalid schema for function 'mixer_level': ...", "tools[0].parameters",
                          "invalid_function_parameters"))
      .plays(200, kResponsesOk);
  EXPECT_EQ(
      desk.asks(),
      Trace{
          "warning gpt-6.1-terra does not accept a strict function schema; the schemas are sent as "
          "they are"});
  EXPECT_EQ(desk.transport.body(0)["tools"][0]["strict"], true);
  EXPECT_EQ(desk.transport.body(1)["tools"][0]["strict"], false);
  EXPECT_EQ(desk.transport.body(1)["tools"][0]["parameters"], mixer_tools()[0].parameters);
}

TEST(OpenAiProvider, nothing_is_repeated_without_having_learned_something) {
  const std::string temperature =
      refusal("Unsupported parameter", "temperature", "unsupported_parameter");
  ExchangeFixture stubborn(Strings{{"OPENAI_API_KEY", "sk-1"}}, {{"temperature", "1"}});
  stubborn.plays(400, temperature).plays(400, temperature).plays(400, temperature);
  stubborn.asks("gpt-4.1");
  EXPECT_EQ(stubborn.transport.requests.size(), 2U);
  for (const auto& [status, body] : std::vector<std::pair<int, std::string>>{
           {400, refusal("messages: bad", "messages[1]")},
           {401, refusal("no", "", "invalid_api_key")},
           {429, refusal("temperature unsupported", "temperature")},
           {400, "temperature"},
           {404, ""}}) {
    ExchangeFixture desk(Strings{{"OPENAI_API_KEY", "sk-1"}}, {{"temperature", "1"}});
    desk.plays(status, body);
    EXPECT_THAT(desk.asks("gpt-4.1").at(0), ::testing::StartsWith("error "));
    EXPECT_EQ(desk.transport.requests.size(), 1U) << body;
  }
}

TEST(OpenAiProvider, an_unlucky_call_of_the_model_is_worth_one_more_try) {
  const std::string failed = refusal("Failed to call a function", "", "tool_use_failed");
  ExchangeFixture desk(
      Strings{{"OPENAI_API_KEY", "sk-1"}, {"OPENAI_BASE_URL", "https://api.groq.com/openai/v1"}});
  desk.plays(400, failed).plays(400, failed);
  EXPECT_THAT(desk.asks("m").at(0), ::testing::StartsWith("error invalid_argument retryable"));
  EXPECT_THAT(desk.asks("m").at(0), ::testing::StartsWith("error invalid_argument final"));
  EXPECT_EQ(desk.transport.requests.size(), 2U) << "the host repeats it, not the plugin";
}

TEST(OpenAiProvider, known_rules_are_told_before_the_answer_and_only_once) {
  ExchangeFixture desk(Strings{{"OPENAI_API_KEY", "sk-1"}}, {{"temperature", "0.5"}});
  desk.plays(200, kResponsesOk).plays(200, kResponsesOk);
  EXPECT_EQ(desk.asks(), Trace{"warning gpt-6.1-terra takes no temperature; left out"});
  EXPECT_EQ(desk.asks(), Trace{});
}

TEST(OpenAiProvider, an_unknown_model_is_answered_with_near_names) {
  ExchangeFixture desk;
  desk.plays(404, refusal("The model does not exist", "", "model_not_found"))
      .plays(
          200,
          R"({"data":[{"id":"gpt-6.1-terra"},{"id":"gpt-6-sol"},{"id":"text-embedding-3-large"}]})");
  EXPECT_EQ(
      desk.asks("gpt-6.1-tera"),
      Trace{"error not_found final model: OpenAI has no model 'gpt-6.1-tera' for this key; "
            "`cartpilot "
            "models --provider openai` lists what it has; near names: gpt-6.1-terra, gpt-6-sol"});
  EXPECT_EQ(desk.transport.requests[1].url, "https://api.openai.com/v1/models");
  EXPECT_EQ(desk.transport.requests[1].method, "GET");
  desk.plays(404, refusal("x", "", "model_not_found")).plays(500, "");
  EXPECT_THAT(desk.asks("gpt-x").at(0), ::testing::HasSubstr("has no model 'gpt-x'"));
}

TEST(OpenAiProvider, models_are_listed_in_the_servers_order) {
  ExchangeFixture desk;
  const auto ids = [&desk](const std::string& body) {
    desk.plays(200, body);
    std::string text;
    for (const ModelInfo& model : desk.provider.models(desk.context)) {
      text += model.id + "(" + model.description + ")";
    }
    return text;
  };
  EXPECT_EQ(ids(R"({"object":"list","data":[{"id":"b","owned_by":"x"},{"id":"a"},{},1]})"),
            "b(x)a()");
  EXPECT_EQ(ids(R"({"models":[{"name":"llama3.1"}]})"), "llama3.1()");
  EXPECT_EQ(ids(R"([{"id":"m"}])"), "m()");
  for (const char* body : {"<html>", "{}", "1", ""}) {
    desk.plays(200, body);
    EXPECT_THROW(desk.provider.models(desk.context), Error) << body;
  }
}

TEST(OpenAiProvider, the_key_never_leaves_in_an_error) {
  ExchangeFixture desk(Strings{{"OPENAI_API_KEY", " sk-secret-0001\n"}});
  desk.plays(403, R"({"error":"sk-secret-0001 is blocked"})");
  try {
    desk.provider.models(desk.context);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr("sk-secret")));
    const SecretScrub secrets(Strings{{"OPENAI_API_KEY", " sk-secret-0001\n"}});
    EXPECT_THAT(detail::error_payload(error, secrets),
                ::testing::AllOf(::testing::HasSubstr("[OPENAI_API_KEY] is blocked"),
                                 ::testing::Not(::testing::HasSubstr("sk-secret"))));
  }
}

}  // namespace
}  // namespace cartpilot::openai
