// The fake service is strict only if it says no: every check is broken once, on purpose.
#include "fakes/fake_gemini.h"

#include <gtest/gtest.h>

#include "answer_log.h"
#include "net/http_client.h"

namespace cartpilot::gemini::tests {
namespace {

using fakes::FakeGemini;
using fakes::GivenAnswer;

const std::string kPath = "/v1beta/models/gemini-3.8-flash:generateContent";

Json valid_body() {
  return Json::parse(R"({
    "systemInstruction":{"parts":[{"text":"Be brief."}]},
    "tools":[{"functionDeclarations":[
      {"name":"create_intent","description":"d","parametersJsonSchema":{"type":"object","properties":{"query":{"type":"string"}}}},
      {"name":"get_time","description":""}]}],
    "contents":[{"role":"user","parts":[{"text":"headphones"}]}]})");
}

struct Reply {
  int status;
  Json body;
};

class FakeGeminiTest : public testing::Test {
 protected:
  Reply post(const std::string& body, const std::string& path = kPath,
             const HttpHeaders& headers = {{"x-goog-api-key", "test-key"},
                                           {"Content-Type", "application/json"}}) {
    HttpRequest request;
    request.url = service_.url() + path;
    request.headers = headers;
    request.body = body;
    const net::HttpAnswer answer = net::fetch(client_, request, context_);
    return {answer.head.status, Json::parse(answer.body)};
  }

  /// The first two contents of a conversation whose call was really issued.
  Json issued_contents() {
    Json contents = valid_body()["contents"];
    contents.push_back(post(dump_json(valid_body())).body["candidates"][0]["content"]);
    EXPECT_EQ(service_.violations(), Lines{});
    return contents;
  }

  static Json response_to(const Json& content) {
    Json parts = Json::array();
    for (const Json& call : fakes::gemini_rules::calls_of(content)) {
      parts.push_back(
          {{"functionResponse",
            {{"id", call["id"]}, {"name", call["name"]}, {"response", Json::object()}}}});
    }
    return Json{{"role", "user"}, {"parts", parts}};
  }

  Reply post_contents(const Json& contents) {
    Json body = valid_body();
    body["contents"] = contents;
    return post(dump_json(body));
  }

  /// True when the newest violation begins with `rule`.
  bool violated(const std::string& rule) const {
    const auto all = service_.violations();
    return !all.empty() && all.back().rfind(rule + " ", 0) == 0;
  }

  FakeGemini service_;
  net::HttpClient client_;
  CallContext context_;
};

struct Broken {
  const char* name;
  std::string rule;
  std::string patch;  ///< RFC 6902
};

class FakeGeminiRules : public FakeGeminiTest, public testing::WithParamInterface<Broken> {};

TEST_P(FakeGeminiRules, refuse_a_body_that_breaks_one) {
  const Json body = valid_body().patch(Json::parse(GetParam().patch));
  const Reply reply = post(dump_json(body));
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body["error"]["status"], "INVALID_ARGUMENT");
  EXPECT_TRUE(violated(GetParam().rule)) << testing::PrintToString(service_.violations());
}

std::string add(const std::string& path, const std::string& value) {
  return R"([{"op":"add","path":")" + path + R"(","value":)" + value + "}]";
}

const std::string kContent = R"({"role":"model","parts":[{"functionCall":{"name":"get_time"},)"
                             R"("thoughtSignature":"skip_thought_signature_validator"}]})";
const std::string kResponse =
    R"({"role":"user","parts":[{"functionResponse":{"name":"get_time","response":{}}}]})";
const std::string kDeclaration = "/tools/0/functionDeclarations/0/";

std::string contents(const std::vector<std::string>& items) {
  return add("/contents", list(items));
}

const std::string kUser = R"({"role":"user","parts":[{"text":"x"}]})";

