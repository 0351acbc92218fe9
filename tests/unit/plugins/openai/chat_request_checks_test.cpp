// Q11 and Q19 to Q27, the rules of Chat Completions messages and parameters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "encode_testing.h"
#include "provider_testing.h"

namespace cartpilot::openai {
namespace {

using namespace testing;
using ::testing::IsEmpty;

/// Where the conversation of a ExchangeFixture holds its parts.
constexpr std::size_t kUser = 1, kCalling = 2, kFirstAnswer = 3, kSecondAnswer = 4, kTalking = 5;

Json& message(Json& body, std::size_t at) { return body["messages"][at]; }

TEST(OpenAiRequestCheck, Q11_messages_have_known_roles_and_fitting_content) {
  ExchangeFixture desk(Api::kChat);
  EXPECT_EQ(desk.when([](Json& b) { b["messages"] = Json::array(); }), "400 Q11");
  EXPECT_EQ(desk.when([](Json& b) { b["messages"] = "Hi"; }), "400 Q11");
  EXPECT_EQ(desk.when([](Json& b) { b.erase("messages"); }), "400 Q11");
  EXPECT_EQ(desk.when([](Json& b) { message(b, kUser)["role"] = "robot"; }), "400 Q11");
  EXPECT_EQ(desk.when([](Json& b) { message(b, kUser)["content"] = Json::object(); }), "400 Q11");
  EXPECT_EQ(desk.when([](Json& b) { message(b, kUser)["content"] = 7; }), "400 Q11");
  EXPECT_EQ(desk.when([](Json& b) {
    message(b, 0)["content"] = parse_json(R"([{"type":"image_url","image_url":{"url":"x"}}])");
  }),
            "400 Q11");
  EXPECT_EQ(desk.when([](Json& b) {
    message(b, kUser)["content"] = parse_json(R"([{"type":"text","text":"Hi"}])");
  }),
            "200")
      << "parts are legal, too";
}

TEST(OpenAiRequestCheck, Q19_calls_are_complete_and_their_arguments_are_text) {
  ExchangeFixture desk(Api::kChat);
  const auto call = [&desk](const std::function<void(Json&)>& change) {
    return desk.when([&change](Json& b) { change(message(b, kCalling)["tool_calls"][0]); });
  };
  EXPECT_EQ(call([](Json& c) { c["id"] = ""; }), "400 Q19");
  EXPECT_EQ(call([](Json& c) { c["id"] = std::string(41, 'i'); }), "400 Q19");
  EXPECT_EQ(call([](Json& c) { c.erase("type"); }), "400 Q19");
  EXPECT_EQ(call([](Json& c) { c["function"]["arguments"] = Json::object(); }), "400 Q19");
  for (const char* text : {"", "null", "[]", "{\"channel\":"}) {
    EXPECT_EQ(call([text](Json& c) { c["function"]["arguments"] = text; }), "400 Q19") << text;
  }
  EXPECT_EQ(desk.when([](Json& b) {
    message(b, kCalling)["tool_calls"][1]["id"] = message(b, kCalling)["tool_calls"][0]["id"];
  }),
            "400 Q19");
  // Calls of other vendors have long ids, odd ones, or the same one in every turn.
  RequestFixture counter(kChatModel);
  for (const std::string& id :
       {std::string(80, 'z'), std::string("toolu/1"), std::string("same"), std::string("same")}) {
    Message said = assistant({tool_call(id, "mixer_level", {{"channel", 1}})});
    ToolCall broken = tool_call(id + "b", "mixer_level", nullptr);
    broken.arguments_error = "no object";
    said.parts.push_back(broken);
    counter.request.messages = going_on(counter.request.messages, said);
  }
  EXPECT_THAT(complaints(counter), IsEmpty());
}

TEST(OpenAiRequestCheck, Q20_every_call_is_answered_exactly_once_before_anything_else) {
  ExchangeFixture desk(Api::kChat);
  EXPECT_EQ(desk.when([](Json& b) { b["messages"].erase(kSecondAnswer); }), "400 Q20");
  EXPECT_EQ(desk.when([](Json& b) { message(b, kSecondAnswer) = message(b, kFirstAnswer); }),
            "400 Q20");
  EXPECT_EQ(desk.when([](Json& b) { std::swap(message(b, kSecondAnswer), message(b, kTalking)); }),
            "400 Q20");
  EXPECT_EQ(
      desk.when([](Json& b) { std::swap(message(b, kFirstAnswer), message(b, kSecondAnswer)); }),
      "200")
      << "their order is free";
  // Histories of cancelled, half-answered and twice-answered turns.
  RequestFixture counter(kChatModel);
  const Message said = assistant({tool_call("call_1", "mixer_level", {{"channel", 1}}),
                                  tool_call("call_2", "mixer_level", {{"channel", 2}})});
  const ToolResult one{"call_1", "mixer_level", {{"db", 1}}, false, nullptr};
  for (const Message& results : {tool_results({one}), tool_results({one, one}), tool_results({})}) {
    counter.request.messages = {Message::user("Hi"), said, results, Message::user("Again")};
    EXPECT_THAT(complaints(counter), IsEmpty());
  }
}

TEST(OpenAiRequestCheck, Q21_no_answer_without_its_call) {
  ExchangeFixture desk(Api::kChat);
  EXPECT_EQ(desk.when([](Json& b) { message(b, kFirstAnswer)["tool_call_id"] = "call_other"; }),
            "400 Q21");
  EXPECT_EQ(desk.when([](Json& b) { b["messages"].push_back(message(b, kFirstAnswer)); }),
            "400 Q21")
      << "the call was made, but not just before";
  RequestFixture counter(kChatModel);
  counter.request.messages = {
      Message::user("Hi"),
      tool_results({ToolResult{"call_lost", "mixer_level", {{"db", 1}}, false, nullptr}}),
      Message::user("Again")};
  EXPECT_THAT(complaints(counter), IsEmpty());
}

TEST(OpenAiRequestCheck, Q22_an_assistant_without_calls_said_something) {
  ExchangeFixture desk(Api::kChat);
  EXPECT_EQ(desk.when([](Json& b) { message(b, kTalking)["content"] = nullptr; }), "400 Q22");
  EXPECT_EQ(desk.when([](Json& b) { message(b, kTalking).erase("content"); }), "400 Q22");
  EXPECT_EQ(desk.when([](Json& b) { message(b, kCalling)["content"] = nullptr; }), "200");
  RequestFixture counter(kChatModel);
  counter.request.messages = {Message::user("Hi"), assistant({}),
                              assistant({ReasoningPart{"only thought", nullptr}}),
                              Message::user("Again")};
  EXPECT_THAT(complaints(counter), IsEmpty());
}

TEST(OpenAiRequestCheck, Q23_echoed_messages_have_no_members_of_the_answer) {
  ExchangeFixture desk(Api::kChat);
  for (const char* key : {"reasoning_content", "annotations", "parsed", "audio", "function_call"}) {
    EXPECT_EQ(desk.when([key](Json& b) { message(b, kTalking)[key] = "x"; }), "400 Q23") << key;
  }
  EXPECT_EQ(desk.when([](Json& b) { message(b, kCalling)["tool_calls"][0]["index"] = 0; }),
            "400 Q23");
  EXPECT_EQ(desk.when([](Json& b) { message(b, kFirstAnswer)["name"] = "mixer_level"; }),
            "400 Q23");
  EXPECT_EQ(desk.when([](Json& b) { message(b, kUser)["name"] = "person"; }), "400 Q23");
  // An answer with all of them goes back without any; the echo is checked by hears().
  RequestFixture counter(kChatModel);
  EXPECT_THAT(
      counter.hears_body(
          R"({"model":"m","choices":[{"index":0,"logprobs":null,"finish_reason":"tool_calls","message":{
            "role":"assistant","content":null,"refusal":null,"annotations":[],"audio":null,
            "reasoning":"hm","tool_calls":[{"index":0,"id":"call_1","type":"function",
            "function":{"name":"mixer_level","arguments":"{\"channel\":3}","parsed":{}}}]}}]})"),
      ::testing::Contains(::testing::StartsWith("call call_1 mixer_level")));
}

