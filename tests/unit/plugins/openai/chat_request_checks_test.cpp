// Q11 to Q27, the rules of Chat Completions requests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "encode_testing.h"
#include "provider_testing.h"

namespace cartpilot::openai {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Where the conversation of a Desk holds its parts.
constexpr std::size_t kUser = 1, kCalling = 2, kFirstAnswer = 3, kSecondAnswer = 4, kTalking = 5;

Json& message(Json& body, std::size_t at) { return body["messages"][at]; }
Json& function(Json& body, std::size_t at) { return body["tools"][at]["function"]; }

/// What is wrong with what the plugin sends for this request; empty when nothing is.
std::vector<std::string> complaints(Counter& counter) {
  counter.hears(sse({chunk(R"({"content":"ok"})"), end_chunk("stop"), "[DONE]"}));
  counter.request.messages.push_back(Message::user("and without a script"));
  MessageSink sink;
  counter.provider.generate(counter.request, sink, counter.context);
  return counter.server.violations();
}

TEST(OpenAiRequestCheck, Q11_messages_have_known_roles_and_fitting_content) {
  Desk desk(Api::kChat);
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

TEST(OpenAiRequestCheck, Q12_nothing_of_the_responses_api) {
  Desk desk(Api::kChat);
  for (const char* key : {"input", "instructions", "max_output_tokens", "include"}) {
    EXPECT_EQ(desk.when([key](Json& b) { b[key] = "x"; }), "400 Q12") << key;
  }
  EXPECT_EQ(desk.when([](Json& b) {
    Json flat = function(b, 0);
    flat["type"] = "function";
    b["tools"][0] = flat;
  }),
            "400 Q12");
}

TEST(OpenAiRequestCheck, Q13_one_to_128_functions_or_none_at_all) {
  Desk desk(Api::kChat);
  EXPECT_EQ(desk.when([](Json& b) { b["tools"] = Json::array(); }), "400 Q13");
  EXPECT_EQ(desk.when([](Json& b) { b["tools"][0]["type"] = "custom"; }), "400 Q13");
  EXPECT_EQ(desk.when([](Json& b) { b["tools"][0].erase("function"); }), "400 Q13");
  EXPECT_EQ(desk.when([](Json& b) {
    for (int i = 0; i < 127; ++i) b["tools"].push_back(b["tools"][0]);
  }),
            "400 Q13");
  Counter none(kChatModel);
  none.request.tools.clear();
  EXPECT_THAT(complaints(none), IsEmpty());
  EXPECT_FALSE(none.server.bodies().back().contains("tools"));
  Counter many(kChatModel);
  for (int i = 0; i < 130; ++i) {
    many.request.tools.push_back(mixer_tools()[0]);
    many.request.tools.back().name = "more_" + std::to_string(i);
  }
  EXPECT_THAT(complaints(many), IsEmpty());
  EXPECT_EQ(many.server.bodies().back()["tools"].size(), 128U);
}

TEST(OpenAiRequestCheck, Q14_names_are_plain_short_and_unique) {
  Desk desk(Api::kChat);
  for (const std::string& name : {std::string(), std::string("a.b"), std::string("a b"),
                                  std::string("n\xC3\xA4me"), std::string(65, 'n')}) {
    EXPECT_EQ(desk.when([&name](Json& b) { function(b, 0)["name"] = name; }), "400 Q14") << name;
  }
  EXPECT_EQ(desk.when([](Json& b) { b["tools"][1] = b["tools"][0]; }), "400 Q14");
  EXPECT_EQ(desk.when([](Json& b) { function(b, 0)["name"] = std::string(64, 'n'); }), "200");
}

TEST(OpenAiRequestCheck, Q15_parameters_are_a_plain_object_schema) {
  Desk desk(Api::kChat);
  const auto schema = [&desk](const char* text) {
    return desk.when([text](Json& b) {
      function(b, 0).erase("strict");
      function(b, 0)["parameters"] = parse_json(text);
    });
  };
  EXPECT_EQ(schema(R"({"type":"string"})"), "400 Q15");
  EXPECT_EQ(schema(R"({"type":"object"})"), "400 Q15");
  EXPECT_EQ(schema(R"({"type":"object","properties":[]})"), "400 Q15");
  for (const char* word : {"oneOf", "anyOf", "allOf", "enum", "not"}) {
    EXPECT_EQ(
        schema(
            (R"({"type":"object","properties":{},")" + std::string(word) + R"(":[{}]})").c_str()),
        "400 Q15")
        << word;
  }
  EXPECT_EQ(schema(R"({"type":"object","properties":{"l":{"type":"array"}}})"), "400 Q15");
  EXPECT_EQ(schema(R"({"type":"object","properties":{"o":{"type":"object","properties":{
              "l":{"type":["array","null"]}}}}})"),
            "400 Q15");
  // Functions of other authors may be declared any way JSON Schema can say.
  Counter counter(kChatModel);
  for (const char* text :
       {R"({})", R"({"type":"object"})",
        R"({"type":"object","anyOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},
            {"properties":{"b":{"type":"array"}},"required":["b"]}]})",
        R"({"type":"object","properties":{"l":{"type":"array"},"o":{"type":"object",
            "properties":{"m":{"type":["array","null"]}}}},"not":{"required":["l"]}})"}) {
    counter.request.tools[0].parameters = parse_json(text);
    EXPECT_THAT(complaints(counter), IsEmpty()) << text;
  }
}

