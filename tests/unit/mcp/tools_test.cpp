#include "mcp/revision.h"
#include "unit/mcp/fake_tools.h"

namespace cartpilot::mcp {
namespace {

TEST(McpTools, each_revision_gets_the_list_in_its_form) {
  for (const std::string_view revision : kLegacyRevisions) {
    TestClient client;
    client.initialize(std::string(revision));
    const Json tools = client.legacy("tools/list").at("result").at("tools");
    Json first = {{"name", "echo"},
                  {"title", "Echo"},
                  {"description", "Says it again."},
                  {"inputSchema", {{"type", "object"}, {"additionalProperties", false}}},
                  {"annotations",
                   {{"title", "Echo"},
                    {"readOnlyHint", true},
                    {"destructiveHint", false},
                    {"idempotentHint", true},
                    {"openWorldHint", false}}}};
    if (revision < "2025-06-18") first.erase("title");
    if (revision < "2025-03-26") first.erase("annotations");
    EXPECT_EQ(tools.at(0), first) << revision;
    EXPECT_EQ(tools.size(), 5U);
  }
}

TEST(McpTools, the_list_is_the_same_every_time) {
  TestClient client;
  EXPECT_EQ(client.modern("tools/list"), client.modern("tools/list"));
}

TEST(McpTools, an_empty_cursor_is_the_first_page_and_every_other_is_refused) {
  TestClient client;
  client.initialize("2025-11-25");
  EXPECT_EQ(client.legacy("tools/list", {{"cursor", ""}}), client.legacy("tools/list"));
  EXPECT_EQ(error_code_of(client.legacy("tools/list", {{"cursor", "page-2"}})), kInvalidParams);
  EXPECT_EQ(error_code_of(client.legacy("tools/list", {{"cursor", 2}})), kInvalidParams);
}

TEST(McpTools, an_unknown_tool_is_invalid_params) {
  TestClient client;
  for (Json params :
       {Json{{"name", "steal"}}, Json{{"name", 5}}, Json::object(),
        Json{{"name", "echo"}, {"arguments", "a"}}, Json{{"name", "echo"}, {"arguments", nullptr}},
        Json{{"name", "echo"}, {"_meta", {{"progressToken", 1.5}}}}}) {
    EXPECT_EQ(error_code_of(client.modern("tools/call", params)), kInvalidParams) << params;
  }
}

TEST(McpTools, arguments_may_be_left_out) {
  TestClient client;
  EXPECT_EQ(client.modern("tools/call", {{"name", "echo"}}).at("result").at("content"),
            Json::array({text_block("{}")}));
}

TEST(McpTools, structured_content_goes_only_where_it_is_known) {
  for (const std::string_view revision : kLegacyRevisions) {
    TestClient client;
    client.initialize(std::string(revision));
    const Json result =
        client.legacy("tools/call", {{"name", "echo"}, {"arguments", {{"a", 1}}}}).at("result");
    EXPECT_EQ(result.contains("structuredContent"), revision >= "2025-06-18") << revision;
    EXPECT_EQ(result.at("content"), Json::array({text_block(R"({"a":1})")}));
  }
}

TEST(McpTools, a_refusal_is_a_result_that_the_text_alone_explains) {
  TestClient client;
  EXPECT_EQ(client.modern("tools/call", {{"name", "refuse"}}),
            response(1, modern_result({{"content", Json::array({text_block(R"({"error":true})")})},
                                       {"isError", true}})));
}

TEST(McpTools, a_tool_that_throws_is_a_result_too) {
  TestClient client;
  const Json result = client.modern("tools/call", {{"name", "break"}}).at("result");
  EXPECT_TRUE(result.at("isError").get<bool>());
  EXPECT_EQ(result.at("content").at(0).at("text"),
            Json(R"({"error":true,"error_code":"INTERNAL","message":"it broke"})"));
}

TEST(McpTools, blocks_of_other_kinds_pass_unchanged) {
  TestClient client;
  EXPECT_EQ(client.modern("tools/call", {{"name", "picture"}}).at("result").at("content"),
            Json::array({{{"type", "image"}, {"data", "aGk="}, {"mimeType", "image/png"}},
                         text_block("a picture")}));
}

}  // namespace
}  // namespace cartpilot::mcp
