// The function format used without the chat.
#include "openai/functions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode_testing.h"

namespace cartpilot::openai {
namespace {

using namespace testing;

/// Reads calls and answers each with {"n":position}.
std::string answered(const char* message) {
  std::vector<ToolResult> results;
  for (const ToolCall& call : parse_functions(parse_json(message), false)) {
    ToolResult result;
    result.call_id = call.id;
    result.name = call.name;
    result.content = {{"name", call.name}, {"arguments", call.arguments}};
    result.provider_metadata = call.provider_metadata;
    results.push_back(result);
  }
  return dump_json(answer_functions(results, Api::kChat));
}

TEST(OpenAiFunctions, declarations_are_the_tools_array_of_either_api) {
  const std::vector<ToolSpec> tools = shop_tools();
  const Json chat = declare_functions(tools, Api::kChat, false);
  const Json flat = declare_functions(tools, Api::kResponses, false);
  ASSERT_EQ(chat.size(), 11U);
  ASSERT_EQ(flat.size(), 11U);
  for (std::size_t i = 0; i < tools.size(); ++i) {
    EXPECT_EQ(chat[i], (Json{{"type", "function"},
                             {"function",
                              {{"name", tools[i].name},
                               {"description", tools[i].description},
                               {"parameters", tools[i].parameters}}}}));
    EXPECT_EQ(flat[i], (Json{{"type", "function"},
                             {"name", tools[i].name},
                             {"description", tools[i].description},
                             {"parameters", tools[i].parameters},
                             {"strict", false}}));
  }
  EXPECT_EQ(declare_functions(tools, Api::kChat, true)[0]["function"]["strict"], true);
}

TEST(OpenAiFunctions, one_chat_call_gives_one_tool_message) {
  EXPECT_EQ(
      answered(
          R"({"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}})"),
      R"({"role":"tool","tool_call_id":"call_1","content":"{\"name\":\"f\",\"arguments\":{\"a\":1}}"})");
}

TEST(OpenAiFunctions, one_responses_item_gives_one_output) {
  EXPECT_EQ(
      answered(
          R"({"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":"{}"})"),
      R"({"type":"function_call_output","call_id":"call_1","output":"{\"name\":\"f\",\"arguments\":{}}"})");
}

TEST(OpenAiFunctions, everything_that_holds_several_gives_an_array) {
  const std::string call =
      R"({"id":"c","type":"function","function":{"name":"f","arguments":"{}"}})";
  const std::string chat =
      R"([{"role":"tool","tool_call_id":"c","content":"{\"name\":\"f\",\"arguments\":{}}"}])";
  EXPECT_EQ(answered(("[" + call + "]").c_str()), chat);
  const std::string message = R"({"role":"assistant","content":null,"tool_calls":[)" + call + "]}";
  EXPECT_EQ(answered(message.c_str()), chat);
  EXPECT_EQ(answered((R"({"choices":[{"message":)" + message + "}]}").c_str()), chat);

  const std::string item = R"({"type":"function_call","call_id":"c","name":"f","arguments":"{}"})";
  const std::string output =
      R"([{"type":"function_call_output","call_id":"c","output":"{\"name\":\"f\",\"arguments\":{}}"}])";
  EXPECT_EQ(answered((R"([{"type":"reasoning","summary":[]},)" + item + "]").c_str()), output);
  EXPECT_EQ(answered((R"({"object":"response","output":[)" + item + "]}").c_str()), output);
}

TEST(OpenAiFunctions, a_message_without_calls_has_no_answers) {
  for (const char* text :
       {R"({"role":"assistant","content":"Hi"})", R"({"role":"assistant","tool_calls":null})",
        R"({"output":[{"type":"message"}]})", "[]"}) {
    EXPECT_EQ(answered(text), "[]") << text;
  }
}

TEST(OpenAiFunctions, what_is_no_call_is_refused_with_the_expected_forms) {
  for (const char* text :
       {"1", "null", "{}", R"({"role":"user","content":"x"})", R"({"function":"f"})",
        R"({"function":{}})", R"([1])", R"({"tool_calls":{}})", R"({"tool_calls":[{}]})",
        R"({"output":"x"})", R"({"output":[1]})", R"({"type":"function_call","call_id":"c"})",
        R"({"choices":[1]})", R"({"choices":[]})"}) {
    try {
      parse_functions(parse_json(text), false);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::kInvalidArgument) << text;
      EXPECT_THAT(error.what(), ::testing::HasSubstr(R"({"id","type":"function","function")"))
          << text;
    }
  }
}

TEST(OpenAiFunctions, broken_arguments_are_the_models_problem) {
  const std::vector<ToolCall> calls = parse_functions(
      parse_json(R"({"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":"}})"),
      false);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(
      calls[0].arguments_error,
      "the arguments of f are not valid JSON: line 1, column 6: expected a value; call it again "
      "with one JSON object");
}

TEST(OpenAiFunctions, a_call_without_an_id_gets_one) {
  const std::vector<ToolCall> calls =
      parse_functions(parse_json(R"({"type":"function","function":{"name":"f"}})"), false);
  EXPECT_THAT(calls.at(0).id, ::testing::MatchesRegex("call_[0-9A-Za-z]{24}"));
}

TEST(OpenAiFunctions, strict_calls_lose_their_nulls) {
  const Json call = parse_json(
      R"({"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1,\"b\":null}"})");
  EXPECT_EQ(dump_json(parse_functions(call, true).at(0).arguments), R"({"a":1})");
  EXPECT_EQ(dump_json(parse_functions(call, false).at(0).arguments), R"({"a":1,"b":null})");
}

TEST(OpenAiFunctions, results_without_a_known_form_take_the_form_of_the_api) {
  ToolResult result;
  result.call_id = "c";
  result.content = {{"a", 1}};
  EXPECT_EQ(dump_json(answer_functions({result}, Api::kChat)),
            R"([{"role":"tool","tool_call_id":"c","content":"{\"a\":1}"}])");
  EXPECT_EQ(dump_json(answer_functions({result}, Api::kResponses)),
            R"([{"type":"function_call_output","call_id":"c","output":"{\"a\":1}"}])");
}

}  // namespace
}  // namespace cartpilot::openai