const std::vector<Broken> kBroken = {
    {"s07_unknown_key", "S7", add("/contents/0/parts/0/colour", "1")},
    {"s07_snake_case", "S7", add("/tool_config", "{}")},
    {"s09_no_contents", "S9", contents({})},
    {"s09_no_parts", "S9", contents({R"({"role":"user","parts":[]})"})},
    {"s10_role_function", "S10", add("/contents/0/role", R"("function")")},
    {"s11_empty_part", "S11", add("/contents/0/parts/0", "{}")},
    {"s11_two_kinds", "S11", add("/contents/0/parts/0/functionCall", R"({"name":"get_time"})")},
    {"s13_model_first", "S13", contents({R"({"role":"model","parts":[{"text":"x"}]})", kUser})},
    {"s13_response_first", "S13", contents({kResponse})},
    {"s14_call_of_the_user", "S14",
     contents({kUser, R"({"role":"user","parts":[{"functionCall":{"name":"get_time"}}]})"})},
    {"s15_call_after_model_text", "S15",
     contents({kUser, R"({"role":"model","parts":[{"text":"x"}]})", kContent, kResponse})},
    {"s16_response_without_call", "S16", contents({kUser, kResponse})},
    {"s17_open_call", "S17", contents({kUser, kContent, kUser})},
    {"s17_one_response_too_many", "S17",
     contents({kUser, kContent,
               R"({"role":"user","parts":[{"functionResponse":{"name":"get_time","response":{}}},)"
               R"({"functionResponse":{"name":"get_time","response":{}}}]})"})},
    {"s20_text_beside_a_response", "S20",
     contents({kUser, kContent,
               R"({"role":"user","parts":[{"functionResponse":{"name":"get_time","response":{}}},)"
               R"({"text":"x"}]})"})},
    {"s21_response_is_a_list", "S21",
     contents(
         {kUser, kContent,
          R"({"role":"user","parts":[{"functionResponse":{"name":"get_time","response":[]}}]})"})},
    {"s22_ends_with_the_model", "S22",
     contents({kUser, R"({"role":"model","parts":[{"text":"x"}]})"})},
    {"s23_missing_signature", "S23",
     contents(
         {kUser, R"({"role":"model","parts":[{"functionCall":{"name":"get_time"}}]})", kResponse})},
    {"s23_foreign_signature", "S23",
     contents({kUser,
               R"({"role":"model","parts":[{"functionCall":{"name":"get_time"},)"
               R"("thoughtSignature":"QUJD"}]})",
               kResponse})},
    {"s27_arguments_as_text", "S27",
     contents({kUser,
               R"({"role":"model","parts":[{"functionCall":{"name":"get_time","args":"{}"}}]})",
               kResponse})},
    {"s28_name_with_a_slash", "S28", add(kDeclaration + "name", R"("a/b")")},
    {"s29_declared_twice", "S29", add(kDeclaration + "name", R"("get_time")")},
    {"s30_description_is_no_text", "S30", add(kDeclaration + "description", "7")},
    {"s31_both_schemas", "S31", add(kDeclaration + "parameters", R"({"type":"OBJECT"})")},
    {"s33_root_is_no_object", "S33",
     add(kDeclaration + "parametersJsonSchema", R"({"type":"array"})")},
    {"s35_unknown_mode", "S35",
     add("/toolConfig", R"({"functionCallingConfig":{"mode":"MAYBE"}})")},
    {"s35_allowed_with_auto", "S35",
     add("/toolConfig",
         R"({"functionCallingConfig":{"mode":"AUTO","allowedFunctionNames":["get_time"]}})")},
    {"s35_allowed_but_undeclared", "S35",
     add("/toolConfig",
         R"({"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["x"]}})")},
    {"s36_empty_config", "S36", add("/toolConfig", "{}")},
    {"s36_config_without_functions", "S36",
     R"([{"op":"remove","path":"/tools"},{"op":"add","path":"/toolConfig",)"
     R"("value":{"functionCallingConfig":{"mode":"ANY"}}}])"},
    {"s38_level_and_budget", "S38",
     add("/generationConfig", R"({"thinkingConfig":{"thinkingLevel":"LOW","thinkingBudget":1}})")},
    {"s38_unknown_level", "S38",
     add("/generationConfig", R"({"thinkingConfig":{"thinkingLevel":"MINIMAL"}})")},
    {"s39_output_limit", "S39", add("/generationConfig", R"({"maxOutputTokens":0})")},
    {"s39_temperature", "S39", add("/generationConfig", R"({"temperature":2.1})")},
    {"s40_system_as_text", "S40", add("/systemInstruction", R"("Be brief.")")},
    {"s41_signature_is_no_base64", "S41", add("/contents/0/parts/0/thoughtSignature", R"("a b")")},
    {"s42_image_without_type", "S42",
     add("/contents/0/parts/-", R"({"inlineData":{"data":"QUJD"}})")},
    {"s44_openai_keys", "S7", add("/messages", "[]")},
    {"s45_stream_in_the_body", "S7", add("/stream", "true")},
    {"s45_model_in_the_body", "S7", add("/model", R"("gemini-3.8-flash")")},
    {"s48_category_twice", "S48",
     add("/safetySettings", R"([{"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF"},)"
                            R"({"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF"}])")},
};

