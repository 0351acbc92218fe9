// Bodies of Chat Completions requests, byte for byte.
#include "openai/chat_encode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode_testing.h"
#include "encode_testing.h"

namespace cartpilot::openai {
namespace {

using namespace testing;

constexpr const char* kOpenAi = "https://api.openai.com/v1";
constexpr const char* kOther = "https://llm.example.com/v1";

GenerateRequest request(std::vector<Message> messages, std::vector<ToolSpec> tools = {}) {
  GenerateRequest result;
  result.model = "gpt-4.1-mini";
  result.messages = std::move(messages);
  result.tools = std::move(tools);
  return result;
}

Json encode(const GenerateRequest& asked, const std::string& base,
            const std::map<std::string, std::string>& options = {}) {
  return chat_request(asked, plan_at(base, asked, options));
}

std::string messages(const GenerateRequest& asked, const std::string& base = kOther) {
  return dump_json(encode(asked, base)["messages"]);
}

TEST(ChatEncode, a_whole_request_to_openai) {
  GenerateRequest asked = request(mixer_conversation(), {mixer_tools()[1]});
  asked.system = "You operate a mixing desk.";
  asked.max_output_tokens = 500;
  asked.temperature = 0.5;
  asked.tool_choice = "mixer_set_mute";
  EXPECT_EQ(
      dump_json(encode(asked, kOpenAi, {{"parallel-tool-calls", "true"}})),
      R"({"model":"gpt-4.1-mini","messages":[{"role":"system","content":"You operate a mixing desk."},)"
      R"({"role":"user","content":"Mute 3"},{"role":"assistant","content":"Muting.","tool_calls":[)"
      R"({"id":"call_a1","type":"function","function":{"name":"mixer_set_mute","arguments":"{\"channel\":3,\"muted\":true}"}},)"
      R"({"id":"call_a2","type":"function","function":{"name":"mixer_level","arguments":"{\"channel\":3}"}}]},)"
      R"({"role":"tool","tool_call_id":"call_a1","content":"{\"ok\":true}"},)"
      R"({"role":"tool","tool_call_id":"call_a2","content":"{\"db\":-12.5}"}],)"
      R"("tools":[{"type":"function","function":{"name":"mixer_set_mute","description":"Mutes.","parameters":)"
      R"({"type":"object","properties":{"channel":{"type":"integer"},"muted":{"type":"boolean"}},)"
      R"("required":["channel","muted"],"additionalProperties":false},"strict":true}}],)"
      R"("tool_choice":{"type":"function","function":{"name":"mixer_set_mute"}},"parallel_tool_calls":true,)"
      R"("max_completion_tokens":500,"temperature":0.5,"stream":true,"stream_options":{"include_usage":true}})");
}

TEST(ChatEncode, an_unknown_server_gets_nothing_it_might_not_know) {
  GenerateRequest asked = request({Message::user("Hi")}, {mixer_tools()[1]});
  asked.system = "Be brief.";
  asked.max_output_tokens = 500;
  EXPECT_EQ(
      dump_json(encode(asked, kOther)),
      R"({"model":"gpt-4.1-mini","messages":[{"role":"system","content":"Be brief."},)"
      R"({"role":"user","content":"Hi"}],)"
      R"("tools":[{"type":"function","function":{"name":"mixer_set_mute","description":"Mutes.","parameters":)"
      R"({"type":"object","properties":{"channel":{"type":"integer"},"muted":{"type":"boolean"}},)"
      R"("required":["channel","muted"]}}}],"max_tokens":500,"stream":true})");
}

TEST(ChatEncode, without_tools_nothing_about_tools_is_sent) {
  GenerateRequest asked = request({Message::user("Hi")});
  asked.tool_choice = "required";
  asked.stream = false;
  EXPECT_EQ(
      dump_json(encode(asked, kOpenAi, {{"parallel-tool-calls", "false"}})),
      R"({"model":"gpt-4.1-mini","messages":[{"role":"user","content":"Hi"}],"stream":false})")
      << "said: some gateways stream unless they are told not to";
}

