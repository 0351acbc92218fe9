#include "mcp/revision.h"
#include "unit/mcp/fake_tools.h"

namespace cartpilot::mcp {
namespace {

TEST(McpInitialize, every_legacy_revision_is_answered_with_itself) {
  for (const std::string_view revision : kLegacyRevisions) {
    TestClient client;
    Json info = {{"name", "shop"}, {"title", "Shop"}, {"version", "1.0"}};
    if (revision < "2025-06-18") info.erase("title");
    EXPECT_EQ(client.initialize(std::string(revision)),
              response("i", {{"protocolVersion", revision},
                             {"capabilities", {{"tools", Json::object()}}},
                             {"serverInfo", info},
                             {"instructions", "Buy things."}}));
  }
}

TEST(McpInitialize, an_unknown_revision_is_answered_with_the_newest_that_has_an_initialize) {
  for (const char* unknown : {"1.0", "2024-01-01", "2099-01-01", "2026-07-28", ""}) {
    TestClient client;
    EXPECT_EQ(client.initialize(unknown).at("result").at("protocolVersion"), Json("2025-11-25"))
        << unknown;
  }
}

TEST(McpInitialize, only_tools_are_declared_without_list_changed) {
  TestClient client;
  EXPECT_EQ(client.initialize("2025-11-25").at("result").at("capabilities"),
            (Json{{"tools", Json::object()}}));
}

TEST(McpInitialize, without_a_version_it_is_refused) {
  TestClient client;
  EXPECT_EQ(error_code_of(client.legacy("initialize")), kInvalidParams);
  EXPECT_EQ(error_code_of(client.legacy("initialize", {{"protocolVersion", 5}})), kInvalidParams);
  EXPECT_EQ(error_code_of(client.legacy(
                "initialize", {{"protocolVersion", "2025-11-25"}, {"capabilities", "all"}})),
            kInvalidParams);
}

TEST(McpInitialize, ping_is_answered_with_an_empty_object_before_and_after) {
  TestClient client;
  EXPECT_EQ(client.legacy("ping"), response(1, Json::object()));
  client.initialize("2025-06-18");
  EXPECT_EQ(client.legacy("ping"), response(1, Json::object()));
}

TEST(McpInitialize, a_request_without_an_era_is_refused_with_what_is_missing) {
  TestClient client;
  const Json answer = client.legacy("tools/list");
  EXPECT_EQ(error_code_of(answer), kInvalidParams);
  EXPECT_THAT(answer.at("error").at("message").get<std::string>(),
              testing::HasSubstr("initialize"));
}

TEST(McpInitialize, unknown_methods_are_answered_at_once_in_every_state) {
  TestClient client;
  for (const char* method :
       {"resources/list", "prompts/list", "logging/setLevel", "completion/complete",
        "resources/subscribe", "tasks/get", "", "x/y"}) {
    EXPECT_EQ(error_code_of(client.legacy(method)), kMethodNotFound) << method;
    EXPECT_EQ(error_code_of(client.modern(method)), kMethodNotFound) << method;
  }
  client.initialize("2025-11-25");
  EXPECT_EQ(error_code_of(client.legacy("resources/list")), kMethodNotFound);
  EXPECT_EQ(error_code_of(client.legacy("server/discover")), kMethodNotFound);
}

TEST(McpInitialize, a_second_initialize_negotiates_anew) {
  TestClient client;
  client.initialize("2025-11-25");
  EXPECT_EQ(client.initialize("2024-11-05").at("result").at("protocolVersion"), Json("2024-11-05"));
}

TEST(McpInitialize, legacy_and_modern_may_mix_on_one_connection) {
  TestClient client;
  EXPECT_TRUE(client.modern("server/discover").contains("result"));
  EXPECT_TRUE(client.initialize("2025-06-18").contains("result"));
  // Each is answered in its own form.
  EXPECT_FALSE(client.legacy("tools/list").at("result").contains("resultType"));
  EXPECT_EQ(client.modern("tools/list").at("result").at("resultType"), Json("complete"));
  EXPECT_FALSE(client.legacy("tools/list").at("result").contains("resultType"));
}

}  // namespace
}  // namespace cartpilot::mcp
