// A tool that wants a person to look at a page, and what a client can do with that.
#include "mcp/canonical.h"
#include "mcp/request_state.h"
#include "unit/mcp/fake_tools.h"

namespace cartpilot::mcp {
namespace {

constexpr const char* kUrl = "http://127.0.0.1:4711/";

/// Two tools that ask for a page and say how that went.
class PageTools final : public ToolService {
 public:
  PageTools() {
    const Json schema = {{"type", "object"}};
    tools_ = {{"buy", "Buy", "Buys.", schema, {}}, {"other", "Other", "Too.", schema, {}}};
  }
  const std::vector<ToolDescription>& tools() const override { return tools_; }
  CallResult call(const std::string&, const Json&, CallScope& scope) override {
    ++calls;
    CallResult result;
    const PageRequest request = scope.show_page(kUrl, "Look.");
    EXPECT_EQ(scope.show_page(kUrl, "Look again."),
              request == PageRequest::kNotPossible ? request : PageRequest::kSent);
    result.content.push_back(text_block(request == PageRequest::kNotPossible ? "no page"
                                        : request == PageRequest::kSent      ? "sent"
                                                                             : "return"));
    return result;
  }
  std::atomic<int> calls{0};

 private:
  std::vector<ToolDescription> tools_;
};

struct PageClient {
  PageTools tools;
  CallThreads threads;
  std::int64_t now = 1'000'000;
  std::shared_ptr<RequestStates> states =
      std::make_shared<RequestStates>("one", [this] { return now; });
  Dispatcher dispatcher{test_identity(), tools, threads, states};

