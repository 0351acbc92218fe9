#include "openai/strict_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "decode_testing.h"
#include "fakes/openai_rules.h"
#include "openai/chat_encode.h"
#include "openai/responses_encode.h"

namespace cartpilot::openai {
namespace {

using namespace testing;

std::string strict(const char* schema) {
  const std::optional<Json> result = strict_schema(parse_json(schema));
  return result ? dump_json(*result) : "none";
}

std::string root(const std::string& property) {
  return R"({"type":"object","properties":{"p":)" + property + "}}";
}

std::string without_nulls(const char* arguments, const char* schema) {
  Json value = parse_json(arguments);
  remove_optional_nulls(value, parse_json(schema));
  return dump_json(value);
}

TEST(StrictSchema, optional_members_become_required_and_nullable) {
  EXPECT_EQ(
      strict(R"({"type":"object","required":["query"],"properties":{"query":{"type":"string"},)"
             R"("limit":{"type":"integer","minimum":1,"default":10,"description":"How many"},)"
             R"("unit":{"type":"string","enum":["C","F"]},)"
             R"("tag":{"type":"object","properties":{"x":{"type":"string"}},"required":["x"]},)"
             R"("list":{"type":"array","items":{"type":"string","minLength":1}}}})"),
      R"({"type":"object","properties":{"query":{"type":"string"},)"
      R"("limit":{"type":["integer","null"],"minimum":1,)"
      R"("description":"How many. Default: 10. null means not given."},)"
      R"("unit":{"type":["string","null"],"enum":["C","F",null],"description":"null means not given."},)"
      R"("tag":{"anyOf":[{"type":"object","properties":{"x":{"type":"string"}},"required":["x"],)"
      R"("additionalProperties":false},{"type":"null"}]},)"
      R"("list":{"anyOf":[{"type":"array","items":{"type":"string","description":"Minimum length: 1."}},)"
      R"({"type":"null"}]}},"required":["query","limit","unit","tag","list"],)"
      R"("additionalProperties":false})");
}

TEST(StrictSchema, what_the_subset_cannot_say_is_not_made_strict) {
  for (
      const char* property :
      {R"({})", "true", R"({"type":"object"})", R"({"type":"object","additionalProperties":true})",
       R"({"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":{"type":"string"}})",
       R"({"type":"array"})", R"({"type":"array","items":{}})",
       R"({"type":"array","prefixItems":[]})", R"({"not":{"type":"string"}})",
       R"({"type":"string","if":{}})", R"({"enum":[1,"a"]})",
       R"({"allOf":[{"type":"string"},{"minLength":1}]})", R"({"$ref":"https://x/y"})",
       R"({"type":"object","properties":{},"required":["ghost"],"additionalProperties":false})"}) {
    EXPECT_EQ(strict(root(property).c_str()), "none") << property;
  }
  EXPECT_EQ(strict(R"({"type":"object","anyOf":[{"type":"object"}]})"), "none");
  EXPECT_EQ(strict(R"({"type":"string"})"), "none");
  std::string deep = R"({"type":"string"})";
  for (int i = 0; i < 12; ++i) deep = R"({"type":"array","items":)" + deep + "}";
  EXPECT_EQ(strict(root(deep).c_str()), "none");
}

TEST(StrictSchema, what_can_be_rewritten_is_rewritten) {
  const auto property = [](const char* schema) {
    return dump_json(parse_json(strict(
        (R"({"type":"object","required":["p"],"properties":{"p":)" + std::string(schema) + "}}")
            .c_str()))["properties"]["p"]);
  };
  EXPECT_EQ(property(R"({"oneOf":[{"type":"string"},{"type":"integer"}]})"),
            R"({"anyOf":[{"type":"string"},{"type":"integer"}]})");
  EXPECT_EQ(property(R"({"allOf":[{"type":"string","pattern":"a"}],"description":"d"})"),
            R"({"type":"string","pattern":"a","description":"d"})");
  EXPECT_EQ(property(R"({"enum":["a","b"],"title":"T","examples":["a"]})"),
            R"({"enum":["a","b"],"type":"string"})");
  EXPECT_EQ(property(R"({"type":"string","format":"uri"})"),
            R"({"type":"string","description":"Format: \"uri\"."})");
  EXPECT_EQ(property(R"({"type":"string","format":"email"})"),
            R"({"type":"string","format":"email"})");
}

TEST(StrictSchema, references_stay_references) {
  EXPECT_EQ(
      strict(
          R"({"type":"object","properties":{"n":{"$ref":"#/$defs/node","description":"x"}},)"
          R"("$defs":{"node":{"type":"object","properties":{"next":{"$ref":"#/$defs/node"}}}}})"),
      R"({"type":"object","$defs":{"node":{"type":"object","properties":{"next":{"anyOf":)"
      R"([{"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["next"],"additionalProperties":false}},)"
      R"("properties":{"n":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["n"],)"
      R"("additionalProperties":false})");
}

