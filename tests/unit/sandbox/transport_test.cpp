// What holds for every request: connections, keys, request ids, routes, headers.
#include <gmock/gmock.h>

#include "unit/sandbox/shopper.h"

namespace cartpilot::sandbox {
namespace {

using testing::MatchesRegex;

constexpr const char* kBearer = "Bearer dev-api-key-change-in-production";

class Transport : public ShopTest {
 protected:
  RawHttp http_{server_.port()};
};

TEST_F(Transport, answers_any_number_of_requests_on_one_connection) {
  for (int i = 0; i < 300; ++i) ASSERT_EQ(http_.send("GET", "/health", {}).status, 200) << i;
}

TEST_F(Transport, health_and_readiness_need_no_key) {
  EXPECT_EQ(http_.send("GET", "/health", {}).body,
            R"({"status":"healthy","service":"cartpilot-api","version":"0.1.0"})");
  EXPECT_EQ(http_.send("GET", "/ready", {}).body, R"({"status":"ready"})");
}

TEST_F(Transport, takes_the_key_it_was_given) {
  SandboxServer::Options options;
  options.api_key = "another key";
  SandboxServer server(options);
  RawHttp http(server.port());
  EXPECT_EQ(http.send("GET", "/merchants", {{"Authorization", "Bearer another key"}}).status, 200);
  EXPECT_EQ(http.send("GET", "/merchants", {{"Authorization", kBearer}}).body,
            R"({"error_code":"INVALID_API_KEY","message":"Invalid API key","details":[]})");
}

TEST_F(Transport, asks_for_the_key_before_it_looks_at_path_or_body) {
  for (const auto& [method, target] :
       {std::pair("GET", "/nope"), {"DELETE", "/intents"}, {"POST", "/intents"}, {"GET", "/"}}) {
    const Answer answer = http_.send(method, target, {}, "broken");
    EXPECT_EQ(answer.status, 401) << target;
    EXPECT_EQ(answer.header("WWW-Authenticate"), "Bearer");
    EXPECT_EQ(answer.body,
              R"({"error_code":"UNAUTHORIZED","message":"Missing Authorization header",)"
              R"("details":[]})");
    EXPECT_THAT(answer.header("X-Request-ID"), MatchesRegex("[0-9a-f-]{36}"));
  }
}

TEST_F(Transport, knows_no_route_beyond_its_list) {
  for (const char* target : {"/", "/nope", "/intents/a/b", "/intents//offers",
                             "/checkouts/a/cancel", "/webhooks", "/Health"}) {
    const Answer answer = shopper_.get(target);
    EXPECT_EQ(answer.status, 404) << target;
    EXPECT_EQ(answer.body, R"({"detail":"Not Found"})") << target;
  }
}

TEST_F(Transport, names_the_method_that_a_path_knows) {
  const HttpHeaders key = {{"Authorization", kBearer}};
  for (const auto& [method, target, allow] : {std::tuple("GET", "/intents", "POST"),
                                              {"GET", "/checkouts", "POST"},
                                              {"DELETE", "/intents/x", "GET"},
                                              {"POST", "/orders", "GET"},
                                              {"PUT", "/checkouts/x/quote", "POST"},
                                              {"GET", "/orders/x/cancel", "POST"},
                                              {"OPTIONS", "/orders", "GET"}}) {
    const Answer answer = http_.send(method, target, key);
    EXPECT_EQ(answer.status, 405) << target;
    EXPECT_EQ(answer.header("Allow"), allow) << target;
    EXPECT_EQ(answer.body, R"({"detail":"Method Not Allowed"})") << target;
  }
}

TEST_F(Transport, head_is_refused_without_a_body_and_the_connection_stays_in_step) {
  const Answer head = http_.send("HEAD", "/health", {});
  EXPECT_EQ(head.status, 405);
  EXPECT_EQ(head.header("Content-Length"), "31");
  EXPECT_EQ(http_.send("GET", "/ready", {}).body, R"({"status":"ready"})");
}

TEST_F(Transport, sends_a_path_with_trailing_slashes_to_the_one_without) {
  for (const auto& [target, location] :
       {std::pair("/orders/?page=2&x=a%20b", "/orders?page=2&x=a%20b"),
        {"/merchants//", "/merchants"},
        {"/intents/x/offers/", "/intents/x/offers"},
        {"/intents/", "/intents"}}) {
    const Answer answer = shopper_.get(target);
    EXPECT_EQ(answer.status, 307) << target;
    EXPECT_EQ(answer.header("Location"), server_.url() + location);
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(answer.header("Content-Type"), "");
  }
  EXPECT_EQ(shopper_.get("/nope/").status, 404);
}

TEST_F(Transport, a_redirect_under_an_idempotency_key_has_a_body_at_once_and_again) {
  const HttpHeaders headers = {{"Authorization", kBearer},
                               {"Content-Type", "application/json"},
                               {"Idempotency-Key", "key-1"}};
  for (const char* replayed : {"", "true"}) {
    const Answer answer = http_.send("POST", "/intents/", headers, R"({"query":"lamp"})");
    EXPECT_EQ(answer.status, 307);
    EXPECT_EQ(answer.body, "{}");
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    EXPECT_EQ(answer.header("X-Idempotent-Replayed"), replayed);
  }
}

TEST_F(Transport, names_of_other_machines_are_refused_as_host) {
  SandboxServer::Options options;
  options.merchant_b_port = 0;
  SandboxServer server(options);
  for (const int port : {server.port(), server.merchant_port("merchant-b")}) {
    for (const auto& [host, status] : {std::pair("evil.example", 403),
                                       {"127.0.0.1.evil.example", 403},
                                       {"localhost.evil.example:80", 403},
                                       {"x@127.0.0.1", 403},
                                       {"", 403},
                                       {"localhost", 200},
                                       {"LOCALHOST:1", 200},
                                       {"[::1]:8000", 200},
                                       {"127.0.0.1:8000", 200}}) {
      RawHttp http(port);
      http.write("GET /health HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
      EXPECT_EQ(http.read().status, status) << host;
    }
  }
}

// The routes that change something without a key, and those with one.
TEST_F(Transport, pages_of_other_sites_and_forms_change_nothing) {
  SandboxServer::Options options;
  options.merchant_b_port = 0;
  SandboxServer server(options);
  for (const char* target :
       {"/admin/reset", "/admin/reset-product/x", "/admin/trigger-out-of-stock/x",
        "/admin/trigger-price-change/x", "/chaos/configure", "/chaos/enable", "/chaos/disable",
        "/chaos/scenarios/latency/enable", "/chaos/reset", "/chaos/flush-webhooks",
        "/checkout/quote", "/checkout/x/confirm"}) {
    RawHttp shop(server.merchant_port("merchant-b"));
    for (const char* form : {"application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                             "text/plain", "Text/Plain;charset=UTF-8"}) {
      EXPECT_EQ(shop.send("POST", target, {{"Content-Type", form}}, "a=b").status, 422) << target;
    }
    for (const char* origin : {"http://evil.example", "null", "http://127.0.0.1.evil.example"}) {
      EXPECT_EQ(shop.send("POST", target, {{"Origin", origin}}).status, 403) << target;
    }
    EXPECT_EQ(shop.send("POST", target, {{"Sec-Fetch-Site", "cross-site"}}).status, 403) << target;
  }
  RawHttp shop(server.merchant_port("merchant-b"));
  EXPECT_EQ(shop.send("DELETE", "/chaos/events", {{"Origin", "null"}}).status, 403);
  EXPECT_EQ(shop.send("POST", "/admin/reset", {{"Origin", "http://localhost:3000"}}).status, 200);
  RawHttp http(server.port());
  for (const char* target : {"/intents", "/checkouts", "/checkouts/x/quote", "/checkouts/x/approve",
                             "/checkouts/x/request-approval", "/checkouts/x/confirm",
                             "/orders/x/cancel", "/orders/x/refund", "/webhooks/merchant"}) {
    const HttpHeaders key = {{"Authorization", kBearer}, {"Content-Type", "text/plain"}};
    EXPECT_EQ(http.send("POST", target, key, "{}").status, 422) << target;
    EXPECT_EQ(http.send("POST", target, {{"Authorization", kBearer}, {"Origin", "null"}}).status,
              403)
        << target;
  }
}

TEST_F(Transport, a_request_with_contradictory_lengths_gets_one_answer_and_the_connection_ends) {
  for (const char* lengths :
       {"Content-Length: 2\r\nContent-Length: 41\r\n", "Content-Length: 2\r\nContent-Length: 2\r\n",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Content-Length: -2\r\n",
        "Content-Length: +2\r\n"}) {
    RawHttp http(server_.port());
    http.write("POST /intents HTTP/1.1\r\nHost: localhost\r\n" + std::string(lengths) +
               "\r\n{}GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(http.read().status, 400) << lengths;
    EXPECT_TRUE(http.closed()) << lengths;
  }
}

TEST_F(Transport, half_open_clients_do_not_keep_others_out) {
  std::vector<std::unique_ptr<RawHttp>> half_open;
  for (int i = 0; i < 300; ++i) {
    half_open.push_back(std::make_unique<RawHttp>(server_.port()));
    half_open.back()->write(i % 2 == 0 ? "POST /intents HTTP/1.1\r\nHo" : "");
  }
  EXPECT_EQ(Shopper(server_.port()).get("/ready").status, 200);
}

TEST_F(Transport, answers_a_preflight_that_has_a_key) {
  const Answer answer = http_.send("OPTIONS", "/intents",
                                   {{"Authorization", kBearer},
                                    {"Origin", "http://shop.example"},
                                    {"Access-Control-Request-Method", "POST"},
                                    {"Access-Control-Request-Headers", "x-a"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "OK");
  EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "http://shop.example");
  EXPECT_EQ(answer.header("Access-Control-Allow-Headers"), "x-a");
}

TEST_F(Transport, a_post_without_length_has_no_body_and_does_not_wait) {
  http_.write("POST /intents HTTP/1.1\r\nHost: localhost\r\nAuthorization: " +
              std::string(kBearer) + "\r\n\r\n");
  EXPECT_EQ(
      http_.read().body,
      R"({"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]})");
}

TEST_F(Transport, reads_a_body_that_comes_in_chunks) {
  http_.write(
      "POST /intents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\nAuthorization: " +
      std::string(kBearer) + "\r\n\r\n9\r\n{\"query\":\r\n6\r\n\"abc\"}\r\n0\r\n\r\n");
  const Answer answer = http_.read();
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.json().at("query"), "abc");
}

TEST_F(Transport, refuses_a_body_beyond_16_mib) {
  http_.write("POST /intents HTTP/1.1\r\nHost: localhost\r\nContent-Length: 17000000\r\n\r\n" +
              std::string(16'800'000, 'x'));
  EXPECT_EQ(http_.read().status, 413);
}

TEST_F(Transport, survives_bytes_that_are_no_request) {
  SandboxServer server({});
  for (const char* bytes : {"\r\n\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02\x00garbage\r\n\r\n",
                            "GET / HTTP/9.9\r\n\r\n", "GET /%zz%00%ff HTTP/1.1\r\n: :\r\n\r\n"}) {
    RawHttp http(server.port());
    http.write(bytes);
  }
  EXPECT_EQ(Shopper(server.port()).get("/ready").status, 200);
}

TEST_F(Transport, paths_that_are_no_text_are_answered_with_text) {
  EXPECT_THAT(shopper_.get("/orders/%ff").json().at("message").get<std::string>(),
              "Order not found: \uFFFD");
  EXPECT_THAT(shopper_.get("/orders/%zz").json().at("message").get<std::string>(),
              "Order not found: %zz");
}

TEST_F(Transport, stops_while_connections_are_idle) {
  auto server = std::make_unique<SandboxServer>(SandboxServer::Options{});
  std::vector<std::unique_ptr<RawHttp>> idle;
  for (int i = 0; i < 20; ++i) {
    idle.push_back(std::make_unique<RawHttp>(server->port()));
    idle.back()->send("GET", "/health", {});
  }
  server->stop();
  for (const auto& connection : idle) EXPECT_TRUE(connection->closed());
  server.reset();
}

TEST_F(Transport, a_stopped_port_is_free_for_the_next_sandbox) {
  SandboxServer first({});
  const int port = first.port();
  first.stop();
  SandboxServer::Options options;
  options.port = port;
  SandboxServer second(options);
  EXPECT_EQ(Shopper(port).get("/ready").status, 200);
}

TEST_F(Transport, says_that_a_port_is_taken) {
  SandboxServer first({});
  SandboxServer::Options options;
  options.port = first.port();
  try {
    SandboxServer second(options);
    FAIL() << "two sandboxes on one port";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kUnavailable);
    EXPECT_THAT(error.what(), testing::HasSubstr("choose another port"));
  }
}

}  // namespace
}  // namespace cartpilot::sandbox
