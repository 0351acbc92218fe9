// What a request must be, Q28 to Q36, Q38 to Q40: functions, their schemas, and settings. The rules
// are those of https://ai.google.dev/api/caching#FunctionDeclaration and
// https://ai.google.dev/gemini-api/docs/thinking.
#include "request_checks.h"

namespace cartpilot::gemini::tests {
namespace {

const std::string kDeclaration = "/tools/0/functionDeclarations/0/";

Json declarations(const Json& body) { return body["tools"][0]["functionDeclarations"]; }

TEST_F(GeminiRequestCheck, Q28_names_of_functions) {
  expect_refused("Q28",
                 {put(kDeclaration + "name", R"("a/b")"), put(kDeclaration + "name", R"("")"),
                  put(kDeclaration + "name", R"("1st")"),
                  put(kDeclaration + "name", "\"" + std::string(65, 'a') + "\"")});

  const std::string object = R"({"type":"object"})";
  const Json names = declarations(sent_with_tools(
      {plain_tool("shop/find it", object), plain_tool("1st", object), plain_tool("", object),
       plain_tool(std::string(200, 'a'), object), plain_tool(std::string(200, 'a') + "b", object),
       plain_tool("fine-name_2", object)}));
  ASSERT_EQ(names.size(), 6U) << "all distinct";
  EXPECT_EQ(names[5]["name"], "fine-name_2");
}

TEST_F(GeminiRequestCheck, Q29_no_function_twice) {
  expect_refused("Q29", {put(kDeclaration + "name", R"("get_time")")});

  const ToolSpec tool = plain_tool("find", R"({"type":"object"})");
  EXPECT_EQ(declarations(sent_with_tools({tool, tool})).size(), 1U);
}

TEST_F(GeminiRequestCheck, Q30_descriptions_are_text) {
  expect_refused("Q30", {put(kDeclaration + "description", "7"),
                         R"([{"op":"remove","path":")" + kDeclaration + R"(description"}])"});

  ToolSpec silent = plain_tool("find", R"({"type":"object"})");
  silent.description = "";
  EXPECT_EQ(declarations(sent_with_tools({silent}))[0]["description"], "");
}

TEST_F(GeminiRequestCheck, Q31_one_schema_form) {
  expect_refused("Q31", {put(kDeclaration + "parameters", R"({"type":"OBJECT"})")});

  for (const char* form : {"json", "parameters"}) {
    for (const Json& declaration :
         declarations(sent_with_tools(shop_tools(), {{"schema", form}}))) {
      EXPECT_NE(declaration.contains("parameters"), declaration.contains("parametersJsonSchema"));
    }
  }
}

TEST_F(GeminiRequestCheck, Q32_the_older_schema_form) {
  const std::vector<std::string> broken = {
      R"({"type":"OBJECT","additionalProperties":false})",
      R"({"type":["OBJECT","NULL"]})",
      R"({"type":"THING"})",
      R"({"type":"OBJECT","properties":{"a":{"type":"STRING","enum":[1]}}})",
      R"({"type":"OBJECT","properties":{"a":{"type":"STRING","enum":[""]}}})",
      R"({"type":"OBJECT","properties":{"a":{"type":"INTEGER","enum":["1"]}}})",
      R"({"type":"OBJECT","properties":{"a":{"type":"ARRAY"}}})",
      R"({"type":"OBJECT","properties":{"a":{"anyOf":[{"const":1}]}}})",
      R"({"type":"OBJECT","properties":{"a":{}},"required":["b"]})",
      R"({"type":"OBJECT","properties":{}})"};
  std::vector<std::string> patches;
  for (const std::string& schema : broken) {
    patches.push_back(R"([{"op":"remove","path":")" + kDeclaration +
                      R"(parametersJsonSchema"},{"op":"add","path":")" + kDeclaration +
                      R"(parameters","value":)" + schema + "}]");
  }
  expect_refused("Q32", patches);

  const ToolSpec awkward = plain_tool("order", R"({
    "$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
    "$defs":{"money":{"type":"object","properties":{"amount":{"type":"integer","exclusiveMinimum":0}},"required":["amount"]}},
    "properties":{
      "price":{"$ref":"#/$defs/money"},
      "note":{"type":["string","null"],"format":"uri"},
      "kind":{"const":"gift"},
      "count":{"type":"integer","enum":[1,2,3]},
      "tags":{"type":"array"},
      "who":{"oneOf":[{"type":"string"},{"type":"integer"}]},
      "extra":{"type":"object","additionalProperties":{"type":"string"}},
      "any":true},
    "required":["price","missing"],"additionalProperties":false})");
  const Json declaration = declarations(sent_with_tools({awkward}, {{"schema", "parameters"}}))[0];
  EXPECT_EQ(declaration["parameters"]["properties"]["price"]["type"], "OBJECT");
  EXPECT_EQ(declaration["parameters"]["properties"]["note"]["nullable"], true);
}