TEST(ChatEncode, reasoning_models_get_their_own_words) {
  GenerateRequest asked = request({Message::user("Hi")});
  asked.model = "gpt-5.6-luna";
  asked.system = "Be brief.";
  asked.temperature = 0.2;
  asked.tools = {mixer_tools()[1]};
  const Json body = encode(asked, kOpenAi, {{"api", "chat"}});
  EXPECT_EQ(body["messages"][0]["role"], "developer");
  EXPECT_EQ(body["reasoning_effort"], "none") << "tools on Chat Completions need it said";
  EXPECT_FALSE(body.contains("temperature")) << "not even without thinking";
  asked.model = "gpt-5.4";
  EXPECT_TRUE(encode(asked, kOpenAi, {{"api", "chat"}}).contains("temperature"))
      << "without thinking, sampling is a choice again";
  asked.model = "gpt-5.6-luna";
  asked.tools.clear();
  EXPECT_FALSE(encode(asked, kOpenAi, {{"api", "chat"}}).contains("temperature"));
}

TEST(ChatEncode, servers_without_a_named_choice_are_offered_one_function) {
  GenerateRequest asked = request({Message::user("Hi")}, mixer_tools());
  asked.tool_choice = "mixer_level";
  const Json body = encode(asked, "http://localhost:1234/v1");
  EXPECT_EQ(body["tool_choice"], "required");
  ASSERT_EQ(body["tools"].size(), 1U);
  EXPECT_EQ(body["tools"][0]["function"]["name"], "mixer_level");
}

TEST(ChatEncode, a_forced_choice_ends_with_the_first_result) {
  GenerateRequest asked = request({Message::user("Hi")}, mixer_tools());
  EXPECT_EQ(encode(asked, kOther, {{"tool-choice", "required"}})["tool_choice"], "required");
  asked.messages = mixer_conversation();
  EXPECT_FALSE(encode(asked, kOther, {{"tool-choice", "required"}}).contains("tool_choice"));
}

TEST(ChatEncode, every_call_is_answered_once_before_anything_else) {
  std::vector<Message> history = {Message::user("go"),
                                  assistant({tool_call("a", "mixer_level", {{"channel", 1}}),
                                             tool_call("b", "mixer_level", {{"channel", 2}})}),
                                  tool_results({{"a", "mixer_level", {{"db", 1}}, false, nullptr},
                                                {"a", "mixer_level", {{"db", 9}}, false, nullptr},
                                                {"zombie", "x", Json::object(), false, nullptr}}),
                                  Message::user("and?")};
  EXPECT_EQ(
      messages(request(history)),
      R"([{"role":"user","content":"go"},{"role":"assistant","content":"","tool_calls":[)"
      R"({"id":"a","type":"function","function":{"name":"mixer_level","arguments":"{\"channel\":1}"}},)"
      R"({"id":"b","type":"function","function":{"name":"mixer_level","arguments":"{\"channel\":2}"}}]},)"
      R"({"role":"tool","tool_call_id":"a","content":"{\"db\":1}"},)"
      R"({"role":"tool","tool_call_id":"b","content":"{\"error\":true,\"error_code\":\"NO_RESULT\",)"
      R"(\"message\":\"This call was not carried out.\"}"},{"role":"user","content":"and?"}])");
}

TEST(ChatEncode, ids_of_other_vendors_are_replaced_the_same_way_every_time) {
  const std::string odd = "toolu/01:" + std::string(60, 'x');
  std::vector<Message> history = {
      Message::user("go"), assistant({tool_call(odd, "mixer_level", {{"channel", 1}})}),
      tool_results({{odd, "mixer_level", {{"db", 1}}, false, nullptr}}),
      assistant({tool_call(odd, "mixer_level", {{"channel", 2}})}),
      tool_results({{odd, "mixer_level", {{"db", 2}}, false, nullptr}})};
  const Json body = encode(request(history), kOther)["messages"];
  const std::string first = body[1]["tool_calls"][0]["id"];
  EXPECT_THAT(first, ::testing::MatchesRegex("call_[0-9A-Za-z]{24}"));
  EXPECT_EQ(body[2]["tool_call_id"], first);
  EXPECT_EQ(body[2]["content"], R"({"db":1})");
  EXPECT_NE(body[3]["tool_calls"][0]["id"], first) << "one id must not name two calls";
  EXPECT_EQ(body[4]["tool_call_id"], body[3]["tool_calls"][0]["id"]);
  EXPECT_EQ(body[4]["content"], R"({"db":2})");
  EXPECT_EQ(encode(request(history), kOther)["messages"], body);
}

