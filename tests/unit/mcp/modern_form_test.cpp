// A tool that asks a client of revision 2026-07-28 to fill in a form: the call is answered with the
// question and comes again with the answer.
#include "unit/mcp/asking_tools.h"

namespace cartpilot::mcp {
namespace {

struct ModernClient : TestClientOf<AskingTools> {
  Json call(const std::string& tool, const Json& answers = nullptr, const Json& state = nullptr,
            const Json& capabilities = forms()) {
    Json message = modern_request("tools/call", {{"name", tool}}, 1);
    Json& params = message["params"];
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities;
    if (!answers.is_null()) params["inputResponses"] = answers;
    if (!state.is_null()) params["requestState"] = state;
    return ask(message);
  }
  /// The names of the questions that a call is answered with.
  static std::vector<std::string> names_in(const Json& answer) {
    const Json& result = answer.at("result");
    EXPECT_EQ(result.at("resultType"), Json("input_required"));
    EXPECT_FALSE(result.contains("content"));
    std::vector<std::string> names;
    for (const auto& [name, request] : result.at("inputRequests").items()) names.push_back(name);
    return names;
  }
  static Json state_in(const Json& answer) { return answer.at("result").at("requestState"); }
};

Json named(const std::string& question, const std::string& name) {
  return {{question, accepted({{"name", name}})}};
}

TEST(McpModernForm, is_the_answer_to_the_call_which_comes_again) {
  ModernClient client;
  const Json first = client.call("ask");
  EXPECT_THAT(ModernClient::names_in(first), testing::ElementsAre("person"));
  const Json& request = first.at("result").at("inputRequests").at("person");
  EXPECT_EQ(request.at("method"), Json("elicitation/create"));
  EXPECT_EQ(request.at("params").at("message"), Json("Who is it?"));
  EXPECT_FALSE(request.contains("id"));
  const Json second = client.call("ask", named("person", "Ada"), ModernClient::state_in(first));
  EXPECT_EQ(text_of_result(second), R"(accepted {"name":"Ada"})");
  EXPECT_EQ(second.at("result").at("resultType"), Json("complete"));
}

TEST(McpModernForm, may_be_declined_or_cancelled) {
  ModernClient client;
  EXPECT_EQ(text_of_result(client.call("ask", {{"person", {{"action", "decline"}}}},
                                       ModernClient::state_in(client.call("ask")))),
            "declined");
  EXPECT_EQ(text_of_result(client.call("ask", {{"person", {{"action", "cancel"}}}},
                                       ModernClient::state_in(client.call("ask")))),
            "cancelled");
}

TEST(McpModernForm, an_answer_that_is_missing_or_does_not_fit_is_asked_for_again) {
  ModernClient client;
  for (const Json& wrong :
       {Json::object(), Json{{"wrong_key", accepted({{"name", "x"}})}}, Json{{"person", 12345}},
        Json{{"person", nullptr}}, Json{{"person", {{"action", "accept"}}}},
        Json{{"person", accepted({{"name", 5}})}}, Json{{"person", {{"action", "yes"}}}},
        named("person", std::string(kMaxFormAnswerBytes, 'x'))}) {
    const Json first = client.call("ask");
    const Json again = client.call("ask", wrong, ModernClient::state_in(first));
    EXPECT_THAT(ModernClient::names_in(again), testing::ElementsAre("person")) << wrong;
    EXPECT_NE(ModernClient::state_in(again), ModernClient::state_in(first));
  }
}

TEST(McpModernForm, what_is_no_object_of_answers_is_refused) {
  ModernClient client;
  for (const Json& wrong : {Json(5), Json("person"), Json::array()}) {
    EXPECT_EQ(error_code_of(client.call("ask", wrong)), kInvalidParams) << wrong;
  }
  Json message = TestClient::modern_request("tools/call", {{"name", "ask"}}, 1);
  message["params"]["inputResponses"] = nullptr;
  EXPECT_EQ(error_code_of(client.ask(message)), kInvalidParams);
}

TEST(McpModernForm, more_answers_than_asked_for_change_nothing) {
  ModernClient client;
  Json answers = named("person", "Ada");
  answers["another"] = accepted({{"name", "Eve"}});
  answers["approval_page"] = {{"action", "accept"}};
  EXPECT_EQ(text_of_result(client.call("ask", answers, ModernClient::state_in(client.call("ask")))),
            R"(accepted {"name":"Ada"})");
  // A client may know the question from before: nothing hangs on who asked first.
  EXPECT_EQ(text_of_result(client.call("ask", answers)), R"(accepted {"name":"Ada"})");
}

TEST(McpModernForm, a_second_form_comes_with_the_first_answer_sealed_into_the_state) {
  ModernClient client;
  const Json first = client.call("ask_two");
  const Json second = client.call("ask_two", named("first", "a"), ModernClient::state_in(first));
  EXPECT_THAT(ModernClient::names_in(second), testing::ElementsAre("second"));
  const Json third = client.call("ask_two", named("second", "b"), ModernClient::state_in(second));
  EXPECT_EQ(text_of_result(third), R"(accepted {"name":"a"} accepted {"name":"b"})");
  EXPECT_EQ(client.tools.calls, 3);
}

TEST(McpModernForm, an_answer_that_is_sealed_cannot_be_changed) {
  ModernClient client;
  const Json second =
      client.call("ask_two", named("first", "a"), ModernClient::state_in(client.call("ask_two")));
  Json answers = named("second", "b");
  answers.update(named("first", "changed"));
  EXPECT_EQ(text_of_result(client.call("ask_two", answers, ModernClient::state_in(second))),
            R"(accepted {"name":"a"} accepted {"name":"b"})");
}

TEST(McpModernForm, without_its_state_the_next_round_asks_from_the_beginning) {
  ModernClient client;
  client.call("ask_two", named("first", "a"), ModernClient::state_in(client.call("ask_two")));
  EXPECT_THAT(ModernClient::names_in(client.call("ask_two", named("second", "b"))),
              testing::ElementsAre("first"));
}

TEST(McpModernForm, a_state_that_was_changed_used_or_made_for_another_tool_is_refused) {
  ModernClient client;
  const Json answers = named("person", "Ada");
  const std::string state = ModernClient::state_in(client.call("ask")).get<std::string>();
  EXPECT_EQ(error_code_of(client.call("ask", answers, state + "-TAMPERED")), kInvalidParams);
  EXPECT_EQ(error_code_of(client.call("ask_and_log", answers, state)), kInvalidParams);
  EXPECT_EQ(text_of_result(client.call("ask", answers, state)), R"(accepted {"name":"Ada"})");
  EXPECT_EQ(error_code_of(client.call("ask", answers, state)), kInvalidParams);
  EXPECT_EQ(client.tools.calls, 2);
}

TEST(McpModernForm, forms_and_a_page_may_be_asked_for_at_once) {
  ModernClient client;
  const Json both = {{"elicitation", {{"form", Json::object()}, {"url", Json::object()}}}};
  const Json first = client.call("ask_both", nullptr, nullptr, both);
  EXPECT_THAT(ModernClient::names_in(first),
              testing::ElementsAre("approval_page", "first", "second"));
  Json answers = named("first", "a");
  answers["approval_page"] = {{"action", "accept"}};
  // What was answered is not asked again.
  const Json second = client.call("ask_both", answers, ModernClient::state_in(first), both);
  EXPECT_THAT(ModernClient::names_in(second), testing::ElementsAre("second"));
  const Json third =
      client.call("ask_both", named("second", "b"), ModernClient::state_in(second), both);
  EXPECT_EQ(text_of_result(third), R"(page accepted {"name":"a"} accepted {"name":"b"})");
}

TEST(McpModernForm, goes_to_no_client_that_did_not_declare_it) {
  ModernClient client;
  for (const Json& capabilities :
       {Json::object(), Json{{"sampling", Json::object()}}, Json{{"elicitation", false}},
        Json{{"elicitation", {{"url", Json::object()}}}}}) {
    EXPECT_EQ(text_of_result(client.call("ask", named("person", "Ada"), nullptr, capabilities)),
              "not possible")
        << capabilities;
  }
}

TEST(McpModernForm, a_response_outside_of_a_call_answers_nothing) {
  ModernClient client;
  client.call("ask");
  client.dispatcher.receive(dump_json(make_response("person", accepted({{"name", "Eve"}}))),
                            client.all);
  EXPECT_THAT(ModernClient::names_in(client.call("ask")), testing::ElementsAre("person"));
}

TEST(McpModernForm, over_http_is_one_answer_and_never_a_request_on_the_stream) {
  HttpWorldOf<AskingTools> world;
  Json message = TestClient::modern_request("tools/call", {{"name", "ask"}}, 1);
  message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = forms();
  const HttpHeaders headers = HttpWorld::modern_headers("tools/call", "ask");
  const Json first = world.post(message, headers).json();
  EXPECT_THAT(ModernClient::names_in(first), testing::ElementsAre("person"));
  message["params"]["inputResponses"] = named("person", "Ada");
  message["params"]["requestState"] = ModernClient::state_in(first);
  const RecordedReply& reply = world.post(message, headers);
  EXPECT_TRUE(reply.events.empty());
  EXPECT_EQ(text_of_result(reply.json()), R"(accepted {"name":"Ada"})");
  // A client that dies between the rounds leaves nothing behind; a state is good once.
  EXPECT_EQ(error_code_of(world.post(message, headers).json()), kInvalidParams);
}

}  // namespace
}  // namespace cartpilot::mcp
