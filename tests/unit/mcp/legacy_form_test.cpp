// A tool that asks a legacy client to fill in a form, and what such a client can do with that.
#include "unit/mcp/asking_tools.h"

namespace cartpilot::mcp {
namespace {

struct LegacyClient : TestClientOf<AskingTools> {
  explicit LegacyClient(const std::string& revision = "2025-11-25",
                        const Json& capabilities = forms()) {
    initialize(revision, capabilities);
  }

  /// Calls a tool, and gives back the first message that comes for it.
  Json asked_by(const std::string& tool) {
    dispatcher.receive(dump_json(call_of_tool(tool)), all);
    return all->messages(1).front();
  }
  void reply(const Json& message) { dispatcher.receive(dump_json(message), all); }
  /// The text of the call's result, the `count`th message and the last one.
  std::string told(std::size_t count = 2) {
    EXPECT_TRUE(dispatcher.wait_until_idle(std::chrono::seconds(10)));
    const auto messages = all->messages(count);
    EXPECT_EQ(messages.size(), count);
    return text_of_result(messages.back());
  }
};

Json cancel_of(const Json& id) {
  return make_notification("notifications/cancelled", {{"requestId", id}});
}

TEST(McpLegacyForm, is_asked_while_the_call_runs_and_its_answer_reaches_the_tool) {
  for (const char* revision : {"2025-06-18", "2025-11-25"}) {
    LegacyClient client(revision);
    const Json question = client.asked_by("ask");
    EXPECT_EQ(question.at("method"), Json("elicitation/create"));
    EXPECT_EQ(question.at("params").at("message"), Json("Who is it?"));
    EXPECT_EQ(question.at("params").at("requestedSchema").at("required"), Json::array({"name"}));
    // Revisions before 2025-11-25 know no mode.
    EXPECT_FALSE(question.at("params").contains("mode"));
    client.reply(make_response(question.at("id"), accepted({{"name", "Ada"}, {"age", 36.0}})));
    EXPECT_EQ(client.told(), R"(accepted {"name":"Ada","age":36})");
  }
}

TEST(McpLegacyForm, may_be_declined_or_cancelled) {
  LegacyClient one;
  one.reply(make_response(one.asked_by("ask").at("id"), {{"action", "decline"}}));
  EXPECT_EQ(one.told(), "declined");
  LegacyClient other;
  other.reply(make_response(other.asked_by("ask").at("id"), {{"action", "cancel"}}));
  EXPECT_EQ(other.told(), "cancelled");
}

TEST(McpLegacyForm, an_answer_of_another_form_or_that_does_not_fit_is_none) {
  for (const Json& wrong :
       {accepted({{"name", 5}}), accepted(Json::object()), accepted({{"name", "x"}, {"more", 1}}),
        accepted({{"name", "more than twenty letters"}}), accepted({{"name", "x"}, {"kind", "c"}}),
        accepted(Json::array()), accepted("name"), Json{{"action", "accept"}},
        Json{{"action", "yes"}}, Json{{"action", true}}, Json::object(), Json("accept"),
        Json(nullptr)}) {
    LegacyClient client;
    client.reply(make_response(client.asked_by("ask").at("id"), wrong));
    EXPECT_EQ(client.told(), "no answer") << wrong;
  }
}

TEST(McpLegacyForm, an_error_for_an_answer_is_none) {
  LegacyClient client;
  client.reply(make_error(client.asked_by("ask").at("id"), ProtocolError(kMethodNotFound, "no")));
  EXPECT_EQ(client.told(), "no answer");
}

TEST(McpLegacyForm, an_answer_that_is_too_long_is_none) {
  LegacyClient client;
  const std::string long_text(kMaxFormAnswerBytes, 'x');
  client.reply(make_response(client.asked_by("ask").at("id"), accepted({{"name", long_text}})));
  EXPECT_EQ(client.told(), "no answer");
}

TEST(McpLegacyForm, answers_that_nobody_asked_for_are_ignored) {
  LegacyClient client;
  client.reply(make_response("form-0", accepted({{"name", "Eve"}})));
  const Json question = client.asked_by("ask");
  for (const Json& id : {Json("form-0"), Json(7), Json("7"), Json("")}) {
    client.reply(make_response(id, accepted({{"name", "Eve"}})));
  }
  client.reply(make_response(question.at("id"), accepted({{"name", "Ada"}})));
  EXPECT_EQ(client.told(), R"(accepted {"name":"Ada"})");
}

TEST(McpLegacyForm, the_first_answer_counts) {
  LegacyClient client;
  const Json id = client.asked_by("ask").at("id");
  client.reply(make_response(id, accepted({{"name", "Ada"}})));
  client.reply(make_response(id, accepted({{"name", "Eve"}})));
  EXPECT_EQ(client.told(), R"(accepted {"name":"Ada"})");
  client.reply(make_response(id, accepted({{"name", "Eve"}})));
  EXPECT_EQ(client.all->messages(2).size(), 2U);
}

TEST(McpLegacyForm, an_answer_reaches_the_call_that_asked) {
  LegacyClient client;
  const Json first = client.asked_by("ask").at("id");
  client.dispatcher.receive(dump_json(call_of_tool("ask", 8)), client.all);
  const Json second = client.all->messages(2).at(1).at("id");
  client.reply(make_response(second, accepted({{"name", "second"}})));
  EXPECT_EQ(client.all->messages(3).at(2).at("id"), Json(8));
  client.reply(make_response(first, accepted({{"name", "first"}})));
  EXPECT_EQ(client.told(4), R"(accepted {"name":"first"})");
  EXPECT_EQ(text_of_result(client.all->messages(4).at(2)), R"(accepted {"name":"second"})");
}

TEST(McpLegacyForm, one_form_may_follow_another) {
  LegacyClient client;
  client.reply(make_response(client.asked_by("ask_two").at("id"), accepted({{"name", "a"}})));
  const Json second = client.all->messages(2).at(1);
  client.reply(make_response(second.at("id"), {{"action", "decline"}}));
  EXPECT_EQ(client.told(3), R"(accepted {"name":"a"} declined)");
}

TEST(McpLegacyForm, a_cancelled_call_waits_for_no_answer) {
  LegacyClient client;
  const Json id = client.asked_by("ask").at("id");
  client.reply(cancel_of(7));
  EXPECT_TRUE(client.dispatcher.wait_until_idle(std::chrono::seconds(10)));
  client.reply(make_response(id, accepted({{"name", "late"}})));
  // Nothing is sent for it any more.
  EXPECT_EQ(client.all->messages(1).size(), 1U);
}

TEST(McpLegacyForm, without_an_answer_in_time_the_question_is_taken_back) {
  LegacyClient client;
  const Json id = client.asked_by("hasty").at("id");
  EXPECT_EQ(client.told(3), "no answer");
  EXPECT_EQ(client.all->messages(3).at(1), cancel_of(id));
  client.reply(make_response(id, accepted({{"name", "late"}})));
  EXPECT_EQ(client.all->messages(3).size(), 3U);
}

TEST(McpLegacyForm, a_connection_that_ends_waits_for_no_answer) {
  LegacyClient client;
  client.asked_by("ask");
  client.dispatcher.hurry();
  EXPECT_EQ(client.told(3), "no answer");
}

TEST(McpLegacyForm, goes_to_no_client_that_did_not_declare_it_or_is_too_old_for_it) {
  const Json only_pages = {{"elicitation", {{"url", Json::object()}}}};
  for (const auto& [revision, capabilities] :
       {std::pair<std::string, Json>("2025-11-25", Json::object()),
        std::pair<std::string, Json>("2025-11-25", only_pages),
        std::pair<std::string, Json>("2025-11-25", {{"elicitation", true}}),
        std::pair<std::string, Json>("2025-03-26", forms()),
        std::pair<std::string, Json>("2024-11-05", forms())}) {
    LegacyClient client(revision, capabilities);
    EXPECT_EQ(text_of_result(client.asked_by("ask")), "not possible") << revision << capabilities;
  }
  LegacyClient client("2025-11-25", {{"elicitation", {{"form", Json::object()}}}});
  EXPECT_EQ(client.asked_by("ask").at("method"), Json("elicitation/create"));
}

TEST(McpLegacyForm, a_schema_that_cannot_be_used_asks_nothing) {
  LegacyClient client;
  const Json result = client.asked_by("broken").at("result");
  EXPECT_TRUE(result.at("isError").get<bool>());
}

using AskingPipe = PipedServerOf<AskingTools>;

void initialize(AskingPipe& server) {
  server.write(line_of(TestClient::request(
      "initialize", {{"protocolVersion", "2025-11-25"}, {"capabilities", forms()}}, 1)));
  EXPECT_TRUE(server.read().contains("result"));
}

TEST(McpLegacyForm, crosses_two_pipes) {
  AskingPipe server;
  initialize(server);
  server.write(line_of(call_of_tool("ask")));
  const Json id = server.read().at("id");
  server.write(line_of(make_response(id, accepted({{"name", "Ada"}}))));
  EXPECT_EQ(text_of_result(server.read()), R"(accepted {"name":"Ada"})");
}

TEST(McpLegacyForm, a_client_that_dies_meanwhile_leaves_no_call_behind) {
  AskingPipe server;
  initialize(server);
  server.write(line_of(call_of_tool("ask")));
  EXPECT_EQ(server.read().at("method"), Json("elicitation/create"));
  server.close_output();
  server.close_input();
  EXPECT_NE(server.end(), StdioEnd::kStopped);
}

using AskingHttp = HttpWorldOf<AskingTools>;

/// A call on a connection of its own, and what came on it.
struct HttpCall {
  HttpCall(AskingHttp& world, const std::string& session, HttpHeaders more = {}) {
    HttpHeaders headers = AskingHttp::with_session(session);
    for (const auto& [name, value] : more) headers = with(headers, name, value);
    thread = std::thread([&world, headers, this] {
      world.endpoint->handle({"POST", "/mcp", headers, dump_json(call_of_tool("ask"))}, reply);
    });
  }
  ~HttpCall() {
    if (thread.joinable()) thread.join();
  }

