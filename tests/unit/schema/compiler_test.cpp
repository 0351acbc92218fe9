#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "schema/validator.h"

namespace cartpilot::schema {
namespace {

std::string refusal_of(const Json& schema) {
  try {
    SchemaValidator validator(schema);
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "accepted";
}

TEST(SchemaCompiler, refuses_keywords_it_does_not_cover_and_names_the_place) {
  EXPECT_EQ(refusal_of(parse_json(R"({"properties":{"a/b":{"items":{"if":{}}}}})")),
            "JSON Schema: '#/properties/a~1b/items/if' uses the keyword \"if\", which is not "
            "supported here");
  for (const char* keyword : {"if",
                              "then",
                              "else",
                              "contains",
                              "minContains",
                              "maxContains",

                              "dependentRequired",
                              "dependentSchemas",
                              "unevaluatedItems",
                              "unevaluatedProperties",
                              "$anchor",
                              "$dynamicRef",
                              "$dynamicAnchor",
                              "$vocabulary",
                              "contentEncoding",
                              "definitions",
                              "additionalItems",
                              "dependencies",
                              "nullable",
                              "required_",
                              "Type"}) {
    EXPECT_NE(refusal_of(Json{{keyword, Json::object()}}), "accepted") << keyword;
  }
}

TEST(SchemaCompiler, accepts_annotations_and_names_that_look_like_keywords) {
  EXPECT_EQ(refusal_of(parse_json(R"({
    "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.org/tool",
    "title": "t", "description": "d", "$comment": "c", "default": {"if": 1}, "examples": [1],
    "format": "email", "deprecated": false, "readOnly": true, "writeOnly": false,
    "properties": {"if": {"type": "string"}, "$ref": {"type": "string"}},
    "enum": [{"$ref": "nowhere"}], "const": {"unevaluatedItems": false}
  })")),
            "accepted");
}

TEST(SchemaCompiler, refuses_malformed_keywords) {
  const std::vector<std::pair<const char*, const char*>> table = {
      {R"({"type":"int"})", "'#/type' names no type: \"int\""},
      {R"({"type":[]})", "'#/type' must name at least one type"},
      {R"({"type":["string","string"]})", "'#/type' names a type twice"},
      {R"({"type":{}})", "'#/type' names no type: {}"},
      {R"({"enum":"a"})", "'#/enum' must be an array"},
      {R"({"minimum":"1"})", "'#/minimum' must be a number"},
      {R"({"multipleOf":0})", "'#/multipleOf' must be more than 0"},
      {R"({"minLength":-1})", "'#/minLength' must be a whole number, 0 or more"},
      {R"({"maxItems":1.5})", "'#/maxItems' must be a whole number, 0 or more"},
      {R"({"pattern":3})", "'#/pattern' must be a string"},
      {R"({"pattern":"("})", "'#/pattern' pattern '(' cannot be used: missing closing parenthesis"},
      {R"({"patternProperties":{"[":{}}})",
       "'#/patternProperties/[' pattern '[' cannot be used: missing terminating ] for character "
       "class"},
      {R"({"uniqueItems":1})", "'#/uniqueItems' must be true or false"},
      {R"({"properties":[]})", "'#/properties' must be an object"},
      {R"({"properties":{"a":1}})", "'#/properties/a' must be a schema: an object or a boolean"},
      {R"({"items":[{}]})", "'#/items' must be a schema: an object or a boolean"},
      {R"({"prefixItems":{}})", "'#/prefixItems' must be a non-empty array of schemas"},
      {R"({"anyOf":[]})", "'#/anyOf' must be a non-empty array of schemas"},
      {R"({"required":"a"})", "'#/required' must be an array of names"},
      {R"({"required":["a","a"]})", "'#/required' names a member twice"},
      {R"({"required":[1]})", "'#/required' must be an array of names"},
      {R"({"description":1})", "'#/description' must be a string"},
      {R"({"deprecated":"no"})", "'#/deprecated' must be true or false"},
      {R"({"examples":{}})", "'#/examples' must be an array"},
      {R"({"$schema":"http://json-schema.org/draft-07/schema#"})",
       "'#/$schema' is \"http://json-schema.org/draft-07/schema#\"; schemas here are draft "
       "2020-12"},
      {R"({"items":{"$id":"x"}})", "'#/items/$id' is supported at the root only"},
      {R"({"$defs":{"a":0}})", "'#/$defs/a' must be a schema: an object or a boolean"},
      {"[]", "'#' must be a schema: an object or a boolean"},
  };
  for (const auto& [schema, message] : table) {
    EXPECT_EQ(refusal_of(parse_json(schema)).find(std::string("JSON Schema: ") + message), 0U)
        << schema << "\n  said " << refusal_of(parse_json(schema));
  }
}

TEST(SchemaCompiler, follows_references_inside_the_schema) {
  const SchemaValidator validator(parse_json(R"({
    "properties": {
      "tree": {"$ref": "#/$defs/tree"},
      "odd": {"$ref": "#/$defs/a~1b%25%22c"}
    },
    "$defs": {
      "tree": {"type": "object", "properties": {"children": {"items": {"$ref": "#/$defs/tree"}}}},
      "a/b%\"c": {"type": "string"}
    }
  })"));
  EXPECT_TRUE(validator.validate(parse_json(R"({"tree":{"children":[{"children":[]}]}})")).empty());
  const auto violations =
      validator.validate(parse_json(R"({"tree":{"children":[{"children":[3]}]},"odd":1})"));
  ASSERT_EQ(violations.size(), 2U);
  EXPECT_EQ(violations[0].path, "/tree/children/0/children/0");
  EXPECT_EQ(violations[1].path, "/odd");
}

TEST(SchemaCompiler, refuses_references_it_cannot_follow) {
  const std::vector<std::pair<const char*, const char*>> table = {
      {R"({"$ref":"#/$defs/none"})", "'#/$ref' points to '#/$defs/none', where there is no schema"},
      {R"({"$ref":"#/examples/0","examples":[{}]})",
       "'#/$ref' points to '#/examples/0', where there is no schema"},
      {R"({"$ref":"https://example.org/s"})",
       "'#/$ref' is \"https://example.org/s\"; only references inside the same schema"},
      {R"({"$ref":"#name"})", "'#/$ref' is \"#name\"; only references inside the same schema"},
      {R"({"$ref":3})", "'#/$ref' is 3; only references inside the same schema"},
  };
  for (const auto& [schema, message] : table) {
    EXPECT_EQ(refusal_of(parse_json(schema)).find(std::string("JSON Schema: ") + message), 0U)
        << refusal_of(parse_json(schema));
  }
}

TEST(SchemaCompiler, refuses_references_that_would_never_end) {
  for (const char* schema :
       {R"({"$ref":"#"})", R"({"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}})",
        R"({"allOf":[{"not":{"$ref":"#"}}]})",
        R"({"properties":{"x":{"$ref":"#/$defs/a"}},
            "$defs":{"a":{"anyOf":[{"$ref":"#/$defs/b"}]},"b":{"oneOf":[{"$ref":"#/$defs/a"}]}}})"}) {
    EXPECT_NE(refusal_of(parse_json(schema)).find("refers to itself"), std::string::npos) << schema;
  }
}

TEST(SchemaCompiler, refuses_schemas_that_nest_too_deeply) {
  Json nested = true;
  for (int i = 0; i < 200; ++i) nested = Json{{"items", std::move(nested)}};
  EXPECT_NE(refusal_of(nested).find("nests too deeply"), std::string::npos);
  Json negated = true;
  for (int i = 0; i < 60; ++i) negated = Json{{"not", std::move(negated)}};
  EXPECT_NE(refusal_of(negated).find("too many references in a row"), std::string::npos);
}

}  // namespace
}  // namespace cartpilot::schema
