#include "schema/validator.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace cartpilot::schema {

bool operator==(const Violation& a, const Violation& b) {
  return a.path == b.path && a.message == b.message;
}
void PrintTo(const Violation& violation, std::ostream* out) {
  *out << '"' << violation.path << "\" " << violation.message;
}

namespace {

using Violations = std::vector<Violation>;

Violations violations_of(const char* schema, const char* instance) {
  return SchemaValidator(parse_json(schema)).validate(parse_json(instance));
}

constexpr const char* kCheckoutSchema = R"({
  "type": "object",
  "properties": {
    "offer_id": {"type": "string", "description": "from get_intent_offers"},
    "items": {
      "type": "array",
      "items": {
        "type": "object",
        "properties": {
          "product_id": {"type": "string"},
          "variant_id": {"type": "string"},
          "quantity": {"type": "integer", "minimum": 1}
        },
        "required": ["product_id", "quantity"]
      }
    }
  },
  "required": ["offer_id", "items"]
})";

TEST(SchemaValidator, accepts_arguments_that_fit) {
  EXPECT_EQ(violations_of(kCheckoutSchema,
                          R"({"offer_id":"o","items":[{"product_id":"p","quantity":2}]})"),
            Violations{});
}

TEST(SchemaValidator, names_the_exact_place_of_every_problem) {
  EXPECT_EQ(violations_of(kCheckoutSchema,
                          R"({"items":[{"product_id":"p","quantity":2.5},{"product_id":7},
                              {"product_id":"p","quantity":"2"},{"product_id":"p","quantity":0}]})"),
            (Violations{{"/offer_id", "is missing"},
                        {"/items/0/quantity", "is 2.5, must be an integer"},
                        {"/items/1/quantity", "is missing"},
                        {"/items/1/product_id", "is 7, must be a string"},
                        {"/items/2/quantity", "is \"2\", must be an integer"},
                        {"/items/3/quantity", "is 0, must be at least 1"}}));
}

TEST(SchemaValidator, describes_each_kind_of_problem_in_plain_words) {
  const std::vector<std::tuple<const char*, const char*, const char*>> table = {
      {R"({"type":["string","null"]})", "[]", "is an array, must be a string or null"},
      {R"({"type":"object"})", "{\"a\":1}", ""},
      {R"({"const":{"a":1}})", "3", "is 3, must be an object"},
      {R"({"enum":["a","b",3]})", "\"c\"", "is \"c\", must be one of \"a\", \"b\", 3"},
      {R"({"maximum":9})", "10", "is 10, must be at most 9"},
      {R"({"exclusiveMinimum":1})", "1", "is 1, must be more than 1"},
      {R"({"exclusiveMaximum":1})", "1.0", "is 1.0, must be less than 1"},
      {R"({"multipleOf":0.01})", "0.015", "is 0.015, must be a multiple of 0.01"},
      {R"({"minLength":1})", "\"\"", "has 0 characters, must have at least 1"},
      {R"({"maxLength":1})", "\"ab\"", "has 2 characters, must have at most 1"},
      {R"({"pattern":"^a+$"})", "\"b\"", "is \"b\", must match the pattern ^a+$"},
      {R"({"minItems":2})", "[1]", "has 1 item, must have at least 2"},
      {R"({"uniqueItems":true})", "[1,2,1.0]", "has the item 1 twice, all must differ"},
      {R"({"maxProperties":0})", "{\"a\":1}", "has 1 member, must have at most 0"},
      {R"({"not":{"type":"string"}})", "\"x\"", "is \"x\", which the schema excludes"},
      {R"({"oneOf":[{"type":"number"},{"type":"integer"}]})", "1",
       "fits 2 of the alternatives, must fit exactly one"},
      {R"({"anyOf":[{"type":"string"},{"minimum":5}]})", "1",
       "fits none of 2 alternatives; (1) is 1, must be a string; (2) is 1, must be at least 5"},
      {"false", "1", "is not allowed"},
  };
  for (const auto& [schema, instance, message] : table) {
    const Violations expected = *message == '\0' ? Violations{} : Violations{{"", message}};
    EXPECT_EQ(violations_of(schema, instance), expected) << schema << " " << instance;
  }
}

TEST(SchemaValidator, names_the_known_members_when_one_is_unknown) {
  EXPECT_EQ(violations_of(R"({"properties":{"quantity":{},"sku":{}},"additionalProperties":false})",
                          R"({"quantty":1})"),
            (Violations{{"/quantty", "is not a known member; known are \"quantity\", \"sku\""}}));
  EXPECT_EQ(violations_of(R"({"properties":{"old":false}})", R"({"old":1})"),
            (Violations{{"/old", "is not allowed"}}));
}

TEST(SchemaValidator, says_what_is_wrong_with_a_name) {
  EXPECT_EQ(violations_of(R"({"propertyNames":{"maxLength":2}})", R"({"ab":1,"abc":2})"),
            (Violations{{"/abc", "has a name that has 3 characters, must have at most 2"}}));
}

TEST(SchemaValidator, tells_where_inside_an_alternative_the_problem_is) {
  EXPECT_EQ(
      violations_of(R"({"properties":{"x":{"anyOf":[
                              {"properties":{"a/b":{"type":"integer"}},"type":"object"}]}}})",
                    R"({"x":{"a/b":"no"}})"),
      (Violations{{"/x", "fits none of 1 alternative; (1) /a~1b is \"no\", must be an integer"}}));
}