  RecordedReply reply;
  std::thread thread;
};

int answer(AskingHttp& world, const std::string& session, const Json& id, const char* name) {
  return world
      .post(make_response(id, accepted({{"name", name}})), AskingHttp::with_session(session))
      .status;
}

TEST(McpLegacyForm, comes_on_the_stream_of_the_call_and_is_answered_by_a_post) {
  AskingHttp world;
  const std::string session = world.initialize("2025-11-25", forms());
  HttpCall call(world, session);
  const Json id = call.reply.event(0).at("id");
  EXPECT_EQ(answer(world, session, id, "Ada"), 202);
  call.thread.join();
  ASSERT_EQ(call.reply.events.size(), 2U);
  EXPECT_EQ(text_of_result(call.reply.events[1]), R"(accepted {"name":"Ada"})");
}

TEST(McpLegacyForm, is_answered_by_no_other_session) {
  AskingHttp world;
  const std::string session = world.initialize("2025-11-25", forms());
  const std::string other = world.initialize("2025-11-25", forms());
  HttpCall call(world, session);
  const Json id = call.reply.event(0).at("id");
  EXPECT_EQ(answer(world, other, id, "Eve"), 202);
  EXPECT_EQ(answer(world, session, id, "Ada"), 202);
  call.thread.join();
  EXPECT_EQ(text_of_result(call.reply.events.at(1)), R"(accepted {"name":"Ada"})");
}

TEST(McpLegacyForm, goes_to_no_client_that_takes_no_stream) {
  AskingHttp world;
  const std::string session = world.initialize("2025-11-25", forms());
  HttpCall call(world, session, {{"Accept", "application/json"}});
  call.thread.join();
  EXPECT_EQ(text_of_result(call.reply.json()), "not possible");
}

TEST(McpLegacyForm, ends_with_its_session) {
  AskingHttp world;
  const std::string session = world.initialize("2025-11-25", forms());
  HttpCall call(world, session);
  call.reply.event(0);
  EXPECT_EQ(world.send({"DELETE", "/mcp", AskingHttp::with_session(session), ""}).status, 204);
  call.thread.join();
  EXPECT_EQ(text_of_result(call.reply.events.back()), "no answer");
}

}  // namespace
}  // namespace cartpilot::mcp
