#include "mcp_server/fixture_tools.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "mcp_server/fixture_forms.h"

namespace cartpilot::test {
namespace {

/// One red pixel.
constexpr const char* kPicture =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJg"
    "gg==";
/// The head of a recording without samples.
constexpr const char* kSound = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";
/// The runner reads how the progress rises, so that there is something to see.
constexpr std::chrono::milliseconds kStep{50};

/// What the runner expects to come through `tools/list` unchanged.
constexpr const char* kRichSchema = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "$defs": {"address": {"$anchor": "addressDef", "type": "object",
                        "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}},
  "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"},
                 "contactMethod": {"type": "string", "enum": ["phone", "email"]},
                 "phone": {"type": "string"}, "email": {"type": "string"}},
  "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
  "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
  "then": {"required": ["phone"]},
  "else": {"required": ["email"]},
  "additionalProperties": false
})";

/// One argument that a client repeats in a header.
constexpr const char* kHeaderSchema = R"({
  "type": "object",
  "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
  "required": ["region"]
})";

Json picture() { return {{"type", "image"}, {"data", kPicture}, {"mimeType", "image/png"}}; }

Json resource(const char* uri, const char* type, const char* text) {
  return {{"type", "resource"}, {"resource", {{"uri", uri}, {"mimeType", type}, {"text", text}}}};
}

mcp::CallResult blocks(Json content) {
  mcp::CallResult result;
  result.content = std::move(content);
  return result;
}

}  // namespace

FixtureTools::FixtureTools() {
  const Json nothing = {{"type", "object"}, {"additionalProperties", false}};
  for (const char* name :
       {"test_simple_text", "test_image_content", "test_audio_content", "test_embedded_resource",
        "test_multiple_content_types", "test_error_handling", "test_tool_with_progress",
        "test_logging_tool", "test_tool_with_logging"}) {
    add(name, nothing);
  }
  add("json_schema_2020_12_tool", parse_json(kRichSchema, "the schema"));
  add("test_header_parameter", parse_json(kHeaderSchema, "the schema"));
  add("test_missing_capability", nothing, {{"sampling", Json::object()}});
  for (mcp::ToolDescription& tool : form_tools()) {
    forms_.push_back(tool.name);
    tools_.push_back(std::move(tool));
  }
}

void FixtureTools::add(const std::string& name, const Json& schema, const Json& required) {
  tools_.push_back({name, name, "A fixture.", schema, {true, false, true, false}, required});
}

mcp::CallResult FixtureTools::call(const std::string& name, const Json& arguments,
                                   mcp::CallScope& scope) {
  if (std::find(forms_.begin(), forms_.end(), name) != forms_.end()) {
    return ask_forms(name, arguments, scope);
  }
  if (name == "test_image_content") return blocks({picture()});
  if (name == "test_audio_content") {
    return blocks({{{"type", "audio"}, {"data", kSound}, {"mimeType", "audio/wav"}}});
  }
  if (name == "test_embedded_resource") {
    return blocks({resource("test://embedded-resource", "text/plain", "An embedded resource.")});
  }
  if (name == "test_multiple_content_types") {
    return blocks(
        {mcp::text_block("Several kinds:"), picture(),
         resource("test://mixed-content-resource", "application/json", R"({"value":1})")});
  }
  if (name == "test_error_handling") {
    mcp::CallResult result = blocks({mcp::text_block("This tool fails on purpose")});
    result.is_error = true;
    return result;
  }
  if (name == "test_logging_tool" || name == "test_tool_with_logging") {
    for (const char* text :
         {"Tool execution started", "Tool processing data", "Tool execution completed"}) {
      scope.log(mcp::LogLevel::kInfo, name, text);
      std::this_thread::sleep_for(kStep);
    }
  }
  if (name == "test_tool_with_progress") {
    for (const double done : {0.0, 50.0, 100.0}) {
      scope.progress(done, 100.0, "");
      std::this_thread::sleep_for(kStep);
    }
  }
  return blocks({mcp::text_block("This is " + name)});
}

}  // namespace cartpilot::test
