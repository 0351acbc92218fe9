#include "unit/mcp/fake_tools.h"

namespace cartpilot::mcp {
namespace {

TEST(McpStateless, discover_tells_versions_capabilities_and_instructions) {
  TestClient client;
  EXPECT_EQ(client.modern("server/discover"),
            response(1, modern_result({{"supportedVersions", Json::array({"2026-07-28"})},
                                       {"capabilities", {{"tools", Json::object()}}},
                                       {"instructions", "Buy things."},
                                       {"ttlMs", 60'000},
                                       {"cacheScope", "private"}})));
}

TEST(McpStateless, tools_may_be_called_without_a_discover) {
  TestClient client;
  EXPECT_EQ(client.modern("tools/call", {{"name", "echo"}, {"arguments", {{"a", 1}}}}),
            response(1, modern_result({{"content", Json::array({text_block(R"({"a":1})")})},
                                       {"structuredContent", {{"a", 1}}}})));
}

TEST(McpStateless, the_list_may_be_kept_for_a_while) {
  TestClient client;
  const Json result = client.modern("tools/list").at("result");
  EXPECT_GE(result.at("ttlMs").get<int>(), 0);
  EXPECT_EQ(result.at("cacheScope"), Json("private"));
}

TEST(McpStateless, an_unknown_version_is_refused_with_those_there_are) {
  TestClient client;
  for (const char* version : {"2027-01-01", "2025-11-25", ""}) {
    const Json answer = client.legacy(
        "tools/list", {{"_meta",
                        {{"io.modelcontextprotocol/protocolVersion", version},
                         {"io.modelcontextprotocol/clientCapabilities", Json::object()}}}});
    EXPECT_EQ(error_code_of(answer), kUnsupportedVersion) << version;
    EXPECT_EQ(answer.at("error").at("data"),
              (Json{{"supported", Json::array({"2026-07-28"})}, {"requested", version}}));
  }
}

TEST(McpStateless, both_members_of_meta_are_required) {
  TestClient client;
  EXPECT_EQ(
      error_code_of(client.legacy(
          "tools/list", {{"_meta", {{"io.modelcontextprotocol/protocolVersion", "2026-07-28"}}}})),
      kInvalidParams);
  EXPECT_EQ(error_code_of(client.legacy(
                "tools/list",
                {{"_meta", {{"io.modelcontextprotocol/clientCapabilities", Json::object()}}}})),
            kInvalidParams);
  EXPECT_EQ(error_code_of(client.legacy("tools/list", {{"_meta", "no"}})), kInvalidParams);
  EXPECT_EQ(error_code_of(client.legacy(
                "tools/list", {{"_meta", {{"io.modelcontextprotocol/protocolVersion", 7}}}})),
            kInvalidParams);
}

TEST(McpStateless, ping_is_gone) {
  TestClient client;
  EXPECT_EQ(error_code_of(client.modern("ping")), kMethodNotFound);
}

TEST(McpStateless, initialize_is_gone) {
  TestClient client;
  const Json params = {{"protocolVersion", "2025-11-25"}};
  EXPECT_EQ(error_code_of(client.modern("initialize", params)), kMethodNotFound);
  EXPECT_EQ(error_code_of(client.legacy("tools/list")), kInvalidParams);
}

TEST(McpStateless, nothing_is_remembered_from_one_request_to_the_next) {
  TestClient client;
  EXPECT_TRUE(client.modern("tools/list").contains("result"));
  EXPECT_EQ(error_code_of(client.legacy("tools/list")), kInvalidParams);
}

TEST(McpStateless, answers_nobody_asked_for_change_nothing_and_a_foreign_state_is_refused) {
  TestClient client;
  Json call = {{"name", "echo"}, {"arguments", {{"a", 1}}}};
  const Json plain = client.modern("tools/call", call);
  call["inputResponses"] = {{"yes", {{"action", "accept"}}}};
  EXPECT_EQ(client.modern("tools/call", call), plain);
  call["requestState"] = "from another tool";
  EXPECT_EQ(error_code_of(client.modern("tools/call", call)), kInvalidParams);
}

}  // namespace
}  // namespace cartpilot::mcp