TEST(OpenAiRequestCheck, Q24_the_limits_of_reasoning_models_are_known) {
  const auto asked = [](const std::string& model) {
    return [model](Json& b) {
      b["model"] = model;
      b["messages"][0]["role"] = "developer";
    };
  };
  fakes::FakeOpenAiOptions fake;
  fake.models = {kChatModel, "gpt-5", "gpt-5.6-luna", "gpt-6-astra", "o4-mini"};
  ExchangeFixture desk(Api::kChat, "", {{"server", "openai"}}, fake);
  const auto with = [&](const char* model, const std::string& key, const Json& value) {
    return desk.when([&](Json& b) {
      asked(model)(b);
      if (!key.empty()) b[key] = value;
    });
  };
  EXPECT_EQ(with("gpt-5", "", nullptr), "200");
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, Json>>{{"max_tokens", 50},
                                                 {"temperature", 0.5},
                                                 {"top_p", 0.5},
                                                 {"stop", "x"},
                                                 {"frequency_penalty", 1},
                                                 {"presence_penalty", 1},
                                                 {"logit_bias", Json::object()}}) {
    EXPECT_EQ(with("gpt-5", key, value), "400 Q24") << key;
  }
  EXPECT_EQ(with("gpt-5.6-luna", "", nullptr), "400 Q24") << "tools need the effort none";
  EXPECT_EQ(with("gpt-5.6-luna", "reasoning_effort", "low"), "400 Q24");
  EXPECT_EQ(with("gpt-5.6-luna", "reasoning_effort", "none"), "200");
  EXPECT_EQ(with("gpt-6-astra", "reasoning_effort", "none"), "400 Q24");
  EXPECT_EQ(with("o4-mini", "parallel_tool_calls", true), "400 Q24");
  // Asked for all of it, the plugin sends what each model takes, on the API it takes it on.
  for (const char* model : {"gpt-5", "gpt-5.6-luna", "o4-mini"}) {
    RequestFixture counter(model,
                           {{"server", "openai"},
                            {"api", "chat"},
                            {"temperature", "0.5"},
                            {"max-output-tokens", "50"},
                            {"parallel-tool-calls", "true"},
                            {"reasoning-effort", "low"}},
                           fake);
    EXPECT_THAT(complaints(counter), IsEmpty()) << model;
    EXPECT_THAT(counter.server.refusals(), IsEmpty()) << model;
  }
  RequestFixture astra("gpt-6-astra", {{"server", "openai"}}, fake);
  astra.hears_body(R"({"object":"response","status":"completed","model":"m","output":[]})");
  EXPECT_THAT(astra.server.refusals(), IsEmpty());
  EXPECT_EQ(astra.server.requests().back().target, "/v1/responses");
}

