#include "unit/mcp/fake_tools.h"

namespace cartpilot::mcp {
namespace {

std::string wait_call(const Json& id, const Json& token = nullptr) {
  Json params = {{"name", "wait"}};
  if (!token.is_null()) params["_meta"]["progressToken"] = token;
  return dump_json(TestClient::modern_request("tools/call", std::move(params), id));
}

std::string cancel(const Json& id) {
  return dump_json(make_notification("notifications/cancelled", {{"requestId", id}}));
}

Json progress(const Json& token, double done, const char* message) {
  return make_notification(
      "notifications/progress",
      {{"progressToken", token}, {"progress", done}, {"total", 3.0}, {"message", message}});
}

TEST(McpRunningCalls, other_requests_are_answered_while_a_call_runs) {
  TestClient client;
  client.dispatcher.receive(wait_call(1), client.all);
  client.tools.wait_until_waiting();
  EXPECT_TRUE(client.modern("tools/list", Json::object(), 2).contains("result"));
  EXPECT_TRUE(client.modern("tools/call", {{"name", "echo"}}, 3).contains("result"));
  client.tools.release();
  EXPECT_EQ(client.all->messages(1).at(0).at("id"), Json(1));
}

TEST(McpRunningCalls, after_a_cancellation_nothing_is_sent_for_the_call) {
  TestClient client;
  client.dispatcher.receive(wait_call("a", "token"), client.all);
  client.tools.wait_until_waiting();
  client.dispatcher.receive(cancel("a"), client.all);
  client.tools.wait_until_none_waits();
  EXPECT_TRUE(client.dispatcher.wait_until_idle(std::chrono::seconds(10)));
  // What was sent before stays the only thing.
  EXPECT_THAT(client.all->messages(1), testing::ElementsAre(progress("token", 1, "one")));
}

TEST(McpRunningCalls, a_cancellation_names_the_id_with_its_type) {
  TestClient client;
  client.dispatcher.receive(wait_call(1), client.all);
  client.tools.wait_until_waiting();
  client.dispatcher.receive(cancel("1"), client.all);
  client.tools.release();
  EXPECT_EQ(client.all->messages(1).at(0).at("id"), Json(1));
}

TEST(McpRunningCalls, cancelling_what_is_unknown_or_done_is_ignored) {
  TestClient client;
  EXPECT_THAT(client.send(cancel(99), 0), testing::IsEmpty());
  EXPECT_THAT(client.send(R"({"jsonrpc":"2.0","method":"notifications/cancelled"})", 0),
              testing::IsEmpty());
  client.modern("tools/call", {{"name", "echo"}}, 4);
  EXPECT_THAT(client.send(cancel(4), 0), testing::IsEmpty());
  EXPECT_TRUE(client.modern("tools/call", {{"name", "echo"}}, 4).contains("result"));
}

TEST(McpRunningCalls, progress_may_begin_at_zero) {
  TestClient client;
  const auto sent =
      client.send(dump_json(TestClient::modern_request(
                      "tools/call", {{"name", "picture"}, {"_meta", {{"progressToken", "t"}}}}, 1)),
                  2);
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(
      sent[0].at("params"),
      (Json{
          {"progressToken", "t"}, {"progress", 0.0}, {"total", 1.0}, {"message", "nothing yet"}}));
  EXPECT_TRUE(sent[1].contains("result"));
}

TEST(McpRunningCalls, progress_rises_is_sent_only_when_asked_for_and_ends_with_the_answer) {
  TestClient client;
  client.tools.release();
  client.dispatcher.receive(wait_call(1, 17), client.all);
  const auto sent = client.all->messages(3);
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_EQ(sent[0], progress(17, 1, "one"));
  EXPECT_EQ(sent[1], progress(17, 2, "two"));
  EXPECT_EQ(sent[2].at("id"), Json(1));
  EXPECT_EQ(client.send(wait_call(2)).size(), 1U);
}

TEST(McpRunningCalls, an_id_of_a_running_call_is_refused_and_free_again_afterwards) {
  TestClient client;
  client.dispatcher.receive(wait_call(1), client.all);
  client.tools.wait_until_waiting();
  EXPECT_EQ(error_code_of(client.ask(wait_call(1))), kInvalidRequest);
  client.tools.release();
  client.all->messages(1);
  EXPECT_TRUE(client.ask(wait_call(1)).contains("result"));
}

TEST(McpRunningCalls, too_many_at_once_are_refused_so_that_the_model_can_read_it) {
  TestClient client;
  for (std::size_t id = 0; id < kMaxRunningCalls; ++id) {
    client.dispatcher.receive(wait_call(id), client.all);
  }
  const Json result = client.ask(wait_call("more")).at("result");
  EXPECT_TRUE(result.at("isError").get<bool>());
  EXPECT_THAT(result.at("content").at(0).at("text").get<std::string>(),
              testing::HasSubstr("TOO_MANY_CALLS"));
  client.tools.release();
  EXPECT_EQ(client.all->messages(kMaxRunningCalls).size(), kMaxRunningCalls);
}

TEST(McpRunningCalls, hurried_calls_stop_and_are_still_answered) {
  TestClient client;
  client.dispatcher.receive(wait_call(1), client.all);
  client.tools.wait_until_waiting();
  client.dispatcher.hurry();
  EXPECT_TRUE(client.dispatcher.wait_until_idle(std::chrono::seconds(10)));
  EXPECT_EQ(client.all->messages(1).at(0).at("id"), Json(1));
}

TEST(McpRunningCalls, the_end_of_a_dispatcher_cancels_and_waits) {
  FakeTools tools;
  CallThreads threads;
  const auto sink = std::make_shared<RecordingSink>();
  {
    Dispatcher dispatcher(test_identity(), tools, threads);
    dispatcher.receive(wait_call(1), sink);
    tools.wait_until_waiting();
  }
  EXPECT_THAT(sink->messages(0), testing::IsEmpty());
}

}  // namespace
}  // namespace cartpilot::mcp