TEST(OpenAiRequestCheck, Q16_strict_schemas_keep_to_the_subset_at_every_depth) {
  Desk desk(Api::kChat);
  EXPECT_EQ(desk.own()["tools"][0]["function"]["strict"], true);
  const auto properties = [](Json& b) -> Json& {
    return function(b, 0)["parameters"]["properties"];
  };
  const std::vector<Desk::Change> changes = {
      [](Json& b) { function(b, 0)["parameters"].erase("additionalProperties"); },
      [](Json& b) { function(b, 0)["parameters"]["additionalProperties"] = true; },
      [](Json& b) { function(b, 0)["parameters"]["required"] = {"channel"}; },
      [](Json& b) { function(b, 0)["parameters"]["required"].push_back("more"); },
      [](Json& b) { function(b, 0)["parameters"].erase("required"); },
      [&](Json& b) { properties(b)["unit"]["default"] = "dB"; },
      [&](Json& b) { properties(b)["unit"]["minLength"] = 1; },
      [&](Json& b) { properties(b)["unit"]["format"] = "uri"; },
      [&](Json& b) { properties(b)["unit"] = Json::object(); },
      [&](Json& b) { properties(b)["unit"] = true; },
      [&](Json& b) { properties(b)["unit"] = parse_json(R"({"oneOf":[{"type":"string"}]})"); },
      [&](Json& b) {
        properties(b)["unit"] = {{"$ref", "https://elsewhere/x"}};
      },
      [&](Json& b) {
        properties(b)["unit"] = {{"$ref", "#"}, {"description", "beside"}};
      },
      [&](Json& b) {
        properties(b)["unit"] = parse_json(R"({"type":"object","properties":{"x":{}}})");
      },
      [&](Json& b) {
        properties(b)["unit"] = parse_json(R"({"type":"array","items":{"type":"object"}})");
      },
      [&](Json& b) {
        Json deep = {{"type", "string"}};
        for (int i = 0; i < 11; ++i) deep = {{"type", "array"}, {"items", deep}};
        properties(b)["unit"] = deep;
      },
      [&](Json& b) {
        Json values = Json::array();
        for (int i = 0; i < 1001; ++i) values.push_back(std::to_string(i));
        properties(b)["unit"] = {{"type", "string"}, {"enum", values}};
      },
      [&](Json& b) {
        properties(b)["unit"] = {{"type", "string"}, {"enum", {std::string(120'001, 'x')}}};
      },
      [&](Json& b) {
        const Json branch = parse_json(
            R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],
                "additionalProperties":false})");
        properties(b)["unit"] = {{"anyOf", {branch, branch}}};
      },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EXPECT_EQ(desk.when(changes[i]), "400 Q16") << "change " << i;
  }
  // What the subset cannot say is sent as it is, and for that function only.
  Counter counter(kChatModel);
  for (const char* property :
       {R"({"type":"object"})", R"({})", R"({"type":"string","default":"x","maxLength":3})",
        R"({"anyOf":[{"type":"object","properties":{"a":{"type":"string"}}},
            {"type":"object","properties":{"a":{"type":"integer"}}}]})",
        R"({"type":"array","items":{"type":"string","format":"uri"},"uniqueItems":true})"}) {
    counter.request.tools[0].parameters["properties"]["odd"] = parse_json(property);
    EXPECT_THAT(complaints(counter), IsEmpty()) << property;
    EXPECT_EQ(counter.server.bodies().back()["tools"][1]["function"]["strict"], true);
  }
  Json values = Json::array();
  for (int i = 0; i < 300; ++i) values.push_back(std::string(60, 'a') + std::to_string(i));
  counter.request.tools[0].parameters["properties"]["odd"] = {{"type", "string"}, {"enum", values}};
  EXPECT_THAT(complaints(counter), IsEmpty()) << "an enum longer than the service takes";
}