INSTANTIATE_TEST_SUITE_P(Table, FakeGeminiRules, testing::ValuesIn(kBroken),
                         [](const auto& row) { return std::string(row.param.name); });

class FakeGeminiSchemas : public FakeGeminiTest,
                          public testing::WithParamInterface<std::pair<const char*, const char*>> {
};

TEST_P(FakeGeminiSchemas, s32_refuse_what_the_older_schema_form_lacks) {
  Json body = valid_body();
  Json& declaration = body["tools"][0]["functionDeclarations"][0];
  declaration.erase("parametersJsonSchema");
  declaration["parameters"] = Json::parse(GetParam().second);
  EXPECT_EQ(post(dump_json(body)).status, 400);
  EXPECT_TRUE(violated("S32"));
}

INSTANTIATE_TEST_SUITE_P(
    Table, FakeGeminiSchemas,
    testing::Values(
        std::make_pair("unknown_key", R"({"type":"OBJECT","additionalProperties":false})"),
        std::make_pair("type_list", R"({"type":["OBJECT","NULL"]})"),
        std::make_pair("number_in_enum",
                       R"({"type":"OBJECT","properties":{"a":{"type":"STRING","enum":[1]}}})"),
        std::make_pair("enum_of_integers",
                       R"({"type":"OBJECT","properties":{"a":{"type":"INTEGER","enum":["1"]}}})"),
        std::make_pair("array_without_items",
                       R"({"type":"OBJECT","properties":{"a":{"type":"ARRAY"}}})"),
        std::make_pair("required_unknown",
                       R"({"type":"OBJECT","properties":{"a":{}},"required":["b"]})"),
        std::make_pair("empty_root", R"({"type":"OBJECT","properties":{}})")),
    [](const auto& row) { return std::string(row.param.first); });

TEST_F(FakeGeminiTest, answers_a_valid_request_and_complains_about_nothing) {
  const Reply reply = post(dump_json(valid_body()));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body["candidates"][0]["content"]["parts"][0]["functionCall"]["name"],
            "create_intent");
  EXPECT_EQ(service_.violations(), Lines{});
}

TEST_F(FakeGeminiTest, s01_other_paths_and_methods_are_not_found) {
  EXPECT_EQ(post("{}", "/v1/models/gemini-3.8-flash:generateContent").status, 404);
  EXPECT_TRUE(violated("S1"));
  EXPECT_EQ(post("{}", "/v1beta/models/gemini-3.8-flash%3AgenerateContent").status, 404);
  EXPECT_EQ(post("{}", "/v1beta/models/../x:generateContent").status, 404);
}

