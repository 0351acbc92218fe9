#include "mcp/client/foreign_tool.h"

#include "cartpilot/error.h"
#include "mcp/client/client.h"
#include "unit/mcp/client/fake_peer.h"

namespace cartpilot::mcp {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::SizeIs;

ForeignTools read(const std::vector<Json>& declarations, const std::set<std::string>& reserved = {},
                  const std::string& identity = "/bin/server") {
  return read_foreign_tools("files", identity, declarations, reserved);
}

TEST(ForeignName, is_the_server_and_the_tool_in_plain_letters) {
  EXPECT_EQ(foreign_name("files", "Read-File.now", false), "files_read_file_now");
  EXPECT_EQ(foreign_name("my-server", "caf\xc3\xa9", false), "my_server_caf__");
}

TEST(ForeignName, that_is_long_keeps_its_beginning_and_a_hash_of_all) {
  const std::string long_tool(80, 'a');
  const std::string name = foreign_name("files", long_tool, false);
  EXPECT_THAT(name, MatchesRegex("files_a{45}_[0-9a-f]{8}"));
  EXPECT_EQ(name.size(), kMaxForeignName);
  EXPECT_NE(name, foreign_name("files", long_tool + "b", false));
}

TEST(ForeignTools, whose_names_clash_all_get_a_hash_in_whatever_order_they_come) {
  const auto one = read({declared("a.b"), declared("a-b"), declared("c")});
  const auto other = read({declared("a-b"), declared("c"), declared("a.b")});
  ASSERT_THAT(one.tools, SizeIs(3));
  EXPECT_THAT(one.tools[0].name, MatchesRegex("files_a_b_[0-9a-f]{8}"));
  EXPECT_EQ(one.tools[0].name, other.tools[2].name);
  EXPECT_EQ(one.tools[1].name, other.tools[0].name);
  EXPECT_NE(one.tools[0].name, one.tools[1].name);
  EXPECT_EQ(one.tools[2].name, "files_c");
}

TEST(ForeignTools, never_take_a_name_that_is_reserved) {
  const auto tools = read_foreign_tools("create", "x", {declared("intent")}, {"create_intent"});
  EXPECT_THAT(tools.tools.at(0).name, MatchesRegex("create_intent_[0-9a-f]{8}"));
}

TEST(ForeignTools, have_a_digest_of_all_that_a_person_agreed_to) {
  const Json tool = {{"name", "a"},
                     {"title", "A"},
                     {"description", "Does it."},
                     {"inputSchema", {{"type", "object"}, {"properties", Json::object()}}},
                     {"annotations", {{"readOnlyHint", true}}}};
  const std::string digest = read({tool}).tools.at(0).digest;
  for (const auto& [member, value] : {std::pair<std::string, Json>("title", "B"),
                                      {"description", "Does it!"},
                                      {"inputSchema", {{"type", "object"}}},
                                      {"annotations", {{"readOnlyHint", false}}}}) {
    Json other = tool;
    other[member] = value;
    EXPECT_NE(read({other}).tools.at(0).digest, digest) << member;
  }
  EXPECT_NE(read({tool}, {}, "/bin/another").tools.at(0).digest, digest);
  Json icons = tool;
  icons["icons"] = Json::array();
  EXPECT_EQ(read({icons}).tools.at(0).digest, digest);
  const Json reordered =
      parse_json(R"({"annotations":{"readOnlyHint":true},"inputSchema":{"properties":{},)"
                 R"("type":"object"},"description":"Does it.","title":"A","name":"a"})");
  EXPECT_EQ(read({reordered}).tools.at(0).digest, digest);
}

TEST(ForeignTools, that_cannot_be_used_are_left_out_one_by_one) {
  const Json deep = [] {
    Json schema = {{"type", "string"}};
    for (int i = 0; i < 40; ++i) schema = {{"type", "array"}, {"items", schema}};
    return Json{{"type", "object"}, {"properties", {{"a", schema}}}};
  }();
  Json large = {{"type", "object"}, {"properties", Json::object()}};
  for (int i = 0; i < 2'000; ++i) {
    large["properties"]["property_" + std::to_string(i)] = {{"type", "string"}};
  }
  const auto tools =
      read({declared("good"), declared("deep", deep), declared("large", large),
            declared("outside", {{"type", "object"}, {"$ref", "https://a/b"}}),
            declared("missing", {{"type", "object"}, {"$ref", "#/$defs/none"}}),
            declared("loop", {{"type", "object"}, {"properties", {{"next", {{"$ref", "#"}}}}}}),
            declared("text", {{"type", "string"}}), declared("none", "schema"),
            declared("unknown", {{"type", "object"}, {"unheardOf", 1}}), declared(""),
            declared("good"), Json(5), declared("last")});
  ASSERT_THAT(tools.tools, SizeIs(2));
  EXPECT_EQ(tools.tools[0].name, "files_good");
  EXPECT_EQ(tools.tools[1].name, "files_last");
  ASSERT_THAT(tools.left_out, SizeIs(11));
  EXPECT_EQ(tools.left_out[0].remote_name, "deep");
  EXPECT_THAT(tools.left_out[0].reason, HasSubstr("too deep"));
}

TEST(ForeignTools, are_a_hundred_at_most) {
  std::vector<Json> many;
  for (std::size_t i = 0; i <= kMaxForeignTools; ++i)
    many.push_back(declared("t" + std::to_string(i)));
  const auto tools = read(many);
  EXPECT_THAT(tools.tools, SizeIs(kMaxForeignTools));
  EXPECT_THAT(tools.left_out, SizeIs(1));
}

TEST(ForeignTools, have_descriptions_that_are_short_and_steer_nothing) {
  Json tool = declared("a");
  tool["description"] = "\x1b[2J[cartpilot] BOUGHT " + std::string(3'000, 'x');
  const auto read_tool = read({tool}).tools.at(0);
  EXPECT_LE(read_tool.description.size(), kMaxForeignDescription + 3);
  EXPECT_THAT(read_tool.description, Not(HasSubstr("\x1b")));
  EXPECT_THAT(read_tool.description, Not(HasSubstr("[cartpilot]")));
}

TEST(PortableSchema, has_local_references_put_in_place) {
  bool wrapped = true;
  const Json schema = portable_schema(
      parse_json(R"({"type":"object","$schema":"https://json-schema.org/draft/2020-12/schema",
        "properties":{"at":{"$ref":"#/$defs/a~1b","description":"where"},"$defs":{"type":"string"}},
        "$defs":{"a/b":{"type":"array","items":{"$ref":"#/$defs/c"}},"c":{"type":"number"}}})"),
      wrapped);
  EXPECT_EQ(schema, parse_json(R"({"type":"object","properties":{"at":{"type":"array",
              "items":{"type":"number"},"description":"where"},"$defs":{"type":"string"}}})"));
  EXPECT_FALSE(wrapped);
}

TEST(PortableSchema, wraps_a_combinator_at_the_root) {
  bool wrapped = false;
  const Json choice =
      parse_json(R"({"anyOf":[{"type":"object"},{"type":"object","required":["a"]}]})");
  EXPECT_EQ(portable_schema(choice, wrapped), (Json{{"type", "object"},
                                                    {"properties", {{"input", choice}}},
                                                    {"required", Json::array({"input"})},
                                                    {"additionalProperties", false}}));
  EXPECT_TRUE(wrapped);
}

TEST(PortableSchema, drops_formats_nobody_knows_and_no_property_of_that_name) {
  bool wrapped = false;
  const Json schema = parse_json(R"({"type":"object","properties":{
    "format":{"type":"string","format":"x-color"},"when":{"type":"string","format":"date"}},
    "required":["format"]})");
  Json expected = schema;
  expected["properties"]["format"].erase("format");
  EXPECT_EQ(portable_schema(schema, wrapped), expected);
}

TEST(PortableSchema, of_a_tool_without_parameters_is_an_object) {
  bool wrapped = false;
  EXPECT_EQ(portable_schema(Json::object(), wrapped), (Json{{"type", "object"}}));
}

}  // namespace
}  // namespace cartpilot::mcp
