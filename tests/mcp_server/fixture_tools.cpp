#include "mcp_server/fixture_tools.h"

#include <chrono>
#include <thread>

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
        "test_logging_tool", "test_streaming_elicitation"}) {
    tools_.push_back({name, name, "A fixture.", nothing, {true, false, true, false}});
  }
  tools_.push_back({"json_schema_2020_12_tool",
                    "json_schema_2020_12_tool",
                    "A fixture.",
                    parse_json(kRichSchema, "the schema"),
                    {true, false, true, false}});
}

mcp::CallResult FixtureTools::call(const std::string& name, const Json&, mcp::CallScope& scope) {
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
  if (name == "test_streaming_elicitation") {
    // A client that shows pages is asked with the answer, never in between.
    scope.show_page("http://127.0.0.1:1/", "A page.");
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
