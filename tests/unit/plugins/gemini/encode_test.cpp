// The request body: order of its members, tools, tool choice, settings.
#include "gemini/encode.h"

#include <gtest/gtest.h>

#include "answer_log.h"
#include "cartpilot/error.h"

namespace cartpilot::gemini::tests {
namespace {

struct EncodeSetup {
  std::map<std::string, std::string> options;
  std::string base_url;
  std::string model = "gemini-3.8-flash";
  Refused refused;
  std::vector<std::string> notices;
};

Json body_of(const GenerateRequest& request, EncodeSetup& setup) {
  vendor::Notices notices;
  Json body = encode_body(request, setup.model, parse_endpoint(setup.base_url),
                          parse_options(setup.options), setup.refused, notices);
  setup.notices = shown(notices);
  return body;
}

Json body_of(const GenerateRequest& request,
             const std::map<std::string, std::string>& options = {}) {
  EncodeSetup setup;
  setup.options = options;
  return body_of(request, setup);
}

GenerateRequest question() {
  GenerateRequest request;
  request.messages = {Message::user("Weather in Oslo?")};
  request.tools = weather_tools();
  return request;
}

GenerateRequest after_a_call() {
  GenerateRequest request = question();
  request.messages.push_back(
      decode_body(chunk(list({call_part("a", "Oslo", "S=")}), kStop)).message("gemini-3.8-flash"));
  ToolResult result;
  result.call_id = "a";
  request.messages.push_back(Message{Role::kTool, {result}, nullptr, "", ""});
  return request;
}

TEST(GeminiEncode, the_whole_body_of_a_first_question) {
  GenerateRequest request = question();
  request.system = "You are terse.";
  EXPECT_EQ(
      dump_json(body_of(request)),
      R"({"systemInstruction":{"parts":[{"text":"You are terse."}]},)"
      R"("tools":[{"functionDeclarations":[)"
      R"({"name":"get_weather","description":"Current weather of a city.","parametersJsonSchema":)"
      R"({"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},)"
      R"("required":["city"],"additionalProperties":false}},)"
      R"({"name":"get_time","description":"Time of day."}]}],)"
      R"("contents":[{"role":"user","parts":[{"text":"Weather in Oslo?"}]}],"store":false})");
}

TEST(GeminiEncode, nothing_optional_is_sent_without_need) {
  GenerateRequest request;
  request.messages = {Message::user("Hi")};
  request.tool_choice = "required";
  EXPECT_EQ(dump_json(body_of(request)),
            R"({"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"store":false})");
}

TEST(GeminiEncode, store_goes_to_google_only_unless_asked_for) {
  EncodeSetup setup;
  setup.base_url = "http://127.0.0.1:1";
  EXPECT_FALSE(body_of(question(), setup).contains("store"));
  setup.options = {{"store", "true"}};
  EXPECT_EQ(body_of(question(), setup)["store"], true);
  EXPECT_EQ(body_of(question(), {{"store", "true"}})["store"], true);
}

TEST(GeminiEncode, tool_choice_maps_to_calling_modes) {
  GenerateRequest request = question();
  EXPECT_FALSE(body_of(request).contains("toolConfig"));
  request.tool_choice = "none";
  EXPECT_EQ(body_of(request)["toolConfig"],
            Json::parse(R"({"functionCallingConfig":{"mode":"NONE"}})"));
  request.tool_choice = "required";
  EXPECT_EQ(body_of(request)["toolConfig"],
            Json::parse(R"({"functionCallingConfig":{"mode":"ANY"}})"));
  request.tool_choice = "get_time";
  EXPECT_EQ(body_of(request)["toolConfig"],
            Json::parse(
                R"({"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["get_time"]}})"));
}

TEST(GeminiEncode, a_tool_choice_nobody_declared_is_refused) {
  GenerateRequest request = question();
  request.tool_choice = "get_moon";
  try {
    body_of(request);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    EXPECT_STREQ(error.what(),
                 "no function 'get_moon' is declared; declared are get_time, get_weather");
  }
}

TEST(GeminiEncode, mode_any_ends_with_the_first_results) {
  EXPECT_EQ(
      body_of(question(), {{"tool-mode", "any"}})["toolConfig"]["functionCallingConfig"]["mode"],
      "ANY");
  EXPECT_FALSE(body_of(after_a_call(), {{"tool-mode", "any"}}).contains("toolConfig"));
  EXPECT_EQ(body_of(after_a_call(),
                    {{"tool-mode", "any"}, {"allowed-functions", "get_time"}})["toolConfig"],
            Json::parse(R"({"functionCallingConfig":{"mode":"VALIDATED",)"
                        R"("allowedFunctionNames":["get_time"]}})"));
}

TEST(GeminiEncode, validated_mode_stays) {
  EXPECT_EQ(body_of(after_a_call(), {{"tool-mode", "VALIDATED"}})["toolConfig"],
            Json::parse(R"({"functionCallingConfig":{"mode":"VALIDATED"}})"));
}

TEST(GeminiEncode, generation_settings_of_request_and_options) {
  GenerateRequest request = question();
  EXPECT_EQ(body_of(request, {{"temperature", "0.5"},
                              {"max-output-tokens", "100"},
                              {"thinking", "low"},
                              {"include-thoughts", "yes"}})["generationConfig"],
            Json::parse(R"({"maxOutputTokens":100,"temperature":0.5,)"
                        R"("thinkingConfig":{"thinkingLevel":"LOW","includeThoughts":true}})"));
  request.max_output_tokens = 7;
  request.temperature = 1.5;
  EXPECT_EQ(
      body_of(request, {{"temperature", "0.5"}, {"max-output-tokens", "100"}})["generationConfig"],
      Json::parse(R"({"maxOutputTokens":7,"temperature":1.5})"));
}

TEST(GeminiEncode, thinking_that_the_model_lacks_is_left_out_with_a_notice) {
  EncodeSetup setup;
  setup.options = {{"thinking", "minimal"}};
  EXPECT_FALSE(body_of(question(), setup).contains("generationConfig"));
  EXPECT_EQ(setup.notices, (Lines{"gemini-3.8-flash offers the thinking levels low, medium, high; "
                                  "the thinking option is left out"}));
  setup.model = "gemini-9-unheard-of";
  EXPECT_EQ(body_of(question(), setup)["generationConfig"]["thinkingConfig"]["thinkingLevel"],
            "MINIMAL");
}

TEST(GeminiEncode, a_model_that_refuses_json_schema_gets_the_older_form) {
  EncodeSetup setup;
  setup.refused.older_schema = true;
  const Json declaration = body_of(question(), setup)["tools"][0]["functionDeclarations"][0];
  EXPECT_TRUE(declaration.contains("parameters"));
  EXPECT_FALSE(declaration.contains("parametersJsonSchema"));
}

TEST(GeminiEncode, conversion_losses_are_told) {
  EncodeSetup setup;
  setup.options = {{"schema", "parameters"}};
  GenerateRequest request = question();
  request.tools[0].parameters["properties"]["city"]["not"] = Json{{"const", "Atlantis"}};
  body_of(request, setup);
  EXPECT_EQ(setup.notices, (Lines{"schema of get_weather.city: not left out"}));
}

}  // namespace
}  // namespace cartpilot::gemini::tests