TEST(ChatEncode, odd_names_and_broken_arguments_go_back_harmless) {
  ToolCall broken = tool_call("a", "do it!", nullptr);
  broken.arguments_error = "no JSON";
  EXPECT_THAT(messages(request({Message::user("go"), assistant({broken})})),
              ::testing::HasSubstr(R"("function":{"name":"do_it_","arguments":"{}"})"));
}

TEST(ChatEncode, extras_go_back_only_to_the_endpoint_that_sent_them) {
  const auto history = [](const std::string& endpoint) {
    const Json message = {{"api", "chat"},
                          {"endpoint", endpoint},
                          {"reasoning_content", "hm"},
                          {"reasoning_details", Json::array({1})}};
    const Json call = {{"api", "chat"},
                       {"endpoint", endpoint},
                       {"arguments", "{\"channel\": 3}"},
                       {"extra", {{"extra_content", {{"s", 1}}}}}};
    return std::vector<Message>{
        Message::user("go"),
        assistant({tool_call("a", "mixer_level", {{"channel", 3}}, call)}, message)};
  };
  const auto second = [&](const std::string& base, const std::string& from) {
    return dump_json(encode(request(history(from)), base)["messages"][1]);
  };
  const std::string plain =
      R"({"role":"assistant","content":"","tool_calls":[{"id":"a","type":"function","function":)"
      R"({"name":"mixer_level","arguments":"{\"channel\":3}"}}]})";
  EXPECT_EQ(second(kOther, "https://elsewhere/v1"), plain);
  EXPECT_EQ(
      second("https://api.deepseek.com/v1", "https://api.deepseek.com/v1"),
      R"({"role":"assistant","content":"","reasoning_content":"hm","tool_calls":[{"id":"a","type":"function",)"
      R"("function":{"name":"mixer_level","arguments":"{\"channel\": 3}"},"extra_content":{"s":1}}]})");
  EXPECT_EQ(
      second("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1"),
      R"({"role":"assistant","content":"","reasoning_details":[1],"tool_calls":[{"id":"a","type":"function",)"
      R"("function":{"name":"mixer_level","arguments":"{\"channel\": 3}"},"extra_content":{"s":1}}]})");
  EXPECT_EQ(second("https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1"),
            R"({"role":"assistant","content":"","tool_calls":[{"id":"a","type":"function",)"
            R"("function":{"name":"mixer_level","arguments":"{\"channel\": 3}"}}]})");
}

TEST(ChatEncode, the_first_of_foreign_calls_gets_geminis_placeholder) {
  const std::vector<Message> history = {
      Message::user("go"), assistant({tool_call("a", "mixer_level", {{"channel", 1}}),
                                      tool_call("b", "mixer_level", {{"channel", 2}})})};
  const auto calls = [&](const std::string& base) {
    return dump_json(encode(request(history), base)["messages"][1]["tool_calls"]);
  };
  const std::string rest =
      R"({"id":"b","type":"function","function":{"name":"mixer_level","arguments":"{\"channel\":2}"}}])";
  const std::string first =
      R"([{"id":"a","type":"function","function":{"name":"mixer_level","arguments":"{\"channel\":1}"})";
  EXPECT_EQ(
      calls("https://generativelanguage.googleapis.com/v1beta/openai"),
      first +
          R"(,"extra_content":{"google":{"thought_signature":"skip_thought_signature_validator"}}},)" +
          rest);
  EXPECT_EQ(calls(kOther), first + "}," + rest);
}

TEST(ChatEncode, a_function_without_parameters_still_has_an_object) {
  ToolSpec bare;
  bare.name = "ping";
  EXPECT_EQ(dump_json(chat_tool(bare, false)),
            R"({"type":"function","function":{"name":"ping","description":"","parameters":)"
            R"({"type":"object","properties":{}}}})");
  EXPECT_EQ(dump_json(chat_tool(bare, true)),
            R"({"type":"function","function":{"name":"ping","description":"","parameters":)"
            R"({"type":"object","properties":{}}}})");
}

}  // namespace
}  // namespace cartpilot::openai
