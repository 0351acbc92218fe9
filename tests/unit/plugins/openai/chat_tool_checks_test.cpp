// Q12 to Q18, the rules of functions in Chat Completions requests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provider_testing.h"

namespace cartpilot::openai {
namespace {

using namespace testing;
using ::testing::IsEmpty;

Json& function(Json& body, std::size_t at) { return body["tools"][at]["function"]; }

TEST(OpenAiRequestCheck, Q12_nothing_of_the_responses_api) {
  ExchangeFixture desk(Api::kChat);
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
  ExchangeFixture desk(Api::kChat);
  EXPECT_EQ(desk.when([](Json& b) { b["tools"] = Json::array(); }), "400 Q13");
  EXPECT_EQ(desk.when([](Json& b) { b["tools"][0]["type"] = "custom"; }), "400 Q13");
  EXPECT_EQ(desk.when([](Json& b) { b["tools"][0].erase("function"); }), "400 Q13");
  EXPECT_EQ(desk.when([](Json& b) {
    for (int i = 0; i < 127; ++i) b["tools"].push_back(b["tools"][0]);
  }),
            "400 Q13");
  RequestFixture none(kChatModel);
  none.request.tools.clear();
  EXPECT_THAT(complaints(none), IsEmpty());
  EXPECT_FALSE(none.server.bodies().back().contains("tools"));
  RequestFixture many(kChatModel);
  for (int i = 0; i < 130; ++i) {
    many.request.tools.push_back(mixer_tools()[0]);
    many.request.tools.back().name = "more_" + std::to_string(i);
  }
  EXPECT_THAT(complaints(many), IsEmpty());
  EXPECT_EQ(many.server.bodies().back()["tools"].size(), 128U);
}

TEST(OpenAiRequestCheck, Q14_names_are_plain_short_and_unique) {
  ExchangeFixture desk(Api::kChat);
  for (const std::string& name : {std::string(), std::string("a.b"), std::string("a b"),
                                  std::string("n\xC3\xA4me"), std::string(65, 'n')}) {
    EXPECT_EQ(desk.when([&name](Json& b) { function(b, 0)["name"] = name; }), "400 Q14") << name;
  }
  EXPECT_EQ(desk.when([](Json& b) { b["tools"][1] = b["tools"][0]; }), "400 Q14");
  EXPECT_EQ(desk.when([](Json& b) { function(b, 0)["name"] = std::string(64, 'n'); }), "200");
}

TEST(OpenAiRequestCheck, Q15_parameters_are_a_plain_object_schema) {
  ExchangeFixture desk(Api::kChat);
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
  RequestFixture counter(kChatModel);
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
  ExchangeFixture desk(Api::kChat);
  EXPECT_EQ(desk.own()["tools"][0]["function"]["strict"], true);
  const auto properties = [](Json& b) -> Json& {
    return function(b, 0)["parameters"]["properties"];
  };
  const std::vector<ExchangeFixture::Change> changes = {
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
  RequestFixture counter(kChatModel);
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
  ExchangeFixture desk(Api::kChat);
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
    RequestFixture counter(kChatModel, {{"server", "openai"}, {"parallel-tool-calls", "false"}});
    counter.request.tool_choice = choice;
    EXPECT_THAT(complaints(counter), IsEmpty()) << choice;
    EXPECT_TRUE(counter.server.bodies().back().contains("tool_choice"));
    counter.request.tools.clear();
    EXPECT_THAT(complaints(counter), IsEmpty()) << choice << " without tools";
  }
}

TEST(OpenAiRequestCheck, Q18_stream_options_belong_to_streams) {
  ExchangeFixture desk(Api::kChat);
  EXPECT_EQ(desk.when([](Json& b) { b.erase("stream"); }), "400 Q18");
  EXPECT_EQ(desk.when([](Json& b) { b["stream"] = false; }), "400 Q18");
  RequestFixture counter(kChatModel);
  counter.request.stream = false;
  EXPECT_THAT(complaints(counter), IsEmpty());
}

}  // namespace
}  // namespace cartpilot::openai