TEST(OpenAiRequestCheck, Q17_tool_choice_needs_tools_and_names_one_of_them) {
  Desk desk(Api::kChat);
  EXPECT_EQ(desk.when([](Json& b) {
    b.erase("tools");
    b["tool_choice"] = "auto";
  }),
            "400 Q17");
  EXPECT_EQ(desk.when([](Json& b) {
    b.erase("tools");
    b["parallel_tool_calls"] = true;
  }),
            "400 Q17");
  EXPECT_EQ(desk.when([](Json& b) { b["tool_choice"] = "any"; }), "400 Q17");
  EXPECT_EQ(desk.when([](Json& b) { b["tool_choice"]["function"]["name"] = "mixer_level"; }),
            "400 Q17");
  EXPECT_EQ(desk.when([](Json& b) {
    b["tool_choice"] = {{"type", "function"}, {"function", {{"name", "elsewhere"}}}};
  }),
            "400 Q17");
  for (const char* choice : {"none", "required", "mixer_level"}) {
    Counter counter(kChatModel, {{"server", "openai"}, {"parallel-tool-calls", "false"}});
    counter.request.tool_choice = choice;
    EXPECT_THAT(complaints(counter), IsEmpty()) << choice;
    EXPECT_TRUE(counter.server.bodies().back().contains("tool_choice"));
    counter.request.tools.clear();
    EXPECT_THAT(complaints(counter), IsEmpty()) << choice << " without tools";
  }
}

TEST(OpenAiRequestCheck, Q18_stream_options_belong_to_streams) {
  Desk desk(Api::kChat);
  EXPECT_EQ(desk.when([](Json& b) { b.erase("stream"); }), "400 Q18");
  EXPECT_EQ(desk.when([](Json& b) { b["stream"] = false; }), "400 Q18");
  Counter counter(kChatModel);
  counter.request.stream = false;
  EXPECT_THAT(complaints(counter), IsEmpty());
}

TEST(OpenAiRequestCheck, Q19_calls_are_complete_and_their_arguments_are_text) {
  Desk desk(Api::kChat);
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
  Counter counter(kChatModel);
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
  Desk desk(Api::kChat);
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
  Counter counter(kChatModel);
  const Message said = assistant({tool_call("call_1", "mixer_level", {{"channel", 1}}),
                                  tool_call("call_2", "mixer_level", {{"channel", 2}})});
  const ToolResult one{"call_1", "mixer_level", {{"db", 1}}, false, nullptr};
  for (const Message& results : {tool_results({one}), tool_results({one, one}), tool_results({})}) {
    counter.request.messages = {Message::user("Hi"), said, results, Message::user("Again")};
    EXPECT_THAT(complaints(counter), IsEmpty());
  }
}

