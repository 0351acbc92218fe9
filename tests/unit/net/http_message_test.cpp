#include "net/http_message.h"

#include <gtest/gtest.h>

#include <string>

#include "recorder.h"

namespace cartpilot::net {
namespace {

std::string head_of(const HttpRequest& request) {
  return request_head(request, parse_target(request.url), "agent/1");
}

TEST(RequestHead, adds_host_length_and_user_agent_to_what_it_is_given) {
  HttpRequest request = post("https://a.example:8443/v1?x=%2F", "hello");
  request.headers = {
      {"Authorization", "Bearer k"}, {"X-Twice", "1"}, {"X-Twice", "caf\xC3\xA9\t2"}};
  EXPECT_EQ(head_of(request),
            "POST /v1?x=%2F HTTP/1.1\r\nHost: a.example:8443\r\nAuthorization: Bearer k\r\n"
            "X-Twice: 1\r\nX-Twice: caf\xC3\xA9\t2\r\nUser-Agent: agent/1\r\nContent-Length: 5\r\n"
            "\r\n");
}

TEST(RequestHead, tells_the_length_of_an_empty_post_but_not_of_a_get) {
  EXPECT_EQ(head_of(post("https://a.example/", "")),
            "POST / HTTP/1.1\r\nHost: a.example\r\nUser-Agent: agent/1\r\nContent-Length: 0\r\n"
            "\r\n");
  EXPECT_EQ(head_of(get("https://a.example/")),
            "GET / HTTP/1.1\r\nHost: a.example\r\nUser-Agent: agent/1\r\n\r\n");
}

TEST(RequestHead, keeps_a_user_agent_that_was_given) {
  HttpRequest request = get("https://a.example/");
  request.headers = {{"user-agent", "other"}};
  EXPECT_EQ(head_of(request), "GET / HTTP/1.1\r\nHost: a.example\r\nuser-agent: other\r\n\r\n");
}

TEST(RequestHead, asks_the_server_to_close_a_connection_used_once) {
  HttpRequest request = get("https://a.example/");
  request.fresh_connection = true;
  EXPECT_EQ(
      head_of(request),
      "GET / HTTP/1.1\r\nHost: a.example\r\nUser-Agent: agent/1\r\nConnection: close\r\n\r\n");
}

TEST(RequestHead, refuses_headers_that_would_change_the_message) {
  const HttpHeaders bad = {{"X-A", "k\r\nX-B: v"}, {"X-A", "k\n"},
                           {"X-A", "k\r"},         {"X-A", std::string("k\0", 2)},
                           {"X-A", "k\x7f"},       {"X A", "k"},
                           {"X-A:", "k"},          {"", "k"},
                           {"X\r\nY", "k"},        {"Content-Length", "5"},
                           {"host", "other"},      {"Transfer-Encoding", "chunked"},
                           {"Connection", "x"},    {"Expect", "100-continue"}};
  for (const auto& header : bad) {
    HttpRequest request = post("https://a.example/");
    request.headers = {header};
    EXPECT_EQ(failure_of([&] { head_of(request); }), (Failure{ErrorCode::kInvalidArgument, "http"}))
        << header.first << ": " << header.second;
  }
}

TEST(RequestHead, refuses_a_method_that_is_no_token) {
  for (const char* method : {"", "GET /x", "G\r\nX: y"}) {
    HttpRequest request = get("https://a.example/");
    request.method = method;
    EXPECT_EQ(failure_of([&] { head_of(request); }),
              (Failure{ErrorCode::kInvalidArgument, "http"}));
  }
}

TEST(RequestHead, names_the_header_but_never_its_value) {
  HttpRequest request = post("https://a.example/");
  request.headers = {{"x-goog-api-key", "canary\n"}};
  const auto error = error_of([&] { head_of(request); });
  ASSERT_TRUE(error);
  EXPECT_EQ(std::string(error->what()),
            "the header x-goog-api-key holds a line break or control character; check the value it "
            "was made from");
}

TEST(Framing, follows_the_headers) {
  const auto framing = [](int status, const HttpHeaders& headers, const char* method = "GET") {
    return framing_of({status, headers}, method);
  };
  using Kind = Framing::Kind;
  EXPECT_EQ(framing(200, {{"content-length", "12"}}), (Framing{Kind::kLength, 12}));
  EXPECT_EQ(framing(200, {{"Content-Length", "5"}, {"Content-Length", "5"}}),
            (Framing{Kind::kLength, 5}));
  EXPECT_EQ(framing(200, {{"Content-Length", "5"}, {"transfer-encoding", "Chunked"}}),
            (Framing{Kind::kChunked, 0}));
  EXPECT_EQ(framing(200, {}), (Framing{Kind::kUntilClose, 0}));
  EXPECT_EQ(framing(204, {{"Content-Length", "5"}}), Framing{});
  EXPECT_EQ(framing(304, {}), Framing{});
  EXPECT_EQ(framing(200, {{"Content-Length", "5"}}, "HEAD"), Framing{});
}

TEST(Framing, refuses_lengths_and_codings_it_cannot_trust) {
  for (const HttpHeaders& headers : {
           HttpHeaders{{"Content-Length", "-1"}},
           HttpHeaders{{"Content-Length", "+5"}},
           HttpHeaders{{"Content-Length", "5, 5"}},
           HttpHeaders{{"Content-Length", "0x5"}},
           HttpHeaders{{"Content-Length", ""}},
           HttpHeaders{{"Content-Length", "99999999999999999999"}},
           HttpHeaders{{"Content-Length", "5"}, {"Content-Length", "6"}},
           HttpHeaders{{"Transfer-Encoding", "gzip, chunked"}},
           HttpHeaders{{"Transfer-Encoding", "identity"}},
       }) {
    EXPECT_EQ(failure_of([&] {
                framing_of({200, headers}, "GET");
              }),
              (Failure{ErrorCode::kProtocol, "http"}));
  }
}

TEST(HasToken, looks_into_the_lists_of_all_headers_of_that_name) {
  const HttpHeaders headers = {{"Connection", "keep-alive"}, {"connection", "x , Close"}};
  EXPECT_TRUE(has_token(headers, "CONNECTION", "close"));
  EXPECT_TRUE(has_token(headers, "Connection", "keep-alive"));
  EXPECT_FALSE(has_token(headers, "Connection", "keep"));
  EXPECT_FALSE(has_token({}, "Connection", "close"));
}

}  // namespace
}  // namespace cartpilot::net
