#include <thread>

#include "unit/mcp/http_world.h"

namespace cartpilot::mcp {
namespace {

const std::string kList = dump_json(TestClient::modern_request("tools/list", Json::object(), 1));

TEST(McpHttp, a_foreign_host_or_origin_is_refused_before_everything_else) {
  HttpWorld world("a-token-nobody-knows");
  const HttpHeaders headers = HttpWorld::modern_headers("tools/list");
  for (const char* host : {"evil.example:80", "127.0.0.1:81", "127.0.0.1", ""}) {
    EXPECT_EQ(world.post(kList, with(headers, "Host", host)).status, 403) << host;
  }
  for (const char* origin : {"http://evil.example", "null", "http://127.0.0.1:81", "127.0.0.1:80",
                             "http://127.0.0.1:80.evil.example"}) {
    EXPECT_EQ(world.post(kList, with(headers, "Origin", origin)).status, 403) << origin;
  }
  EXPECT_EQ(world.post(kList, without(headers, "Host")).status, 403);
  EXPECT_EQ(world.services, 0);
}

TEST(McpHttp, our_own_origin_is_let_in) {
  HttpWorld world;
  EXPECT_EQ(
      world
          .post(kList, with(with(HttpWorld::modern_headers("tools/list"), "Host", "LOCALHOST:80"),
                            "Origin", "http://localhost:80"))
          .status,
      200);
}

TEST(McpHttp, a_token_must_be_the_right_one) {
  HttpWorld world("a-token-nobody-knows");
  const HttpHeaders headers = HttpWorld::modern_headers("tools/list");
  for (const char* wrong : {"", "a-token-nobody-knows", "Bearer", "Bearer a-token-nobody-know",
                            "Bearer a-token-nobody-knows2", "Basic a-token-nobody-knows"}) {
    const RecordedReply& reply = world.post(kList, with(headers, "Authorization", wrong));
    EXPECT_EQ(reply.status, 401) << wrong;
    EXPECT_EQ(header_value(reply.headers, "WWW-Authenticate"), "Bearer");
  }
  EXPECT_EQ(world.post(kList, with(headers, "Authorization", "bearer a-token-nobody-knows")).status,
            200);
}

TEST(McpHttp, one_path_takes_post_and_nothing_else) {
  HttpWorld world;
  EXPECT_EQ(world.send({"POST", "/", HttpWorld::modern_headers("tools/list"), kList}).status, 404);
  for (const char* method : {"GET", "DELETE", "PUT", "OPTIONS"}) {
    const RecordedReply& reply = world.send({method, "/mcp", HttpWorld::usual(), ""});
    EXPECT_EQ(reply.status, 405) << method;
    EXPECT_EQ(header_value(reply.headers, "Allow"), "POST");
  }
}

TEST(McpHttp, only_json_of_a_bounded_size_is_read) {
  HttpWorld world;
  const HttpHeaders headers = HttpWorld::modern_headers("tools/list");
  EXPECT_EQ(world.post(kList, with(headers, "Content-Type", "text/plain")).status, 415);
  EXPECT_EQ(world.post(kList, without(headers, "Content-Type")).status, 415);
  EXPECT_EQ(
      world.post(kList, with(headers, "Content-Type", "Application/JSON; charset=utf-8")).status,
      200);
  EXPECT_EQ(world.post(std::string(kMaxBodyBytes + 1, ' '), headers).status, 413);
}

TEST(McpHttp, rubbish_and_batches_are_bad_requests) {
  HttpWorld world;
  const HttpHeaders headers = HttpWorld::modern_headers("tools/list");
  for (const auto& [body, code] :
       {std::pair(std::string("{"), kParseError), std::pair("[" + kList + "]", kInvalidRequest),
        std::pair(std::string("5"), kInvalidRequest)}) {
    const RecordedReply& reply = world.post(body, headers);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_EQ(error_code_of(reply.json()), code) << body;
    EXPECT_TRUE(reply.json().at("id").is_null());
  }
}

TEST(McpHttp, the_headers_must_say_what_the_body_says) {
  HttpWorld world;
  const Json call =
      TestClient::modern_request("tools/call", {{"name", "echo"}, {"arguments", {{"a", 1}}}}, 1);
  const HttpHeaders right = HttpWorld::modern_headers("tools/call", "echo");
  EXPECT_EQ(world.post(call, right).status, 200);
  EXPECT_EQ(world.post(call, with(right, "mcp-name", " echo ")).status, 400);  // two of them
  EXPECT_EQ(world.post(call, with(without(right, "Mcp-Name"), "MCP-NAME", " echo ")).status, 200);
  EXPECT_EQ(world.post(call, with(right, "Mcp-Name", "=?base64?ZWNobw==?=")).status, 200);
  for (const auto& [name, value] :
       {std::pair("MCP-Protocol-Version", "2025-11-25"), std::pair("Mcp-Method", "tools/list"),
        std::pair("Mcp-Method", "Tools/Call"), std::pair("Mcp-Name", "wait"),
        std::pair("Mcp-Name", "Echo"), std::pair("Mcp-Name", "")}) {
    for (const HttpHeaders& headers : {with(right, name, value), without(right, name)}) {
      const RecordedReply& reply = world.post(call, headers);
      EXPECT_EQ(reply.status, 400) << name << value;
      EXPECT_EQ(error_code_of(reply.json()), kHeaderMismatch) << name << value;
      EXPECT_EQ(reply.json().at("id"), Json(1));
    }
  }
}

TEST(McpHttp, statuses_of_modern_answers) {
  HttpWorld world;
  EXPECT_EQ(world.modern("server/discover").status, 200);
  EXPECT_EQ(world.modern("no/such/method").status, 404);
  EXPECT_EQ(world.modern("ping").status, 404);
  EXPECT_EQ(world.modern("tools/call", {{"name", "no_such_tool"}}).status, 200);
  EXPECT_EQ(error_code_of(world.modern("tools/call", {{"name", "no_such_tool"}}).json()),
            kInvalidParams);
  EXPECT_EQ(world.modern("tools/call", {{"name", "refuse"}}).status, 200);
  Json no_meta = TestClient::request("tools/list", Json::object(), 1);
  EXPECT_EQ(world.post(no_meta, HttpWorld::modern_headers("tools/list")).status, 400);
  Json other = TestClient::modern_request("tools/list", Json::object(), 1);
  other["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2099-01-01";
  const HttpHeaders headers = HttpWorld::modern_headers("tools/list");
  const RecordedReply& reply =
      world.post(other, with(headers, "MCP-Protocol-Version", "2099-01-01"));
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(error_code_of(reply.json()), kUnsupportedVersion);
}

TEST(McpHttp, a_version_that_the_header_contradicts_is_a_mismatch_even_when_it_is_unknown) {
  HttpWorld world;
  Json other = TestClient::modern_request("server/discover", Json::object(), 1);
  other["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2099-01-01";
  const RecordedReply& reply = world.post(other, HttpWorld::modern_headers("server/discover"));
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(error_code_of(reply.json()), kHeaderMismatch);
}

TEST(McpHttp, the_modern_era_has_no_initialize) {
  HttpWorld world;
  const RecordedReply& reply = world.modern("initialize", {{"protocolVersion", "2025-11-25"}});
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(error_code_of(reply.json()), kMethodNotFound);
  EXPECT_EQ(header_value(reply.headers, "Mcp-Session-Id"), "");
}

TEST(McpHttp, an_initialize_after_a_discover_begins_a_session_whatever_its_header_says) {
  HttpWorld world;
  EXPECT_EQ(world.modern("server/discover").status, 200);
  const RecordedReply& reply =
      world.post(TestClient::request("initialize", {{"protocolVersion", "2025-11-25"}}, 2),
                 HttpWorld::modern_headers("initialize"));
  EXPECT_EQ(reply.status, 200);
  const std::string session = header_value(reply.headers, "Mcp-Session-Id");
  EXPECT_TRUE(world.legacy(session, "tools/list").json().contains("result"));
}

TEST(McpHttp, a_notification_is_accepted_without_a_body) {
  HttpWorld world;
  const Json message = make_notification("notifications/x", Json::object());
  EXPECT_EQ(world.post(message, HttpWorld::modern_headers("notifications/x")).status, 202);
  const std::string session = world.initialize();
  const RecordedReply& reply = world.post(message, HttpWorld::with_session(session));
  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(reply.body, "");
}

TEST(McpHttp, a_modern_client_needs_no_session_and_one_it_names_is_ignored) {
  HttpWorld world;
  EXPECT_EQ(
      world.post(kList, with(HttpWorld::modern_headers("tools/list"), "Mcp-Session-Id", "whatever"))
          .status,
      200);
  world.modern("tools/list");
  EXPECT_EQ(world.services, 1);
}

TEST(McpHttp, each_legacy_session_has_tools_of_its_own) {
  HttpWorld world;
  const std::string first = world.initialize();
  const std::string second = world.initialize();
  EXPECT_EQ(world.services, 2);
  EXPECT_NE(first, second);
  EXPECT_EQ(first.size(), 32U);
  EXPECT_EQ(world.legacy(first, "ping").json(), response(2, Json::object()));
  EXPECT_EQ(world.legacy(second, "no/such").status, 200);
}

TEST(McpHttp, a_legacy_request_needs_its_session) {
  HttpWorld world;
  EXPECT_EQ(
      world.post(TestClient::request("tools/list", Json::object(), 1), HttpWorld::usual()).status,
      400);
  EXPECT_EQ(world.legacy("unknown", "tools/list").status, 404);
  const std::string session = world.initialize();
  EXPECT_EQ(world.send({"DELETE", "/mcp", HttpWorld::with_session(session), ""}).status, 204);
  EXPECT_EQ(world.legacy(session, "tools/list").status, 404);
  EXPECT_EQ(world.send({"DELETE", "/mcp", HttpWorld::with_session(session), ""}).status, 404);
}

TEST(McpHttp, a_session_ends_after_half_an_hour_without_a_request) {
  HttpWorld world;
  const std::string session = world.initialize();
  world.seconds += 29 * 60;
  EXPECT_EQ(world.legacy(session, "ping").status, 200);
  world.seconds += 29 * 60;
  EXPECT_EQ(world.legacy(session, "ping").status, 200);
  world.seconds += 30 * 60;
  EXPECT_EQ(world.legacy(session, "ping").status, 404);
}

TEST(McpHttp, there_is_a_most_of_sessions) {
  HttpWorld world;
  for (std::size_t i = 0; i < kMaxHttpSessions; ++i) world.initialize();
  EXPECT_EQ(world
                .post(TestClient::request("initialize", {{"protocolVersion", "2025-11-25"}}, 1),
                      HttpWorld::usual())
                .status,
            503);
}

TEST(McpHttp, a_legacy_version_header_may_be_missing_but_not_unknown) {
  HttpWorld world;
  const std::string session = world.initialize("2025-03-26");
  EXPECT_EQ(world.legacy(session, "tools/list").status, 200);
  const std::string list = dump_json(TestClient::request("tools/list", Json::object(), 1));
  EXPECT_EQ(
      world.post(list, with(HttpWorld::with_session(session), "MCP-Protocol-Version", "2025-03-26"))
          .status,
      200);
  EXPECT_EQ(
      world.post(list, with(HttpWorld::with_session(session), "MCP-Protocol-Version", "1")).status,
      400);
}

TEST(McpHttp, an_initialize_that_is_refused_begins_no_session) {
  HttpWorld world;
  const RecordedReply& reply =
      world.post(TestClient::request("initialize", Json::object(), 1), HttpWorld::usual());
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(header_value(reply.headers, "Mcp-Session-Id"), "");
}

TEST(McpHttp, progress_makes_the_answer_a_stream_whose_last_event_is_the_answer) {
  HttpWorld world;
  world.modern("tools/list");
  world.tools->release();
  const Json params = {{"name", "wait"}, {"_meta", {{"progressToken", "t"}}}};
  const RecordedReply& reply = world.modern("tools/call", params);
  EXPECT_EQ(header_value(reply.headers, "Content-Type"), "text/event-stream");
  EXPECT_EQ(header_value(reply.headers, "X-Accel-Buffering"), "no");
  ASSERT_EQ(reply.events.size(), 3U);
  EXPECT_EQ(reply.events[0].at("method"), Json("notifications/progress"));
  EXPECT_EQ(reply.events[2].at("id"), Json(1));
}

TEST(McpHttp, a_client_that_takes_no_stream_gets_json) {
  HttpWorld world;
  world.modern("tools/list");
  world.tools->release();
  const RecordedReply& reply = world.post(
      TestClient::modern_request("tools/call",
                                 {{"name", "wait"}, {"_meta", {{"progressToken", "t"}}}}, 1),
      with(HttpWorld::modern_headers("tools/call", "wait"), "Accept", "application/json"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.json().contains("result"));
  EXPECT_TRUE(reply.events.empty());
}

TEST(McpHttp, a_modern_client_cancels_by_closing_the_connection) {
  HttpWorld world;
  world.modern("tools/list");
  RecordedReply reply;
  std::thread client([&] {
    world.endpoint->handle(
        {"POST", "/mcp", HttpWorld::modern_headers("tools/call", "wait"),
         dump_json(TestClient::modern_request("tools/call", {{"name", "wait"}}, 1))},
        reply);
  });
  world.tools->wait_until_waiting();
  reply.gone = true;
  client.join();
  world.tools->wait_until_none_waits();
  EXPECT_EQ(reply.status, 0);
}

TEST(McpHttp, a_legacy_client_that_drops_the_connection_cancels_nothing) {
  HttpWorld world;
  const std::string session = world.initialize();
  RecordedReply reply;
  reply.gone = true;
  std::thread client([&] {
    world.endpoint->handle({"POST", "/mcp", HttpWorld::with_session(session),
                            dump_json(TestClient::request("tools/call", {{"name", "wait"}}, 1))},
                           reply);
  });
  world.tools->wait_until_waiting();
  world.tools->release();
  client.join();
  EXPECT_EQ(reply.status, 200);
}

TEST(McpHttp, once_it_ends_nothing_more_is_taken) {
  HttpWorld world;
  world.endpoint->hurry();
  EXPECT_EQ(world.modern("tools/list").status, 503);
}

}  // namespace
}  // namespace cartpilot::mcp
