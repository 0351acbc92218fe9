// The function format for programs with their own model loop.
#include "gemini/functions.h"

#include <gtest/gtest.h>

#include "answer_log.h"
#include "cartpilot/error.h"

namespace cartpilot::gemini::tests {
namespace {

/// Parses `message`, lets every call succeed with {"ok":1}, {"ok":2} ..., and returns the answer.
std::string handled(const std::string& message) {
  std::vector<ToolResult> results;
  int number = 0;
  for (const ToolCall& call : parse_calls(Json::parse(message))) {
    ToolResult result;
    result.call_id = call.id;
    result.name = call.name;
    result.content = Json{{"ok", ++number}};
    result.provider_metadata = call.provider_metadata;
    results.push_back(result);
  }
  return dump_json(encode_responses(results));
}

TEST(GeminiFunctions, a_bare_call_gets_a_bare_response) {
  EXPECT_EQ(handled(R"({"name":"f","args":{"a":1},"id":"x1"})"),
            R"({"id":"x1","name":"f","response":{"ok":1}})");
  EXPECT_EQ(handled(R"({"name":"f"})"), R"({"name":"f","response":{"ok":1}})");
}

TEST(GeminiFunctions, a_part_gets_a_part) {
  EXPECT_EQ(handled(R"({"functionCall":{"name":"f","args":{}},"thoughtSignature":"S="})"),
            R"({"functionResponse":{"name":"f","response":{"ok":1}}})");
  EXPECT_EQ(handled(R"({"function_call":{"name":"f","id":"q"}})"),
            R"({"functionResponse":{"id":"q","name":"f","response":{"ok":1}}})");
}

TEST(GeminiFunctions, a_list_of_calls_gets_a_list) {
  EXPECT_EQ(
      handled(R"([{"name":"f","id":"1"},{"name":"g","id":"2"}])"),
      R"([{"id":"1","name":"f","response":{"ok":1}},{"id":"2","name":"g","response":{"ok":2}}])");
  EXPECT_EQ(handled(R"([{"functionCall":{"name":"f"}}])"),
            R"([{"functionResponse":{"name":"f","response":{"ok":1}}}])");
}

TEST(GeminiFunctions, a_content_gets_the_content_that_follows_it) {
  const std::string parts =
      R"("parts":[{"text":"Looking."},{"functionCall":{"id":"1","name":"f"}},)"
      R"({"functionCall":{"id":"2","name":"g"}}])";
  const std::string expected =
      R"({"role":"user","parts":[{"functionResponse":{"id":"1","name":"f","response":{"ok":1}}},)"
      R"({"functionResponse":{"id":"2","name":"g","response":{"ok":2}}}]})";
  EXPECT_EQ(handled(R"({"role":"model",)" + parts + "}"), expected);
  EXPECT_EQ(handled("{" + parts + "}"), expected);
  EXPECT_EQ(handled(R"({"candidates":[{"content":{"role":"model",)" + parts +
                    R"(},"finishReason":"STOP"}]})"),
            expected);
}

TEST(GeminiFunctions, a_single_call_in_a_content_is_still_answered_as_a_content) {
  EXPECT_EQ(handled(R"({"role":"model","parts":[{"functionCall":{"name":"f"}}]})"),
            R"({"role":"user","parts":[{"functionResponse":{"name":"f","response":{"ok":1}}}]})");
}

TEST(GeminiFunctions, a_message_without_calls_has_no_calls) {
  for (const char* message : {R"({"role":"model","parts":[{"text":"Hi"}]})", R"({"role":"model"})",
                              R"({"candidates":[{"finishReason":"STOP"}]})"}) {
    EXPECT_TRUE(parse_calls(Json::parse(message)).empty()) << message;
  }
}

TEST(GeminiFunctions, the_prefix_of_the_service_goes_but_the_response_keeps_it) {
  EXPECT_EQ(parse_calls(Json::parse(R"({"name":"default_api:f"})")).at(0).name, "f");
  EXPECT_EQ(handled(R"({"name":"default_api:f"})"),
            R"({"name":"default_api:f","response":{"ok":1}})");
}

TEST(GeminiFunctions, made_up_ids_differ_between_calls_and_messages) {
  std::set<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    for (const ToolCall& call : parse_calls(Json::parse(R"([{"name":"f"},{"name":"f"}])"))) {
      ids.insert(call.id);
    }
  }
  EXPECT_EQ(ids.size(), 6U);
}

TEST(GeminiFunctions, arguments_that_cannot_be_read_are_an_error_of_the_call) {
  const ToolCall call = parse_calls(Json::parse(R"({"name":"f","args":"{oops"})")).at(0);
  EXPECT_EQ(call.arguments, Json::object());
  EXPECT_EQ(call.arguments_error.rfind("the arguments of f are not valid JSON", 0), 0U);
}

TEST(GeminiFunctions, other_messages_are_refused_with_the_forms_that_are_expected) {
  for (const char* message :
       {"7", "null", "\"f\"", "{}", R"({"name":7})", R"({"name":""})", R"([1])",
        R"({"id":"c","type":"function","function":{"name":"f","arguments":"{}"}})",
        R"({"role":"assistant","content":"hi"})", R"({"role":"user","parts":[]})",
        R"({"candidates":[]})", R"({"candidates":[{"content":[]}]})", R"({"parts":{}})"}) {
    try {
      parse_calls(Json::parse(message));
      ADD_FAILURE() << message << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
      EXPECT_EQ(
          std::string(error.what()).rfind("not a Gemini function call; expected {\"name\"", 0), 0U);
    }
  }
}

TEST(GeminiFunctions, the_response_is_the_tools_own_object) {
  const Json error = tool_error("NOT_FOUND", "No such offer.").content;
  EXPECT_EQ(response_object(error, true), error);
  const Json answer = Json::parse(R"({"b":1,"a":[{"x":null}]})");
  EXPECT_EQ(dump_json(response_object(answer, false)), R"({"b":1,"a":[{"x":null}]})");
}

TEST(GeminiFunctions, results_without_metadata_still_get_an_answer) {
  ToolResult result;
  result.name = "f";
  EXPECT_EQ(dump_json(encode_responses({result})), R"({"name":"f","response":{}})");
  EXPECT_EQ(encode_responses({result, result})["parts"].size(), 2U);
}

TEST(GeminiFunctions, declarations_in_both_forms) {
  Lines notices;
  EXPECT_EQ(
      encode_declarations(weather_tools(), SchemaForm::kParameters, notices),
      Json::parse(
          R"([{"name":"get_weather","description":"Current weather of a city.","parameters":)"
          R"({"type":"OBJECT","properties":{"city":{"type":"STRING"},"days":{"type":"INTEGER"}},)"
          R"("required":["city"]}},{"name":"get_time","description":"Time of day."}])"));
  EXPECT_TRUE(notices.empty());
}

TEST(GeminiFunctions, names_the_service_would_refuse_get_a_stable_wire_name_and_back) {
  EXPECT_EQ(wire_name("get_weather"), "get_weather");
  EXPECT_EQ(wire_name(std::string(64, 'a')), std::string(64, 'a'));
  const std::string slashed = wire_name("server/get weather");
  EXPECT_EQ(slashed.rfind("server_get_weather_", 0), 0U);
  EXPECT_EQ(slashed, wire_name("server/get weather"));
  EXPECT_NE(slashed, wire_name("server.get weather"));
  for (const std::string& name : {std::string("9lives"), std::string(65, 'a'), std::string(),
                                  std::string("\xC3\xA9t\xC3\xA9")}) {
    const std::string wire = wire_name(name);
    EXPECT_LE(wire.size(), 64U);
    EXPECT_EQ(wire_name(wire), wire) << "is a legal name itself";
  }
  ToolSpec tool;
  tool.name = "server/get weather";
  EXPECT_EQ(declared_name(slashed, wire_names({tool})), "server/get weather");
  EXPECT_EQ(declared_name("default_api:" + slashed, wire_names({tool})), "server/get weather");
}

}  // namespace
}  // namespace cartpilot::gemini::tests