  std::vector<Json> send(const Json& message, std::size_t count = 1) {
    const auto sink = std::make_shared<RecordingSink>();
    dispatcher.receive(dump_json(message), sink);
    return sink->messages(count);
  }
  Json initialize(const std::string& revision, const Json& capabilities) {
    return send(TestClient::request("initialize",
                                    {{"protocolVersion", revision}, {"capabilities", capabilities}},
                                    "i"))
        .front();
  }
  Json modern(Json params,
              const Json& capabilities = {{"elicitation", {{"url", Json::object()}}}}) {
    Json message = TestClient::modern_request("tools/call", std::move(params), 1);
    message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities;
    return send(message).front();
  }
  std::string state_for(const std::string& tool, const Json& arguments) {
    const Json result = modern({{"name", tool}, {"arguments", arguments}}).at("result");
    EXPECT_EQ(string_or(result, "resultType"), "input_required");
    return string_or(result, "requestState");
  }
};

Json call_of(const std::string& tool, const Json& arguments, const std::string& state) {
  return {{"name", tool},
          {"arguments", arguments},
          {"requestState", state},
          {"inputResponses", {{"approval_page", {{"action", "accept"}}}}}};
}

std::string text_of(const Json& answer) {
  return answer.at("result").at("content").at(0).at("text").get<std::string>();
}

TEST(McpPageRequest, goes_to_a_legacy_client_that_shows_pages_and_its_answer_means_nothing) {
  PageClient client;
  client.initialize("2025-11-25",
                    {{"elicitation", {{"form", Json::object()}, {"url", Json::object()}}}});
  const auto messages = client.send(TestClient::request("tools/call", {{"name", "buy"}}, 7), 2);
  ASSERT_EQ(messages.size(), 2U);
  const Json& asked = messages.front();
  const std::string id = asked.at("params").at("elicitationId").get<std::string>();
  EXPECT_EQ(id.size(), 32U);
  EXPECT_EQ(
      asked,
      (Json{{"jsonrpc", "2.0"},
            {"id", "page-" + id},
            {"method", "elicitation/create"},
            {"params",
             {{"mode", "url"}, {"url", kUrl}, {"message", "Look."}, {"elicitationId", id}}}}));
  EXPECT_EQ(text_of(messages.back()), "sent");
  const auto sink = std::make_shared<RecordingSink>();
  EXPECT_FALSE(client.dispatcher.receive(
      dump_json(make_response("page-" + id, {{"action", "accept"}})), sink));
  EXPECT_EQ(client.tools.calls, 1);
}

TEST(McpPageRequest, goes_to_no_client_that_did_not_declare_it_or_is_too_old_for_it) {
  const Json url = {{"elicitation", {{"url", Json::object()}}}};
  for (const auto& [revision, capabilities] :
       {std::pair<std::string, Json>("2025-11-25", Json::object()),
        std::pair<std::string, Json>("2025-11-25", {{"elicitation", Json::object()}}),
        std::pair<std::string, Json>("2025-11-25", {{"elicitation", {{"form", Json::object()}}}}),
        std::pair<std::string, Json>("2025-11-25", {{"elicitation", {{"url", true}}}}),
        std::pair<std::string, Json>("2025-06-18", url),
        std::pair<std::string, Json>("2024-11-05", url)}) {
    PageClient client;
    client.initialize(revision, capabilities);
    const auto messages = client.send(TestClient::request("tools/call", {{"name", "buy"}}, 7));
    EXPECT_EQ(messages.size(), 1U) << revision;
    EXPECT_EQ(text_of(messages.front()), "no page") << revision;
  }
  PageClient client;
  EXPECT_EQ(text_of(client.modern({{"name", "buy"}}, Json::object())), "no page");
}

TEST(McpPageRequest, makes_a_modern_call_come_again_with_its_state) {
  PageClient client;
  const Json first = client.modern({{"name", "buy"}, {"arguments", {{"a", 1}, {"b", 2}}}});
  const Json& result = first.at("result");
  EXPECT_EQ(result.at("inputRequests"),
            (Json{{"approval_page",
                   {{"method", "elicitation/create"},
                    {"params", {{"mode", "url"}, {"url", kUrl}, {"message", "Look."}}}}}}));
  EXPECT_FALSE(result.contains("content"));
  const std::string state = string_or(result, "requestState");
  // The order of members is no part of the arguments.
  EXPECT_EQ(text_of(client.modern(call_of("buy", {{"b", 2}, {"a", 1}}, state))), "sent");
  EXPECT_EQ(client.tools.calls, 2);
}

TEST(McpPageRequest, whatever_the_client_answers_is_the_same) {
  for (const char* action : {"accept", "decline", "cancel", "buy"}) {
    PageClient client;
    Json call = call_of("buy", Json::object(), client.state_for("buy", Json::object()));
    call["inputResponses"]["approval_page"] = {{"action", action}, {"content", {{"total", "1"}}}};
    EXPECT_EQ(text_of(client.modern(call)), "sent");
  }
}

TEST(McpPageRequest, a_call_without_the_answer_is_asked_again) {
  PageClient client;
  Json call = call_of("buy", Json::object(), client.state_for("buy", Json::object()));
  call.erase("inputResponses");
  EXPECT_EQ(string_or(client.modern(call).at("result"), "resultType"), "input_required");
}

TEST(McpRequestState, that_was_changed_is_refused) {
  PageClient client;
  const std::string state = client.state_for("buy", Json::object());
  std::string changed = state;
  changed[5] = changed[5] == 'A' ? 'B' : 'A';
  for (const std::string& wrong :
       {changed, state + "0", state.substr(0, state.find('.')), std::string("."), std::string(),
        std::string("eyJhcHByb3ZlZCI6dHJ1ZX0=")}) {
    EXPECT_EQ(error_code_of(client.modern(call_of("buy", Json::object(), wrong))), kInvalidParams);
  }
  Json call = call_of("buy", Json::object(), state);
  call["requestState"] = 5;
  EXPECT_EQ(error_code_of(client.modern(call)), kInvalidParams);
  EXPECT_EQ(client.tools.calls, 1);
}

TEST(McpRequestState, that_is_replayed_is_refused) {
  PageClient client;
  const Json call = call_of("buy", Json::object(), client.state_for("buy", Json::object()));
  EXPECT_EQ(text_of(client.modern(call)), "sent");
  EXPECT_EQ(error_code_of(client.modern(call)), kInvalidParams);
  EXPECT_EQ(client.tools.calls, 2);
}

TEST(McpRequestState, of_another_tool_or_other_arguments_is_refused) {
  PageClient client;
  const std::string state = client.state_for("buy", {{"id", "a"}});
  EXPECT_EQ(error_code_of(client.modern(call_of("other", {{"id", "a"}}, state))), kInvalidParams);
  EXPECT_EQ(error_code_of(client.modern(call_of("buy", {{"id", "b"}}, state))), kInvalidParams);
  EXPECT_EQ(client.tools.calls, 1);
}

TEST(McpRequestState, ends_after_ten_minutes) {
  PageClient client;
  const Json early = call_of("buy", Json::object(), client.state_for("buy", Json::object()));
  const Json late = call_of("buy", Json::object(), client.state_for("buy", Json::object()));
  client.now += kStateLifetimeMs - 1;
  EXPECT_EQ(text_of(client.modern(early)), "sent");
  client.now += 1;
  EXPECT_EQ(error_code_of(client.modern(late)), kInvalidParams);
}

TEST(McpRequestState, of_another_principal_or_process_is_refused) {
  RequestStates one("one");
  RequestStates again("one");
  const std::string state = one.make("buy", Json::object());
  EXPECT_THROW(again.take(state, "buy", Json::object()), ProtocolError);
  EXPECT_NO_THROW(one.take(state, "buy", Json::object()));
}

TEST(McpRequestState, is_nothing_to_a_legacy_client) {
  PageClient client;
  client.initialize("2025-11-25", Json::object());
  const auto messages =
      client.send(TestClient::request("tools/call", call_of("buy", Json::object(), "x"), 7));
  EXPECT_EQ(text_of(messages.front()), "no page");
}

TEST(McpCanonicalText, sorts_members_at_every_depth_and_keeps_lists) {
  EXPECT_EQ(canonical_text(parse_json(R"({"b":[{"y":1,"x":2},3],"a":{"d":null,"c":"é"}})", "it")),
            R"({"a":{"c":"é","d":null},"b":[{"x":2,"y":1},3]})");
}

}  // namespace
}  // namespace cartpilot::mcp
