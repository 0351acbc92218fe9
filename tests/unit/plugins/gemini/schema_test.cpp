// Conversion of JSON Schema to the older `parameters`, row by row.
#include "gemini/schema.h"

#include <gtest/gtest.h>

#include "answer_log.h"

namespace cartpilot::gemini::tests {
namespace {

/// The converted schema of one property `x`, and what was lost.
std::pair<Json, Lines> property(const std::string& schema, const std::string& definitions = "{}") {
  Lines losses;
  const Json root = Json::parse(R"({"type":"object","properties":{"x":)" + schema +
                                R"(},"$defs":)" + definitions + "}");
  Json converted = parameters_of(root, "f", losses);
  return {converted["properties"]["x"], losses};
}

struct Row {
  const char* name;
  std::string from;
  std::string to;
  Lines losses = {};
  std::string definitions = "{}";
};

class GeminiSchema : public testing::TestWithParam<Row> {};

TEST_P(GeminiSchema, converts_a_property) {
  const Row& row = GetParam();
  const auto [converted, losses] = property(row.from, row.definitions);
  EXPECT_EQ(dump_json(converted), dump_json(Json::parse(row.to)));
  EXPECT_EQ(losses, row.losses);
}

const std::vector<Row> kRows = {
    {"string", R"({"type":"string","description":"A city."})",
     R"({"type":"STRING","description":"A city."})"},
    {"nullable", R"({"type":["string","null"]})", R"({"nullable":true,"type":"STRING"})"},
    {"two_types", R"({"type":["string","integer"]})",
     R"({"anyOf":[{"type":"STRING"},{"type":"INTEGER"}]})"},
    {"constant", R"({"const":"v"})", R"({"type":"STRING","format":"enum","enum":["v"]})"},
    {"enumeration", R"({"type":"string","enum":["a","b"]})",
     R"({"type":"STRING","format":"enum","enum":["a","b"]})"},
    {"enumeration_with_null", R"({"type":["string","null"],"enum":["a",null]})",
     R"({"nullable":true,"type":"STRING","format":"enum","enum":["a"]})"},
    {"enumeration_with_empty_text", R"({"type":"string","enum":["","a"]})",
     R"x({"type":"STRING","description":"(one of \"\", \"a\")"})x"},
    {"numbers_as_choice", R"({"type":"integer","enum":[1,2],"description":"Size."})",
     R"x({"type":"INTEGER","description":"Size. (one of 1, 2)"})x"},
    {"number_constant", R"({"const":7})", R"x({"type":"INTEGER","description":"(one of 7)"})x"},
    {"one_of", R"({"oneOf":[{"type":"string"},{"type":"integer"}]})",
     R"({"anyOf":[{"type":"STRING"},{"type":"INTEGER"}]})"},
    {"any_of_with_null", R"({"anyOf":[{"type":"string","maxLength":3},{"type":"null"}]})",
     R"({"nullable":true,"type":"STRING","maxLength":3})"},
    {"all_of",
     R"({"allOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},)"
     R"({"properties":{"b":{"type":"number"}},"required":["b"]}]})",
     R"({"type":"OBJECT","properties":{"a":{"type":"STRING"},"b":{"type":"NUMBER"}},)"
     R"("required":["a","b"]})"},
    {"dropped_annotations",
     R"({"type":"string","default":"x","examples":["y"],"$comment":"c","deprecated":true})",
     R"({"type":"STRING"})"},
    {"limits", R"({"type":"integer","minimum":1,"maximum":9})",
     R"({"type":"INTEGER","minimum":1,"maximum":9})"},
    {"exclusive_on_integers", R"({"type":"integer","exclusiveMinimum":0,"exclusiveMaximum":10})",
     R"({"type":"INTEGER","minimum":1,"maximum":9})"},
    {"exclusive_on_numbers", R"({"type":"number","exclusiveMinimum":0})",
     R"x({"type":"NUMBER","description":"(greater than 0)"})x"},
    {"known_format", R"({"type":"string","format":"date-time"})",
     R"({"type":"STRING","format":"date-time"})"},
    {"unknown_format", R"({"type":"string","format":"email","description":"Mail."})",
     R"x({"type":"STRING","description":"Mail. (format: email)"})x"},
    {"array_without_items", R"({"type":"array"})", R"({"type":"ARRAY","items":{"type":"STRING"}})"},
    {"array_limits",
     R"({"type":"array","items":{"type":"integer"},"minItems":1,"uniqueItems":true})",
     R"x({"type":"ARRAY","items":{"type":"INTEGER"},"minItems":1,"description":"(no item twice)"})x"},
    {"nested_object_without_properties", R"({"type":"object","properties":{}})",
     R"({"type":"OBJECT"})"},
    {"required_that_is_no_property",
     R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a","b"]})",
     R"({"type":"OBJECT","properties":{"a":{"type":"STRING"}},"required":["a"]})"},
    {"reference",
     R"({"$ref":"#/$defs/size","description":"Shoe size."})",
     R"({"type":"INTEGER","minimum":1,"description":"Shoe size."})",
     {},
     R"({"size":{"type":"integer","minimum":1}})"},
    {"broken_reference",
     R"({"$ref":"#/$defs/none"})",
     R"({"type":"OBJECT"})",
     {"f.x: reference '#/$defs/none' leads nowhere; became a free object"}},
    {"remote_reference",
     R"({"$ref":"https://example.com/s"})",
     R"({"type":"OBJECT"})",
     {"f.x: reference 'https://example.com/s' became a free object"}},
    {"anything", "true", R"({"type":"STRING"})", {"f.x: an open schema became text"}},
    {"map",
     R"({"type":"object","additionalProperties":{"type":"integer"}})",
     R"({"type":"OBJECT"})",
     {"f.x: the schema of additionalProperties left out"}},
    {"negation",
     R"({"type":"string","not":{"const":"a"}})",
     R"({"type":"STRING"})",
     {"f.x: not left out"}},
    {"choice_beside_properties",
     R"({"type":"object","properties":{"a":{"type":"string"}},"anyOf":[{"required":["a"]}]})",
     R"({"type":"OBJECT","properties":{"a":{"type":"STRING"}}})",
     {"f.x: anyOf beside properties left out"}},
};

