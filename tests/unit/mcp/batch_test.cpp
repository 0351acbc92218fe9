#include "mcp/revision.h"
#include "unit/mcp/fake_tools.h"

namespace cartpilot::mcp {
namespace {

std::string batch_of(const std::vector<Json>& messages) { return dump_json(Json(messages)); }

Json ping(int id) { return TestClient::request("ping", Json::object(), id); }

TEST(McpBatch, only_revision_2025_03_26_has_them) {
  for (const std::string_view revision : kLegacyRevisions) {
    TestClient client;
    client.initialize(std::string(revision));
    const Json answer = client.ask(batch_of({ping(1)}));
    if (revision == "2025-03-26") {
      EXPECT_EQ(answer, Json::array({response(1, Json::object())}));
    } else {
      EXPECT_EQ(error_code_of(answer), kInvalidRequest) << revision;
    }
  }
  TestClient modern;
  EXPECT_EQ(error_code_of(modern.ask(
                batch_of({TestClient::modern_request("tools/list", Json::object(), 1)}))),
            kInvalidRequest);
}

TEST(McpBatch, all_answers_come_in_one_array) {
  TestClient client;
  client.initialize("2025-03-26");
  const Json answer = client.ask(batch_of(
      {ping(1), make_notification("notifications/x", Json::object()),
       TestClient::request("tools/call", {{"name", "echo"}}, 2), Json(5),
       Json{{"jsonrpc", "2.0"}, {"method", "notifications/y"}, {"params", Json::array()}}}));
  ASSERT_TRUE(answer.is_array());
  EXPECT_THAT(
      answer,
      testing::UnorderedElementsAre(
          response(1, Json::object()), response(2, {{"content", Json::array({text_block("{}")})}}),
          make_error(nullptr, ProtocolError(kInvalidRequest,
                                            "invalid request: a message is a JSON object"))));
}

TEST(McpBatch, empty_and_endless_ones_are_refused) {
  TestClient client;
  client.initialize("2025-03-26");
  EXPECT_EQ(error_code_of(client.ask(std::string("[]"))), kInvalidRequest);
  EXPECT_EQ(error_code_of(client.ask(batch_of(std::vector<Json>(kMaxBatch + 1, ping(1))))),
            kInvalidRequest);
}

TEST(McpBatch, one_of_notifications_gets_no_answer) {
  TestClient client;
  client.initialize("2025-03-26");
  EXPECT_THAT(client.send(batch_of({make_notification("notifications/x", Json::object())}), 0),
              testing::IsEmpty());
}

TEST(McpBatch, initialize_stands_in_none) {
  TestClient client;
  client.initialize("2025-03-26");
  const Json answer = client.ask(
      batch_of({TestClient::request("initialize", {{"protocolVersion", "2025-03-26"}}, 1)}));
  ASSERT_TRUE(answer.is_array());
  EXPECT_EQ(error_code_of(answer.at(0)), kInvalidRequest);
}

TEST(McpBatch, a_cancelled_member_is_left_out) {
  TestClient client;
  client.initialize("2025-03-26");
  client.dispatcher.receive(
      batch_of({ping(1), TestClient::request("tools/call", {{"name", "wait"}}, 2)}), client.all);
  client.tools.wait_until_waiting();
  client.dispatcher.receive(
      dump_json(make_notification("notifications/cancelled", {{"requestId", 2}})), client.all);
  EXPECT_THAT(client.all->messages(1),
              testing::ElementsAre(Json::array({response(1, Json::object())})));
}

}  // namespace
}  // namespace cartpilot::mcp