TEST(SchemaValidator, counts_characters_and_not_bytes) {
  EXPECT_EQ(violations_of(R"({"maxLength":2})", R"("äö")"), Violations{});
  EXPECT_EQ(violations_of(R"({"minLength":2})", R"("🐲")"),
            (Violations{{"", "has 1 character, must have at least 2"}}));
}

TEST(SchemaValidator, shows_only_the_beginning_of_a_long_value) {
  const std::string text(1'000'000, 'x');
  const auto violations = SchemaValidator(parse_json(R"({"type":"integer"})")).validate(Json(text));
  EXPECT_EQ(violations,
            (Violations{{"", "is \"" + std::string(60, 'x') + "...\", must be an integer"}}));
}

TEST(SchemaValidator, never_cuts_a_shown_value_inside_a_character) {
  const std::string text = std::string(59, 'x') + "ä and more";
  const auto violations = SchemaValidator(parse_json(R"({"type":"integer"})")).validate(Json(text));
  EXPECT_EQ(violations,
            (Violations{{"", "is \"" + std::string(59, 'x') + "...\", must be an integer"}}));
}

TEST(SchemaValidator, reports_at_most_twenty_problems) {
  Json numbers = Json::array();
  for (int i = 0; i < 1000; ++i) numbers.push_back(i);
  const SchemaValidator validator(parse_json(R"({"items":{"type":"string"}})"));
  EXPECT_EQ(validator.validate(numbers).size(), kMaxViolations);
}

TEST(SchemaValidator, refuses_an_instance_that_nests_without_end) {
  Json nested = Json::array();
  for (int i = 0; i < 300; ++i) nested = Json::array({std::move(nested)});
  const SchemaValidator validator(parse_json(R"({"items":{"$ref":"#"}})"));
  EXPECT_EQ(validator.validate(nested),
            (Violations{{"", "is too large or too deep to be checked"}}));
}

TEST(SchemaValidator, refuses_rather_than_hangs_when_the_alternatives_multiply) {
  // 4^15 ways lead to the last definition, and none of them fits.
  Json definitions = {{"15", {{"type", "string"}}}};
  for (int i = 0; i < 15; ++i) {
    const Json next = {{"$ref", "#/$defs/" + std::to_string(i + 1)}};
    definitions[std::to_string(i)] = {{"anyOf", {next, next, next, next}}};
  }
  const Json schema = {{"$ref", "#/$defs/0"}, {"$defs", definitions}};
  EXPECT_EQ(SchemaValidator(schema).validate(Json(1)),
            (Violations{{"", "is too large or too deep to be checked"}}));
}

TEST(SchemaValidator, narrows_integers_wherever_the_schema_asks_for_one) {
  const SchemaValidator validator(parse_json(R"({
    "properties": {
      "page": {"type": "integer"},
      "price": {"type": "number"},
      "either": {"type": ["integer", "number"]},
      "maybe": {"type": ["integer", "null"]},
      "list": {"items": {"$ref": "#/$defs/count"}},
      "pair": {"prefixItems": [{"type": "number"}, {"type": "integer"}]},
      "any": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
      "all": {"allOf": [{"minimum": 0}, {"type": "integer"}]}
    },
    "patternProperties": {"^n_": {"type": "integer"}},
    "additionalProperties": {"type": "integer"},
    "$defs": {"count": {"type": "integer"}}
  })"));
  Json instance = parse_json(
      R"({"page":2.0,"price":3.0,"either":4.0,"maybe":5.0,"list":[1.0,2],"pair":[1.0,2.0],
          "any":7.0,"all":8.0,"n_x":9.0,"other":-0.0})");
  validator.narrow_integers(instance);
  EXPECT_EQ(dump_json(instance),
            R"({"page":2,"price":3.0,"either":4.0,"maybe":5,"list":[1,2],"pair":[1.0,2],)"
            R"("any":7,"all":8,"n_x":9,"other":0})");
}

TEST(SchemaValidator, narrows_by_the_alternative_that_fits_only) {
  const SchemaValidator validator(parse_json(R"({"oneOf":[
    {"properties":{"kind":{"const":"money"},"value":{"type":"number"}}},
    {"properties":{"kind":{"const":"count"},"value":{"type":"integer"}}}]})"));
  Json money = parse_json(R"({"kind":"money","value":2.0})");
  Json count = parse_json(R"({"kind":"count","value":2.0})");
  validator.narrow_integers(money);
  validator.narrow_integers(count);
  EXPECT_EQ(dump_json(money), R"({"kind":"money","value":2.0})");
  EXPECT_EQ(dump_json(count), R"({"kind":"count","value":2})");
}

TEST(SchemaValidator, coerces_nothing_else) {
  const SchemaValidator validator(parse_json(R"({"items":{"type":"integer"}})"));
  const std::string before = R"(["2",2.5,true,null,1e+300,3])";
  Json instance = parse_json(before);
  validator.narrow_integers(instance);
  EXPECT_EQ(dump_json(instance), before);
}

TEST(SchemaValidator, narrows_up_to_the_limits_of_64_bits) {
  const SchemaValidator validator(parse_json(R"({"items":{"type":"integer"}})"));
  Json instance =
      parse_json("[9223372036854775808.0, -9223372036854775808.0, 18446744073709551616.0]");
  validator.narrow_integers(instance);
  EXPECT_EQ(dump_json(instance),
            "[9223372036854775808,-9223372036854775808,1.8446744073709552e+19]");
}

}  // namespace
}  // namespace cartpilot::schema
