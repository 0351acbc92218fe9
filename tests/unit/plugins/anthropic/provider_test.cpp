// The provider beside its answers: keys, options, models, the function format.
#include <gmock/gmock.h>

#include <functional>

#include "anthropic/functions.h"
#include "anthropic/models.h"
#include "streams.h"

namespace cartpilot::anthropic::tests {
namespace {

using ::testing::HasSubstr;

Error error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(ErrorCode::kOk, "");
}

ProviderConfig config(std::map<std::string, std::string> environment, OptionMap options = {}) {
  ProviderConfig made;
  made.environment = std::move(environment);
  made.options = std::move(options);
  return made;
}

TEST(AnthropicProvider, a_missing_or_broken_key_names_its_variable) {
  EXPECT_EQ(AnthropicProvider(config({})).info().default_model, "claude-sonnet-5-5");
  const auto problem = [](std::map<std::string, std::string> environment, OptionMap options = {}) {
    return std::string(
        error_of([&] {
          AnthropicProvider(config(std::move(environment), std::move(options))).check();
        }).what());
  };
  EXPECT_THAT(problem({}), HasSubstr("ANTHROPIC_API_KEY is not set"));
  EXPECT_THAT(problem({}, {{"auth", "bearer"}}), HasSubstr("ANTHROPIC_AUTH_TOKEN is not set"));
  EXPECT_THAT(problem({{"ANTHROPIC_API_KEY", "sk a"}}), HasSubstr("ANTHROPIC_API_KEY holds"));
  AnthropicProvider(config({{"ANTHROPIC_BASE_URL", "http://localhost:11434"}})).check();
  AnthropicProvider(config({{"ANTHROPIC_API_KEY", " sk-1\n"}})).check();
}

TEST(AnthropicProvider, options_that_do_not_fit_are_refused) {
  const auto refused = [](const std::string& name, const std::string& value) {
    return std::string(error_of([&] { AnthropicProvider(config({}, {{name, value}})); }).what());
  };
  EXPECT_EQ(refused("thinking", "hard"),
            "anthropic option thinking=hard: expected adaptive, off, between-tools, or a number of "
            "tokens from 1024");
  EXPECT_THAT(refused("thinking", "100"), HasSubstr("a whole number from 1024"));
  EXPECT_THAT(refused("api-version", "2024-01-01"), HasSubstr("one of 2023-06-01, 2026-10-21"));
  EXPECT_THAT(refused("beta", "a\nb"), HasSubstr("anthropic option beta="));
  EXPECT_THAT(refused("temperature", "1.5"), HasSubstr("a number from 0 to 1"));
  EXPECT_THAT(refused("server", "acme"), HasSubstr("one of anthropic, bedrock, vertex"));
  EXPECT_THAT(refused("efort", "low"), HasSubstr("no option 'efort', but effort"));
}

TEST(AnthropicProvider, a_model_is_looked_up_once_and_its_description_has_the_last_word) {
  fakes::FakeAnthropic service;
  Talk talk(service);
  talk.say("headphones");
  talk.say("buy the cheapest");
  int looks = 0;
  for (const auto& request : service.requests()) looks += request.method == "GET";
  EXPECT_EQ(looks, 1);
  EXPECT_EQ(service.requests().front().target, "/v1/models/claude-sonnet-5-5");
  EXPECT_EQ(service.violations(), Lines{});

  ModelRules rules = rules_by_name("claude-next-9");
  EXPECT_TRUE(rules.adaptive && rules.on_by_default && !rules.enabled);
  apply_description(
      Json::parse(R"({"max_tokens":500,"capabilities":{"thinking":{"types":{"adaptive":)"
                  R"({"supported":false},"enabled":{"supported":true},"disabled":null}},)"
                  R"("effort":{"max":{"supported":false},"low":{}}}})"),
      rules);
  EXPECT_FALSE(rules.adaptive);
  EXPECT_TRUE(rules.enabled);
  EXPECT_EQ(rules.max_output, 500);
  EXPECT_EQ(rules.efforts, (Lines{"low", "medium", "high", "xhigh"}));
  const ModelRules before = rules;
  apply_description(nullptr, rules);
  EXPECT_EQ(rules.efforts, before.efforts);
}

TEST(AnthropicProvider, a_service_that_describes_no_model_is_asked_all_the_same) {
  fakes::FakeAnthropicOptions options;
  options.first_party = false;
  fakes::FakeAnthropic service(fakes::shopping_model, options);
  Talk talk(service);
  EXPECT_EQ(talk.say("yes"), "There is nothing to buy yet.");
  EXPECT_EQ(talk.say("yes"), "There is nothing to buy yet.");
  EXPECT_EQ(service.requests().size(), 3U) << "not asked for its models again";
}

TEST(AnthropicModels, are_read_off_their_names) {
  const auto kind = [](const char* model) {
    const ModelRules rules = rules_by_name(model);
    std::string text = rules.claude ? "claude" : "other";
    if (rules.adaptive) text += " adaptive";
    if (rules.enabled) text += " enabled";
    if (rules.on_by_default) text += " thinks";
    return text;
  };
  for (const char* model :
       {"claude-3-5-sonnet-20241022", "claude-haiku-4-5-20251001", "claude-opus-4-1@20250805",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic/claude-sonnet-4.5"}) {
    EXPECT_EQ(kind(model), "claude enabled") << model;
  }
  for (const char* model : {"claude-opus-4-6", "anthropic/claude-opus-4.6", "CLAUDE-SONNET-4-6"}) {
    EXPECT_EQ(kind(model), "claude adaptive enabled") << model;
  }
  EXPECT_EQ(kind("claude-opus-4-8"), "claude adaptive");
  for (const char* model : {"claude-sonnet-5", "claude-opus-5-5", "claude-fable-5-1",
                            "claude-sonnet-latest", "global.anthropic.claude-haiku-5-5"}) {
    EXPECT_EQ(kind(model), "claude adaptive thinks") << model;
  }
  EXPECT_EQ(kind("qwen3"), "other adaptive enabled");
}

TEST(AnthropicModels, that_are_at_their_end_name_a_successor) {
  EXPECT_EQ(retirement_notice("claude-opus-4-1", nullptr),
            "claude-opus-4-1 is retired; its successor is claude-opus-5-5");
  EXPECT_EQ(retirement_notice("claude-sonnet-4-5-20250929", nullptr),
            "claude-sonnet-4-5-20250929 retires on 2026-11-30; its successor is claude-sonnet-5-5");
  EXPECT_EQ(retirement_notice("claude-x-7", Json{{"lifecycle", "deprecated"},
                                                 {"retires_at", "2027-03-01T00:00:00Z"}}),
            "claude-x-7 is deprecated, retires 2027-03-01; choose another --model");
  for (const char* model : {"claude-haiku-4-5", "claude-sonnet-5-5", "qwen3", "claude-x"}) {
    EXPECT_EQ(retirement_notice(model, nullptr), "");
  }
}

TEST(AnthropicModels, are_listed_page_by_page) {
  fakes::FakeAnthropic service;
  Talk talk(service);
  const std::vector<ModelInfo> models = talk.provider.models(CallContext());
  ASSERT_EQ(models.size(), 7U);
  EXPECT_EQ(models[0].id, "claude-sonnet-5-5");
  EXPECT_EQ(models[0].description, "Model claude-sonnet-5-5");
  EXPECT_EQ(models[6].id, "claude-haiku-4-5");
  EXPECT_EQ(service.requests().size(), 2U);

  fakes::FakeAnthropicOptions options;
  options.first_party = false;
  fakes::FakeAnthropic compatible(fakes::shopping_model, options);
  Talk without(compatible, {{"server", "deepseek"}});
  const Error error = error_of([&] { without.provider.models(CallContext()); });
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_STREQ(error.what(), "DeepSeek has no list of models; see its documentation");
  EXPECT_EQ(error_of([&] { Talk(service, {}, "wrong-key").provider.models(CallContext()); }).code,
            ErrorCode::kUnauthenticated);
}

TEST(AnthropicFunctions, are_declared_as_in_a_conversation) {
  fakes::FakeAnthropic service;
  Talk talk(service, {{"cache", "off"}});
  talk.say("yes");
  EXPECT_EQ(dump_json(talk.provider.function_declarations(shop_tools())),
            dump_json(service.bodies().back()["tools"]));
  EXPECT_EQ(dump_json(encode_tools(weather_tools())[1]),
            R"({"name":"get_time","description":"Time of day.",)"
            R"("input_schema":{"type":"object","properties":{}}})");
}

std::vector<ToolResult> answers_to(const std::vector<ToolCall>& calls) {
  std::vector<ToolResult> results;
  for (const ToolCall& call : calls) {
    results.push_back(
        {call.id, call.name, call.arguments, call.name == "bad", call.provider_metadata});
  }
  return results;
}

std::string round_trip(const std::string& message) {
  return dump_json(encode_results(answers_to(parse_calls(Json::parse(message)))));
}

TEST(AnthropicFunctions, are_answered_in_the_form_of_their_calls) {
  const std::string a = R"({"type":"tool_use","id":"t1","name":"get_time","input":{"n":1}})";
  const std::string b = R"({"type":"tool_use","id":"t2","name":"bad"})";
  const std::string text = R"({"type":"text","text":"Looking."})";
  const std::string of_a = R"({"type":"tool_result","tool_use_id":"t1","content":"{\"n\":1}"})";
  const std::string of_b =
      R"({"type":"tool_result","tool_use_id":"t2","content":"{}","is_error":true})";
  EXPECT_EQ(round_trip(a), of_a);
  EXPECT_EQ(round_trip("[" + a + "," + b + "]"), "[" + of_a + "," + of_b + "]");
  EXPECT_EQ(round_trip("[" + text + "," + a + "]"), "[" + of_a + "]");
  const std::string content = R"("content":[)" + text + "," + a + "," + b + "]}";
  const std::string reply = R"({"role":"user","content":[)" + of_a + "," + of_b + "]}";
  EXPECT_EQ(round_trip(R"({"role":"assistant",)" + content), reply);
  EXPECT_EQ(
      round_trip(R"({"id":"msg_1","type":"message","role":"assistant","model":"m",)" + content),
      reply);
  EXPECT_EQ(round_trip(R"({"role":"assistant","content":"Hello."})"), "[]");
  EXPECT_EQ(round_trip(R"({"role":"assistant","content":[)" + text + "]}"), "[]");
  // A call without an id gets one that its result repeats.
  const auto calls = parse_calls(Json::parse(R"({"type":"tool_use","name":"get_time"})"));
  EXPECT_EQ(string_or(encode_results(answers_to(calls)), "tool_use_id"), calls[0].id);
}

TEST(AnthropicFunctions, refuse_what_is_no_call) {
  for (const char* other : {"5", "null", "{}", R"("tool_use")", R"([5])", R"([{"name":"x"}])",
                            R"({"type":"tool_use","id":"t1"})", R"({"role":"user","content":[]})",
                            R"({"role":"assistant"})", R"({"role":"assistant","content":{}})",
                            R"({"functionCall":{"name":"x"}})"}) {
    const Error error = error_of([&] { parse_calls(Json::parse(other)); });
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument) << other;
    EXPECT_THAT(error.what(), HasSubstr("no Anthropic function call: expected"));
  }
}

}  // namespace
}  // namespace cartpilot::anthropic::tests