TEST_F(GeminiRequestCheck, Q33_arguments_are_an_object) {
  expect_refused("Q33", {put(kDeclaration + "parametersJsonSchema", R"({"type":"array"})"),
                         put(kDeclaration + "parametersJsonSchema", "true"),
                         put(kDeclaration + "parametersJsonSchema", R"({"properties":{}})")});

  const Json sent_tools =
      declarations(sent_with_tools({plain_tool("find", R"({"properties":{"a":{"type":"string"}}})"),
                                    plain_tool("now", R"({"type":"object","properties":{}})")}));
  EXPECT_EQ(sent_tools[0]["parametersJsonSchema"]["type"], "object");
  EXPECT_FALSE(sent_tools[1].contains("parametersJsonSchema")) << "takes no arguments";
}

TEST_F(GeminiRequestCheck, Q34_not_too_many_functions) {
  Json body = valid_body();
  for (int i = 0; i < 127; ++i) {
    body["tools"][0]["functionDeclarations"].push_back(
        {{"name", "f" + std::to_string(i)}, {"description", ""}});
  }
  EXPECT_EQ(post(dump_json(body)).status, 200);
  expect_complaint("Q34");
  for (int i = 127; i < 511; ++i) {
    body["tools"][0]["functionDeclarations"].push_back(
        {{"name", "f" + std::to_string(i)}, {"description", ""}});
  }
  EXPECT_EQ(post(dump_json(body)).status, 400);
  expect_complaint("Q34");

  std::vector<ToolSpec> tools;
  const auto grow_to = [&](std::size_t count) {
    while (tools.size() < count) {
      tools.push_back(plain_tool("f" + std::to_string(tools.size()), R"({"type":"object"})"));
    }
  };
  grow_to(128);
  EXPECT_EQ(declarations(sent_with_tools(tools)).size(), 128U);
  grow_to(129);
  Conversation many(strict_);
  many.request().tools = tools;
  many.request().messages = {Message::user("hello")};
  EXPECT_EQ(many.answer().lines.at(0),
            "warning 129 functions are declared; Google documents 128 as the most");
  grow_to(513);
  Conversation too_many(service_);
  too_many.request().tools = tools;
  too_many.request().messages = {Message::user("hello")};
  const AnswerLog log = too_many.answer();
  ASSERT_TRUE(log.error);
  EXPECT_STREQ(log.error->what(),
               "Gemini takes at most 512 functions, 513 are declared; load fewer plugins");
  EXPECT_EQ(service_.bodies().size(), 1U) << "the last one was not even sent";
}

TEST_F(GeminiRequestCheck, Q35_calling_modes) {
  expect_refused(
      "Q35",
      {put("/toolConfig", R"({"functionCallingConfig":{"mode":"MAYBE"}})"),
       put("/toolConfig",
           R"({"functionCallingConfig":{"mode":"AUTO","allowedFunctionNames":["get_time"]}})"),
       put("/toolConfig",
           R"({"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["x"]}})")});

  const auto config = [&](const Options& options) {
    const Json body = sent({Message::user("hello")}, options);
    return body.contains("toolConfig") ? dump_json(body["toolConfig"]["functionCallingConfig"])
                                       : "none";
  };
  EXPECT_EQ(config({{"tool-mode", "AUTO"}}), "none");
  EXPECT_EQ(config({{"tool-mode", "NONE"}}), R"({"mode":"NONE"})");
  EXPECT_EQ(config({{"tool-mode", "ANY"}}), R"({"mode":"ANY"})");
  EXPECT_EQ(config({{"tool-mode", "VALIDATED"}, {"allowed-functions", "create_intent"}}),
            R"({"mode":"VALIDATED","allowedFunctionNames":["create_intent"]})");
  Conversation undeclared(service_, {{"tool-mode", "ANY"}, {"allowed-functions", "rob_bank"}});
  EXPECT_EQ(undeclared.say("hello"), "error invalid_argument  final");
  // ANY on every round would never end: results free the model.
  purchase({{"tool-mode", "ANY"}});
}

TEST_F(GeminiRequestCheck, Q36_no_calling_mode_without_functions) {
  expect_refused("Q36",
                 {put("/toolConfig", "{}"), put("/toolConfig", R"({"functionCallingConfig":{}})"),
                  R"([{"op":"remove","path":"/tools"},{"op":"add","path":"/toolConfig",)"
                  R"("value":{"functionCallingConfig":{"mode":"ANY"}}}])"});

  const Json body = sent_with_tools({}, {{"tool-mode", "VALIDATED"}});
  EXPECT_FALSE(body.contains("tools"));
  EXPECT_FALSE(body.contains("toolConfig"));
}