TEST(OpenAiRequestCheck, Q21_no_answer_without_its_call) {
  Desk desk(Api::kChat);
  EXPECT_EQ(desk.when([](Json& b) { message(b, kFirstAnswer)["tool_call_id"] = "call_other"; }),
            "400 Q21");
  EXPECT_EQ(desk.when([](Json& b) { b["messages"].push_back(message(b, kFirstAnswer)); }),
            "400 Q21")
      << "the call was made, but not just before";
  Counter counter(kChatModel);
  counter.request.messages = {
      Message::user("Hi"),
      tool_results({ToolResult{"call_lost", "mixer_level", {{"db", 1}}, false, nullptr}}),
      Message::user("Again")};
  EXPECT_THAT(complaints(counter), IsEmpty());
}

TEST(OpenAiRequestCheck, Q22_an_assistant_without_calls_said_something) {
  Desk desk(Api::kChat);
  EXPECT_EQ(desk.when([](Json& b) { message(b, kTalking)["content"] = nullptr; }), "400 Q22");
  EXPECT_EQ(desk.when([](Json& b) { message(b, kTalking).erase("content"); }), "400 Q22");
  EXPECT_EQ(desk.when([](Json& b) { message(b, kCalling)["content"] = nullptr; }), "200");
  Counter counter(kChatModel);
  counter.request.messages = {Message::user("Hi"), assistant({}),
                              assistant({ReasoningPart{"only thought", nullptr}}),
                              Message::user("Again")};
  EXPECT_THAT(complaints(counter), IsEmpty());
}

TEST(OpenAiRequestCheck, Q23_echoed_messages_have_no_members_of_the_answer) {
  Desk desk(Api::kChat);
  for (const char* key : {"reasoning_content", "annotations", "parsed", "audio", "function_call"}) {
    EXPECT_EQ(desk.when([key](Json& b) { message(b, kTalking)[key] = "x"; }), "400 Q23") << key;
  }
  EXPECT_EQ(desk.when([](Json& b) { message(b, kCalling)["tool_calls"][0]["index"] = 0; }),
            "400 Q23");
  EXPECT_EQ(desk.when([](Json& b) { message(b, kFirstAnswer)["name"] = "mixer_level"; }),
            "400 Q23");
  EXPECT_EQ(desk.when([](Json& b) { message(b, kUser)["name"] = "person"; }), "400 Q23");
  // An answer with all of them goes back without any; the echo is checked by hears().
  Counter counter(kChatModel);
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
  Desk desk(Api::kChat, "", {{"server", "openai"}}, fake);
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
    Counter counter(model,
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
  Counter astra("gpt-6-astra", {{"server", "openai"}}, fake);
  astra.hears_body(R"({"object":"response","status":"completed","model":"m","output":[]})");
  EXPECT_THAT(astra.server.refusals(), IsEmpty());
  EXPECT_EQ(astra.server.requests().back().target, "/v1/responses");
}

TEST(OpenAiRequestCheck, Q25_results_are_text) {
  Desk desk(Api::kChat);
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
  Desk desk(Api::kChat, "", {{"server", "openai"}, {"max-output-tokens", "50"}});
  EXPECT_EQ(desk.own()["max_completion_tokens"], 50);
  EXPECT_EQ(desk.when([](Json& b) { b["max_tokens"] = 50; }), "400 Q26");
}

TEST(OpenAiRequestCheck, Q27_a_request_does_not_end_with_open_calls) {
  Desk desk(Api::kChat);
  EXPECT_EQ(desk.when([](Json& b) {
    while (b["messages"].size() > kCalling + 1) b["messages"].erase(kCalling + 1);
  }),
            "400 Q27");
  Counter counter(kChatModel);
  counter.request.messages = {Message::user("Hi"),
                              assistant({tool_call("call_1", "mixer_level", {{"channel", 1}})})};
  counter.hears(sse({chunk(R"({"content":"ok"})"), end_chunk("stop"), "[DONE]"}));
  MessageSink sink;
  counter.provider.generate(counter.request, sink, counter.context);
  EXPECT_THAT(counter.server.violations(), IsEmpty());
}

}  // namespace
}  // namespace cartpilot::openai