TEST(OpenAiRequestCheck, Q25_results_are_text) {
  ExchangeFixture desk(Api::kChat);
  EXPECT_EQ(desk.when([](Json& b) {
    message(b, kFirstAnswer)["content"] = {{"ok", true}};
  }),
            "400 Q25");
  EXPECT_EQ(desk.when([](Json& b) {
    message(b, kFirstAnswer)["content"] = parse_json(R"([{"type":"image_url"}])");
  }),
            "400 Q25");
  EXPECT_EQ(desk.when([](Json& b) { message(b, kFirstAnswer).erase("content"); }), "400 Q25");
  EXPECT_EQ(desk.own()["messages"][kFirstAnswer]["content"], R"({"ok":true})");
}

TEST(OpenAiRequestCheck, Q26_the_output_limit_has_one_name) {
  ExchangeFixture desk(Api::kChat, "", {{"server", "openai"}, {"max-output-tokens", "50"}});
  EXPECT_EQ(desk.own()["max_completion_tokens"], 50);
  EXPECT_EQ(desk.when([](Json& b) { b["max_tokens"] = 50; }), "400 Q26");
}

TEST(OpenAiRequestCheck, Q27_a_request_does_not_end_with_open_calls) {
  ExchangeFixture desk(Api::kChat);
  EXPECT_EQ(desk.when([](Json& b) {
    while (b["messages"].size() > kCalling + 1) b["messages"].erase(kCalling + 1);
  }),
            "400 Q27");
  RequestFixture counter(kChatModel);
  counter.request.messages = {Message::user("Hi"),
                              assistant({tool_call("call_1", "mixer_level", {{"channel", 1}})})};
  counter.hears(sse({chunk(R"({"content":"ok"})"), end_chunk("stop"), "[DONE]"}));
  MessageSink sink;
  counter.provider.generate(counter.request, sink, counter.context);
  EXPECT_THAT(counter.server.violations(), IsEmpty());
}

}  // namespace
}  // namespace cartpilot::openai