TEST_F(GeminiRequestCheck, Q38_thinking_that_the_model_offers) {
  expect_refused(
      "Q38",
      {put("/generationConfig", R"({"thinkingConfig":{"thinkingLevel":"LOW","thinkingBudget":1}})"),
       put("/generationConfig", R"({"thinkingConfig":{"thinkingLevel":"MINIMAL"}})"),
       put("/generationConfig", R"({"thinkingConfig":{"thinkingBudget":-2}})"),
       put("/generationConfig", R"({"thinkingConfig":{"thinkingBudget":1.5}})")});
  const auto refused_by = [&](const std::string& model, const std::string& thinking) {
    Json body = valid_body();
    body["generationConfig"]["thinkingConfig"] = Json::parse(thinking);
    const Reply reply = post(dump_json(body), "/v1beta/models/" + model + ":generateContent");
    return reply.status == 400 ? reply.body["error"]["message"].get<std::string>() : "accepted";
  };
  EXPECT_EQ(refused_by("gemini-2.5-flash", R"({"thinkingLevel":"LOW"})"),
            "Thinking level is not supported for this model.");
  EXPECT_EQ(refused_by("gemini-2.5-pro", R"({"thinkingBudget":0})"),
            "Budget 0 is invalid. This model only works in thinking mode.");
  EXPECT_EQ(refused_by("gemini-2.5-flash", R"({"thinkingBudget":24577})"),
            "The thinking budget (24577) is invalid.");
  EXPECT_EQ(refused_by("gemini-4-hydrogen", R"({"thinkingLevel":"XHIGH"})"), "accepted");

  const auto thinking = [&](const std::string& model, const Options& options) {
    const Json body = sent({Message::user("hello")}, options, model);
    return body.contains("generationConfig") ? dump_json(body["generationConfig"]) : "none";
  };
  EXPECT_EQ(thinking("gemini-3.8-flash", {{"thinking", "low"}}),
            R"({"thinkingConfig":{"thinkingLevel":"LOW"}})");
  EXPECT_EQ(thinking("gemini-3.8-flash", {{"thinking", "minimal"}}), "none");
  EXPECT_EQ(thinking("gemini-3.6-flash", {{"thinking", "minimal"}}),
            R"({"thinkingConfig":{"thinkingLevel":"MINIMAL"}})");
  EXPECT_EQ(thinking("gemini-4-hydrogen", {{"thinking", "xhigh"}}),
            R"({"thinkingConfig":{"thinkingLevel":"XHIGH"}})");
  EXPECT_EQ(thinking("gemini-4-argon", {{"thinking-budget", "100"}}), "none");
  EXPECT_EQ(thinking("gemini-2.5-flash", {{"thinking", "low"}}), "none");
  EXPECT_EQ(thinking("gemini-2.5-flash", {{"thinking-budget", "0"}}),
            R"({"thinkingConfig":{"thinkingBudget":0}})");
  EXPECT_EQ(thinking("gemini-2.5-pro", {{"thinking-budget", "0"}}), "none");
  EXPECT_EQ(thinking("gemini-2.5-flash-lite", {{"thinking-budget", "100"}}), "none");
}

TEST_F(GeminiRequestCheck, Q39_limits_and_sampling) {
  expect_refused("Q39",
                 {put("/generationConfig", R"({"maxOutputTokens":0})"),
                  put("/generationConfig", R"({"maxOutputTokens":1.5})"),
                  put("/generationConfig", R"({"temperature":2.1})"),
                  put("/generationConfig", R"({"temperature":"hot"})"),
                  put("/generationConfig", R"({"stopSequences":["1","2","3","4","5","6"]})")});
  for (const char* key : {"temperature", "topP", "topK"}) {
    Json body = valid_body();
    body["generationConfig"][key] = 1;
    EXPECT_EQ(post(dump_json(body)).status, 200);
    expect_complaint("Q39");
  }

  EXPECT_FALSE(sent({Message::user("hello")}).contains("generationConfig"));
  EXPECT_EQ(
      dump_json(sent({Message::user("hello")}, {{"max-output-tokens", "1"}})["generationConfig"]),
      R"({"maxOutputTokens":1})");
  fakes::FakeGeminiOptions options;
  options.sampling_expected = true;
  fakes::FakeGemini asked(fakes::shopping_model, options);
  Conversation warm(asked, {{"temperature", "0.5"}});
  EXPECT_EQ(warm.say("yes"), "There is nothing to buy yet.");
  EXPECT_EQ(dump_json(asked.bodies().back()["generationConfig"]), R"({"temperature":0.5})");
  EXPECT_EQ(asked.violations(), Lines{});
}

TEST_F(GeminiRequestCheck, Q40_system_text_is_a_content) {
  expect_refused("Q40",
                 {put("/systemInstruction", R"("Be brief.")"),
                  put("/systemInstruction", R"({"parts":"Be brief."})"),
                  put("/systemInstruction",
                      R"({"parts":[{"inlineData":{"mimeType":"image/png","data":"QUJD"}}]})")});

  EXPECT_EQ(dump_json(sent({Message::user("hello")})["systemInstruction"]),
            R"({"parts":[{"text":"You help people shop."}]})");
  Conversation silent(service_);
  silent.request().system = "";
  EXPECT_EQ(silent.say("yes"), "There is nothing to buy yet.");
  EXPECT_FALSE(service_.bodies().back().contains("systemInstruction"));
}

}  // namespace
}  // namespace cartpilot::gemini::tests
