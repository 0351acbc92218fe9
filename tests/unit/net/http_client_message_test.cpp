// What a request looks like on the wire, and which answers are no answers.

#include <gtest/gtest.h>

#include <string>

#include "fakes/loopback_server.h"
#include "net/http_client.h"
#include "recorder.h"

namespace cartpilot::net {
namespace {

using fakes::LoopbackServer;

class HttpMessage : public testing::Test {
 protected:
  /// The request as the server reads it.
  LoopbackServer::Request sent(HttpRequest request, const std::string& resource = "/") {
    request.url = server.url() + resource;
    fetch(client, request, CallContext());
    return server.requests().back();
  }
  HttpHeaders headers_of(const HttpRequest& request) { return sent(request).headers; }
  Failure failure_with(const HttpRequest& request) {
    return failure_of([&] { sent(request); });
  }

  LoopbackServer server{[](const auto&, auto& reply) { reply.send(200, {}, ""); }};
  HttpClient client{{false, "agent/1"}};
  const std::string host = "127.0.0.1:" + std::to_string(server.port());
};

TEST_F(HttpMessage, leaves_path_and_query_as_they_were_written) {
  for (const char* resource :
       {"/v1/a%2Fb%20c?q=%2F&r=a+b", "/a/../b/./c", "//x", "/?alt=sse", "/m:stream?at=a@b://c"}) {
    EXPECT_EQ(sent(get(""), resource).target, resource);
  }
  EXPECT_EQ(sent(get(""), "?alt=sse#fragment").target, "/?alt=sse");
}

TEST_F(HttpMessage, adds_host_length_and_user_agent_to_what_it_is_given) {
  HttpRequest request = post("", "hello");
  request.headers = {{"Authorization", "Bearer k"},
                     {"X-Twice", "1"},
                     {"X-Twice", "caf\xC3\xA9\t2"},
                     {"X-Empty", ""}};
  EXPECT_EQ(headers_of(request), (HttpHeaders{{"Host", host},
                                              {"Authorization", "Bearer k"},
                                              {"X-Twice", "1"},
                                              {"X-Twice", "caf\xC3\xA9\t2"},
                                              {"X-Empty", ""},
                                              {"User-Agent", "agent/1"},
                                              {"Content-Length", "5"}}));
}

TEST_F(HttpMessage, tells_the_length_of_an_empty_post_but_not_of_a_get) {
  EXPECT_EQ(headers_of(post("", "")),
            (HttpHeaders{{"Host", host}, {"User-Agent", "agent/1"}, {"Content-Length", "0"}}));
  for (const char* method : {"GET", "DELETE", "OPTIONS"}) {
    HttpRequest request = get("");
    request.method = method;
    EXPECT_EQ(headers_of(request), (HttpHeaders{{"Host", host}, {"User-Agent", "agent/1"}}));
    EXPECT_EQ(server.requests().back().method, method);
  }
}

TEST_F(HttpMessage, sends_bodies_with_any_method) {
  for (const char* method : {"PUT", "PATCH", "DELETE", "GET"}) {
    HttpRequest request = post("", "text");
    request.method = method;
    const LoopbackServer::Request seen = sent(request);
    EXPECT_EQ(seen.method, method);
    EXPECT_EQ(seen.body, "text");
  }
}

TEST_F(HttpMessage, expects_no_permission_to_send_a_large_body) {
  EXPECT_EQ(
      headers_of(post("", std::string(2 << 20, 'x'))),
      (HttpHeaders{{"Host", host}, {"User-Agent", "agent/1"}, {"Content-Length", "2097152"}}));
}

TEST_F(HttpMessage, keeps_headers_that_libcurl_would_write_itself) {
  HttpRequest request = post("", "");
  request.headers = {{"user-agent", "other"}, {"Accept", "a/b"}, {"content-type", "c/d"}};
  EXPECT_EQ(headers_of(request), (HttpHeaders{{"Host", host},
                                              {"user-agent", "other"},
                                              {"Accept", "a/b"},
                                              {"content-type", "c/d"},
                                              {"Content-Length", "0"}}));
}

TEST_F(HttpMessage, asks_the_server_to_close_a_connection_used_once) {
  HttpRequest request = get("");
  request.fresh_connection = true;
  EXPECT_EQ(headers_of(request),
            (HttpHeaders{{"Host", host}, {"User-Agent", "agent/1"}, {"Connection", "close"}}));
}

TEST_F(HttpMessage, refuses_headers_that_would_change_it) {
  const HttpHeaders bad = {{"X-A", "k\r\nX-B: v"}, {"X-A", "k\n"},
                           {"X-A", "k\r"},         {"X-A", std::string("k\0", 2)},
                           {"X-A", "k\x7f"},       {"X A", "k"},
                           {"X-A:", "k"},          {"", "k"},
                           {"X\r\nY", "k"},        {"Content-Length", "5"},
                           {"host", "other"},      {"Transfer-Encoding", "chunked"},
                           {"Connection", "x"},    {"Expect", "100-continue"}};
  for (const auto& header : bad) {
    HttpRequest request = post("");
    request.headers = {header};
    EXPECT_EQ(failure_with(request), (Failure{ErrorCode::kInvalidArgument, "http"}))
        << header.first << ": " << header.second;
  }
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(HttpMessage, refuses_a_method_that_is_no_token) {
  for (const char* method : {"", "GET /x", "G\r\nX: y"}) {
    HttpRequest request = get("");
    request.method = method;
    EXPECT_EQ(failure_with(request), (Failure{ErrorCode::kInvalidArgument, "http"}));
  }
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(HttpMessage, names_the_refused_header_but_never_its_value) {
  HttpRequest request = post("");
  request.headers = {{"x-goog-api-key", "canary\n"}};
  const auto error = error_of([&] { sent(request); });
  ASSERT_TRUE(error);
  EXPECT_EQ(std::string(error->what()),
            "the header x-goog-api-key holds a line break or control character; check the value it "
            "was made from");
}

Failure failure_of_answer(const std::string& headers) {
  LoopbackServer server([&](const auto&, auto& reply) {
    reply.raw("HTTP/1.1 200 OK\r\n" + headers + "\r\nhello");
    reply.close();
  });
  return failure_with(get(server.url()));
}

TEST(HttpFraming, refuses_lengths_and_codings_it_cannot_trust) {
  EXPECT_EQ(failure_of_answer("Content-Length: 5\r\n"), Failure{});
  EXPECT_EQ(failure_of_answer("Content-Length: 5\r\ncontent-length: 5\r\n"), Failure{});
  for (const char* headers :
       {"Content-Length: -1\r\n", "Content-Length: +5\r\n", "Content-Length: 5, 5\r\n",
        "Content-Length: 0x5\r\n", "Content-Length:\r\n",
        "Content-Length: 99999999999999999999\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 6\r\nContent-Length: 5\r\n", "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: identity\r\n", "Transfer-Encoding: gzip\r\n"}) {
    EXPECT_EQ(failure_of_answer(headers), (Failure{ErrorCode::kProtocol, "http"})) << headers;
  }
}

TEST(HttpFraming, of_chunks_outranks_a_length) {
  for (const char* headers : {"Content-Length: 5\r\ntransfer-encoding: Chunked\r\n",
                              "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"}) {
    LoopbackServer server([&](const auto&, auto& reply) {
      reply.raw(std::string("HTTP/1.1 200 OK\r\n") + headers + "\r\n3\r\nall\r\n0\r\n\r\n");
    });
    EXPECT_EQ(body_of(get(server.url())), "all");
  }
}

TEST(HttpFraming, leaves_no_body_to_answers_that_have_none) {
  for (const char* status : {"204 No Content", "304 Not Modified"}) {
    LoopbackServer server([&](const auto&, auto& reply) {
      reply.raw(std::string("HTTP/1.1 ") + status + "\r\nContent-Length: 5\r\n\r\n");
    });
    HttpClient client;
    EXPECT_EQ(fetch(client, get(server.url()), CallContext()).body, "");
    EXPECT_EQ(fetch(client, get(server.url()), CallContext()).body, "");
  }
}

}  // namespace
}  // namespace cartpilot::net
