// Messages to the client's log, in both eras.
#include "unit/mcp/asking_tools.h"

namespace cartpilot::mcp {
namespace {

using LogClient = TestClientOf<AskingTools>;

std::vector<std::string> levels_in(const std::vector<Json>& messages) {
  std::vector<std::string> levels;
  for (const Json& message : messages) {
    if (string_or(message, "method") != "notifications/message") continue;
    EXPECT_EQ(message.at("params").at("logger"), Json("chatty"));
    EXPECT_EQ(message.at("params").at("data").at("level"), message.at("params").at("level"));
    levels.push_back(message.at("params").at("level").get<std::string>());
  }
  return levels;
}

/// The levels that one call logs, after which it is answered.
std::vector<std::string> logged_by(LogClient& client, const Json& message) {
  const auto sink = std::make_shared<RecordingSink>();
  client.dispatcher.receive(dump_json(message), sink);
  EXPECT_TRUE(client.dispatcher.wait_until_idle(std::chrono::seconds(10)));
  const auto messages = sink->messages(1);
  EXPECT_EQ(text_of_result(messages.back()), "chatty");
  return levels_in(messages);
}

Json modern_call(const Json& level) {
  Json message = TestClient::modern_request("tools/call", {{"name", "chatty"}}, 1);
  if (!level.is_null()) message["params"]["_meta"]["io.modelcontextprotocol/logLevel"] = level;
  return message;
}

TEST(McpLog, is_declared_where_the_tools_write_to_it_and_nowhere_else) {
  LogClient client;
  const Json both = {{"tools", Json::object()}, {"logging", Json::object()}};
  EXPECT_EQ(client.initialize("2025-11-25").at("result").at("capabilities"), both);
  EXPECT_EQ(client.modern("server/discover").at("result").at("capabilities"), both);
  TestClient other;
  EXPECT_FALSE(other.initialize("2025-11-25").at("result").at("capabilities").contains("logging"));
  EXPECT_FALSE(other.modern("server/discover").at("result").at("capabilities").contains("logging"));
  EXPECT_EQ(error_code_of(other.legacy("logging/setLevel", {{"level", "debug"}})), kMethodNotFound);
}

TEST(McpLog, a_legacy_client_sets_the_least_severe_level) {
  LogClient client;
  client.initialize("2024-11-05");
  EXPECT_THAT(logged_by(client, call_of_tool("chatty")), testing::ElementsAre("info", "error"));
  for (const auto& [level, logged] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"debug", {"debug", "info", "error"}}, {"warning", {"error"}}, {"emergency", {}}}) {
    EXPECT_EQ(client.legacy("logging/setLevel", {{"level", level}}), response(1, Json::object()));
    EXPECT_EQ(logged_by(client, call_of_tool("chatty")), logged) << level;
  }
  client.initialize("2025-11-25");
  EXPECT_THAT(logged_by(client, call_of_tool("chatty")), testing::ElementsAre("info", "error"));
}

TEST(McpLog, a_level_that_does_not_exist_is_refused) {
  LogClient client;
  client.initialize("2025-11-25");
  for (const Json& level : {Json("loud"), Json("INFO"), Json(""), Json(3), Json(nullptr)}) {
    EXPECT_EQ(error_code_of(client.legacy("logging/setLevel", {{"level", level}})), kInvalidParams);
  }
  EXPECT_EQ(error_code_of(client.legacy("logging/setLevel")), kInvalidParams);
  EXPECT_EQ(error_code_of(client.ask(modern_call("loud"))), kInvalidParams);
  EXPECT_EQ(error_code_of(client.ask(modern_call(7))), kInvalidParams);
  EXPECT_EQ(client.tools.calls, 0);
}

TEST(McpLog, a_level_holds_for_calls_that_run) {
  LogClient client;
  client.initialize("2025-11-25", forms());
  client.dispatcher.receive(dump_json(call_of_tool("ask_and_log")), client.all);
  const Json id = client.all->messages(1).at(0).at("id");
  client.legacy("logging/setLevel", {{"level", "error"}});
  client.dispatcher.receive(dump_json(make_response(id, accepted({{"name", "Ada"}}))), client.all);
  EXPECT_TRUE(client.dispatcher.wait_until_idle(std::chrono::seconds(10)));
  EXPECT_EQ(client.all->messages(2).size(), 2U);
}

TEST(McpLog, a_modern_request_names_its_own_level_and_gets_none_without) {
  LogClient client;
  EXPECT_THAT(logged_by(client, modern_call(nullptr)), testing::IsEmpty());
  EXPECT_THAT(logged_by(client, modern_call("debug")),
              testing::ElementsAre("debug", "info", "error"));
  EXPECT_THAT(logged_by(client, modern_call("error")), testing::ElementsAre("error"));
  // The level of a legacy client on the same connection is another matter.
  client.initialize("2025-11-25");
  client.legacy("logging/setLevel", {{"level", "debug"}});
  EXPECT_THAT(logged_by(client, modern_call(nullptr)), testing::IsEmpty());
  EXPECT_EQ(error_code_of(client.modern("logging/setLevel", {{"level", "debug"}})),
            kMethodNotFound);
}

TEST(McpLog, over_http_comes_before_the_answer_on_the_same_stream) {
  HttpWorldOf<AskingTools> world;
  const HttpHeaders headers = HttpWorld::modern_headers("tools/call", "chatty");
  const RecordedReply& reply = world.post(modern_call("info"), headers);
  ASSERT_EQ(reply.events.size(), 3U);
  EXPECT_THAT(levels_in(reply.events), testing::ElementsAre("info", "error"));
  EXPECT_EQ(text_of_result(reply.events[2]), "chatty");
  const RecordedReply& quiet = world.post(modern_call(nullptr), headers);
  EXPECT_TRUE(quiet.events.empty());
  EXPECT_EQ(text_of_result(quiet.json()), "chatty");
}

}  // namespace
}  // namespace cartpilot::mcp