TEST(StrictSchema, only_nulls_that_the_schema_does_not_know_are_removed) {
  const char* schema =
      R"({"type":"object","required":["q"],"properties":{"q":{"type":"string"},"a":{"type":"string"},)"
      R"("n":{"type":["string","null"]},"e":{"enum":["x",null]},"u":{},)"
      R"("o":{"type":"object","properties":{"b":{"type":"string"}}},)"
      R"("l":{"type":"array","items":{"type":"object","properties":{"c":{"type":"integer"}}}},)"
      R"("any":{"anyOf":[{"type":"object","properties":{"d":{"type":"string"}}},{"type":"string"}]},)"
      R"("r":{"$ref":"#/$defs/s"}},"$defs":{"s":{"type":"string"}}})";
  EXPECT_EQ(without_nulls(
                R"({"q":null,"a":null,"n":null,"e":null,"u":null,"o":{"b":null},"l":[{"c":null}],)"
                R"("any":{"d":null},"r":null,"unknown":null})",
                schema),
            R"({"q":null,"n":null,"e":null,"u":null,"o":{},"l":[{}],"any":{},"unknown":null})");
  EXPECT_EQ(without_nulls(R"({"any":null})", schema), "{}");
  EXPECT_EQ(without_nulls("[null]", schema), "[null]");
}

/// Fills every member the strict schema asks for that is not given with null.
void fill(Json& value, const Json& schema) {
  if (schema.contains("anyOf")) {
    if (!value.is_null()) fill(value, schema["anyOf"][0]);
    return;
  }
  if (value.is_object() && schema.contains("properties")) {
    for (const auto& [name, property] : schema["properties"].items()) {
      fill(value[name], property);
    }
  } else if (value.is_array() && schema.contains("items")) {
    for (Json& element : value) fill(element, schema["items"]);
  }
}

TEST(StrictSchema, the_real_functions_make_the_round_trip) {
  const Json arguments = parse_json(R"({
    "create_intent":{"query":"x"},"get_intent_offers":{"intent_id":"i"},"get_offer_details":{"offer_id":"o"},
    "create_checkout":{"offer_id":"o","items":[{"product_id":"p","quantity":1},
                       {"product_id":"q","variant_id":"v","quantity":2}]},
    "get_checkout":{"checkout_id":"c"},
    "quote_checkout":{"checkout_id":"c","items":[{"product_id":"p","quantity":1}]},
    "request_approval":{"checkout_id":"c"},"approve_checkout":{"checkout_id":"c"},
    "confirm_checkout":{"checkout_id":"c"},"get_order_status":{"order_id":"o"},"list_orders":{}})");
  const std::vector<ToolSpec> tools = shop_tools();
  ASSERT_EQ(tools.size(), 11U);
  fakes::openai::DeclaredTools chat;
  fakes::openai::DeclaredTools responses;
  for (const ToolSpec& tool : tools) {
    // The fake service's own rules are the judge of what is strict.
    EXPECT_NO_THROW(
        fakes::openai::check_function(chat_tool(tool, true)["function"], tool.name, chat));
    EXPECT_NO_THROW(
        fakes::openai::check_function(responses_tool(tool, true), tool.name, responses));
    const Json schema = strict_schema(tool.parameters).value();
    Json written = arguments[tool.name];
    fill(written, schema);
    remove_optional_nulls(written, tool.parameters);
    EXPECT_EQ(written, arguments[tool.name]) << tool.name;
  }
  EXPECT_THAT(chat.strict, ::testing::Each(true));
  EXPECT_THAT(responses.strict, ::testing::Each(true));
}

TEST(StrictSchema, all_nulls_go_for_readers_without_schemas) {
  Json value = parse_json(R"({"a":null,"b":[{"c":null,"d":1},null],"e":{"f":null}})");
  remove_all_nulls(value);
  EXPECT_EQ(dump_json(value), R"({"b":[{"d":1},null],"e":{}})");
}

}  // namespace
}  // namespace cartpilot::openai