TEST_F(FakeGeminiTest, s02_streaming_without_alt_sse_gives_an_array) {
  const Reply reply =
      post(dump_json(valid_body()), "/v1beta/models/gemini-3.8-flash:streamGenerateContent");
  EXPECT_TRUE(reply.body.is_array());
  EXPECT_TRUE(violated("S2"));
}

TEST_F(FakeGeminiTest, s03_exactly_one_credential) {
  EXPECT_EQ(post("{}", kPath, {{"Content-Type", "application/json"}}).status, 403);
  EXPECT_TRUE(violated("S3"));
  EXPECT_EQ(post("{}", kPath,
                 {{"Content-Type", "application/json"},
                  {"x-goog-api-key", "test-key"},
                  {"Authorization", "Bearer test-key"}})
                .status,
            400);
  EXPECT_TRUE(violated("S3"));
}

TEST_F(FakeGeminiTest, s04_a_wrong_key_is_a_400) {
  const Reply reply =
      post("{}", kPath, {{"Content-Type", "application/json"}, {"x-goog-api-key", "other"}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body["error"]["details"][0]["reason"], "API_KEY_INVALID");
  EXPECT_TRUE(violated("S4"));
}

TEST_F(FakeGeminiTest, s05_the_key_belongs_into_the_header) {
  Json body = valid_body();
  body["contents"][0]["parts"][0]["text"] = "my key is test-key";
  post(dump_json(body));
  EXPECT_TRUE(violated("S5"));
  post("{}", kPath + "?key=test-key", {{"Content-Type", "application/json"}});
  EXPECT_EQ(service_.violations().at(1), "S5 the key stands in the URL");
}

TEST_F(FakeGeminiTest, s06_bodies_are_clean_json) {
  const HttpHeaders text = {{"x-goog-api-key", "test-key"}, {"Content-Type", "text/plain"}};
  EXPECT_EQ(post(dump_json(valid_body()), kPath, text).status, 400);
  EXPECT_TRUE(violated("S6"));
  for (const char* body :
       {"{", "[]", R"({"contents":[],"contents":[]})", "{\"a\":\"\xFF\"}", R"({"contents":NaN})"}) {
    EXPECT_EQ(post(body).status, 400) << body;
    EXPECT_TRUE(violated("S6")) << body;
  }
}

TEST_F(FakeGeminiTest, s08_unknown_models_are_not_found) {
  EXPECT_EQ(post(dump_json(valid_body()), "/v1beta/models/gemini-9:generateContent").status, 404);
  EXPECT_TRUE(violated("S8"));
}

TEST_F(FakeGeminiTest, s12_unsigned_empty_text_is_noticed) {
  Json body = valid_body();
  body["contents"][0]["parts"].push_back({{"text", ""}});
  EXPECT_EQ(post(dump_json(body)).status, 200);
  EXPECT_EQ(service_.violations().at(0), "S12 unsigned empty text at contents[0].parts[1]");
}

TEST_F(FakeGeminiTest, s18_s19_mismatched_responses_get_an_empty_answer) {
  const Json contents = issued_contents();
  Json wrong_id = response_to(contents[1]);
  wrong_id["parts"][0]["functionResponse"]["id"] = "other";
  Json wrong_name = response_to(contents[1]);
  wrong_name["parts"][0]["functionResponse"]["name"] = "get_time";
  for (const auto& [response, rule] :
       std::vector<std::pair<Json, std::string>>{{wrong_id, "S18"}, {wrong_name, "S19"}}) {
    Json all = contents;
    all.push_back(response);
    const Reply reply = post_contents(all);
    EXPECT_EQ(reply.status, 200);
    EXPECT_FALSE(reply.body["candidates"][0]["content"].contains("parts"));
    EXPECT_TRUE(violated(rule));
  }
}

TEST_F(FakeGeminiTest, s23_to_s27_issued_parts_must_come_back_as_they_were) {
  const Json contents = issued_contents();
  const auto send = [&](const std::string& patch) {
    Json all = contents;
    all[1] = all[1].patch(Json::parse(patch));
    all.push_back(response_to(all[1]));
    return post_contents(all).status;
  };
  EXPECT_EQ(send("[]"), 200);
  EXPECT_EQ(service_.violations(), Lines{});
  EXPECT_EQ(send(R"([{"op":"remove","path":"/parts/0/thoughtSignature"}])"), 400);
  EXPECT_TRUE(violated("S23"));
  EXPECT_EQ(send(add("/parts/0", R"({"text":"moved"})")), 200);
  EXPECT_TRUE(violated("S23 S26 S27 S43"));
  EXPECT_EQ(send(add("/parts/0/functionCall/args/query", R"("other")")), 200);
  EXPECT_TRUE(violated("S23 S26 S27 S43"));
  EXPECT_EQ(send(add("/parts/-", R"({"functionCall":{"id":"x","name":"get_time"}})")), 200);
  EXPECT_TRUE(violated("S23 S26 S27 S43"));
  EXPECT_EQ(send(add("/parts/-", R"({"functionCall":{"id":"x","name":"get_time"},)"
                                 R"("thoughtSignature":"skip_thought_signature_validator"})")),
            200);
  const Lines all = service_.violations();
  EXPECT_EQ(all.at(all.size() - 2).rfind("S24 ", 0), 0U);
  EXPECT_EQ(send(add("/parts/0/thoughtSignature", R"("skip_thought_signature_validator")")), 200);
  EXPECT_TRUE(violated("S25"));
}

TEST_F(FakeGeminiTest, s26_parallel_calls_must_stay_together) {
  const Json contents = issued_contents();
  FakeGemini pair([](const fakes::ModelView&) {
    return fakes::ModelStep{"", {{"get_time", Json::object()}, {"get_time", {{"a", 1}}}}};
  });
  HttpRequest request;
  request.url = pair.url() + kPath;
  request.headers = {{"x-goog-api-key", "test-key"}, {"Content-Type", "application/json"}};
  request.body = dump_json(valid_body());
  const Json content =
      Json::parse(net::fetch(client_, request, context_).body)["candidates"][0]["content"];
  Json first{{"role", "model"}, {"parts", Json::array({content["parts"][0]})}};
  Json second{{"role", "model"}, {"parts", Json::array({content["parts"][1]})}};
  Json body = valid_body();
  for (const Json& item : {first, response_to(first), second, response_to(second)}) {
    body["contents"].push_back(item);
  }
  request.body = dump_json(body);
  EXPECT_EQ(net::fetch(client_, request, context_).head.status, 400);
}

TEST_F(FakeGeminiTest, s34_too_many_declarations) {
  Json body = valid_body();
  for (int i = 0; i < 512; ++i) {
    body["tools"][0]["functionDeclarations"].push_back(
        {{"name", "f" + std::to_string(i)}, {"description", ""}});
  }
  EXPECT_EQ(post(dump_json(body)).status, 400);
  EXPECT_TRUE(violated("S34"));
}

TEST_F(FakeGeminiTest, s37_declarations_stay_while_there_are_calls) {
  Json body = valid_body();
  body["contents"] = issued_contents();
  body["contents"].push_back(response_to(body["contents"][1]));
  body.erase("tools");
  EXPECT_EQ(post(dump_json(body)).status, 200);
  EXPECT_TRUE(violated("S37"));
}

TEST_F(FakeGeminiTest, s46_a_refused_request_sent_again_is_noticed) {
  service_.play(GivenAnswer::json(403, Json::parse(R"({"error":{"code":403}})")));
  EXPECT_EQ(post(dump_json(valid_body())).status, 403);
  EXPECT_EQ(service_.violations(), Lines{});
  EXPECT_EQ(post(dump_json(valid_body())).status, 200);
  EXPECT_TRUE(violated("S46"));
}

}  // namespace
}  // namespace cartpilot::gemini::tests