INSTANTIATE_TEST_SUITE_P(Rows, GeminiSchema, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(GeminiSchemaConversion, recursion_ends_in_a_free_object) {
  Lines losses;
  const Json root = Json::parse(
      R"({"type":"object","properties":{"tree":{"$ref":"#/$defs/node"}},"$defs":{"node":)"
      R"({"type":"object","properties":{"child":{"$ref":"#/$defs/node"}}}}})");
  Json node = parameters_of(root, "f", losses)["properties"]["tree"];
  int depth = 0;
  while (node.contains("properties")) {
    node = Json(node["properties"]["child"]);
    ++depth;
  }
  EXPECT_EQ(depth, 8);
  EXPECT_EQ(node, (Json{{"type", "OBJECT"}}));
  EXPECT_EQ(losses.size(), 1U);
}

TEST(GeminiSchemaConversion, functions_without_arguments_are_recognised) {
  EXPECT_TRUE(takes_no_arguments(Json::parse(R"({"type":"object","properties":{}})")));
  EXPECT_TRUE(takes_no_arguments(Json::parse(R"({"type":"object","additionalProperties":false})")));
  EXPECT_TRUE(takes_no_arguments(Json::object()));
  EXPECT_FALSE(takes_no_arguments(Json::parse(R"({"properties":{"a":true}})")));
  EXPECT_FALSE(takes_no_arguments(Json::parse(R"({"$ref":"#/$defs/a","$defs":{}})")));
  EXPECT_FALSE(takes_no_arguments(
      Json::parse(R"({"type":"object","additionalProperties":{"type":"string"}})")));
}

TEST(GeminiSchemaConversion, a_json_schema_is_sent_as_it_is_with_a_root_type) {
  const Json schema = Json::parse(R"({"properties":{"a":{"const":1}},"$schema":"x"})");
  EXPECT_EQ(json_schema_of(schema),
            Json::parse(R"({"properties":{"a":{"const":1}},"$schema":"x","type":"object"})"));
}

}  // namespace
}  // namespace cartpilot::gemini::tests
