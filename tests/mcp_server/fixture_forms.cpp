#include "mcp_server/fixture_forms.h"

#include <fmt/format.h>

#include <map>

namespace cartpilot::test {
namespace {

constexpr const char* kOneName =
    R"({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]})";
constexpr const char* kOneColor =
    R"({"type": "object", "properties": {"color": {"type": "string"}}, "required": ["color"]})";
constexpr const char* kConfirmation =
    R"({"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]})";
constexpr const char* kPerson = R"({
  "type": "object",
  "properties": {"username": {"type": "string", "description": "User's response"},
                 "email": {"type": "string", "description": "User's email address"}},
  "required": ["username", "email"]
})";
constexpr const char* kDefaults = R"({
  "type": "object",
  "properties": {"name": {"type": "string", "default": "John Doe"},
                 "age": {"type": "integer", "default": 30},
                 "score": {"type": "number", "default": 95.5},
                 "status": {"type": "string", "enum": ["active", "inactive", "pending"],
                            "default": "active"},
                 "verified": {"type": "boolean", "default": true}}
})";
constexpr const char* kChoices = R"({
  "type": "object",
  "properties": {
    "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
    "titledSingle": {"type": "string", "oneOf": [{"const": "value1", "title": "First Option"},
                                                 {"const": "value2", "title": "Second Option"}]},
    "legacyEnum": {"type": "string", "enum": ["opt1", "opt2"],
                   "enumNames": ["Option One", "Option Two"]},
    "untitledMulti": {"type": "array",
                      "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
    "titledMulti": {"type": "array",
                    "items": {"anyOf": [{"const": "value1", "title": "First Choice"},
                                        {"const": "value2", "title": "Second Choice"}]}}}
})";

struct Question {
  const char* name;
  const char* message;
  const char* schema;
};

const std::map<std::string, std::vector<Question>>& questions() {
  static const std::map<std::string, std::vector<Question>> all = {
      {"test_elicitation", {{"user", "", kPerson}}},
      {"test_elicitation_sep1034_defaults", {{"user", "Who are you?", kDefaults}}},
      {"test_elicitation_sep1330_enums", {{"choices", "What do you take?", kChoices}}},
      {"test_streaming_elicitation", {{"user_name", "What is your name?", kOneName}}},
      {"test_input_required_result_elicitation", {{"user_name", "What is your name?", kOneName}}},
      {"test_input_required_result_request_state", {{"confirm", "Please confirm", kConfirmation}}},
      {"test_input_required_result_tampered_state", {{"confirm", "Please confirm", kConfirmation}}},
      {"test_input_required_result_multi_round",
       {{"step1", "Step 1: What is your name?", kOneName},
        {"step2", "Step 2: What is your favorite color?", kOneColor}}}};
  return all;
}

const char* text_of(mcp::FormOutcome outcome) {
  switch (outcome) {
    case mcp::FormOutcome::kAccepted: return "accept";
    case mcp::FormOutcome::kDeclined: return "decline";
    case mcp::FormOutcome::kCancelled: return "cancel";
    case mcp::FormOutcome::kNoAnswer: return "none";
    default: return "not possible";
  }
}

}  // namespace

std::vector<mcp::ToolDescription> form_tools() {
  std::vector<mcp::ToolDescription> tools;
  for (const auto& [name, asked] : questions()) {
    Json schema = {{"type", "object"}, {"additionalProperties", false}};
    if (name == "test_elicitation") schema["properties"]["message"] = {{"type", "string"}};
    tools.push_back({name, name, "A fixture.", schema, {true, false, true, false}, Json::object()});
  }
  return tools;
}

mcp::CallResult ask_forms(const std::string& name, const Json& arguments, mcp::CallScope& scope) {
  mcp::CallResult result;
  for (const Question& question : questions().at(name)) {
    const mcp::FormReply reply =
        scope.ask_form({question.name, string_or(arguments, "message", question.message),
                        parse_json(question.schema, "the schema")});
    if (reply.outcome == mcp::FormOutcome::kReturn) return result;
    result.content.push_back(
        mcp::text_block(fmt::format("Elicitation completed: action={}, content={}",
                                    text_of(reply.outcome), dump_json(reply.content))));
    if (reply.outcome != mcp::FormOutcome::kAccepted) result.is_error = true;
  }
  // The dispatcher lets no other state through.
  result.content.push_back(mcp::text_block("state-ok"));
  return result;
}

}  // namespace cartpilot::test
