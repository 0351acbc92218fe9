#include "net/url_policy.h"

#include <gtest/gtest.h>

#include <string>

#include "recorder.h"

namespace cartpilot::net {
namespace {

std::string parts(const std::string& url) {
  const Target target = parse_target(url);
  return std::string(target.tls ? "tls " : "plain ") + (target.loopback ? "loopback " : "") +
         target.authority() + " " + target.address() + " " + target.resource;
}

TEST(UrlPolicy, takes_a_url_apart_without_changing_path_or_query) {
  EXPECT_EQ(parts("https://api.example.com"), "tls api.example.com api.example.com:443 /");
  EXPECT_EQ(parts("https://API.Example.com:8443/v1/a%2Fb%20c?q=%2F&r=a+b#fragment"),
            "tls api.example.com:8443 api.example.com:8443 /v1/a%2Fb%20c?q=%2F&r=a+b");
  EXPECT_EQ(parts("https://h.example?alt=sse"), "tls h.example h.example:443 /?alt=sse");
  EXPECT_EQ(parts("https://h.example:80/m:stream?at=a@b://c"),
            "tls h.example:80 h.example:80 /m:stream?at=a@b://c");
}

TEST(UrlPolicy, allows_plain_http_to_this_machine_only) {
  EXPECT_EQ(parts("http://127.0.0.1:8000/x"), "plain loopback 127.0.0.1:8000 127.0.0.1:8000 /x");
  EXPECT_EQ(parts("http://LOCALHOST/x"), "plain loopback localhost localhost:80 /x");
  EXPECT_EQ(parts("http://127.9.9.9/x"), "plain loopback 127.9.9.9 127.9.9.9:80 /x");
  EXPECT_EQ(parts("http://[::1]:8000/x"), "plain loopback [::1]:8000 [::1]:8000 /x");
  EXPECT_EQ(parts("https://[2001:db8::1]/x"), "tls [2001:db8::1] [2001:db8::1]:443 /x");
}

TEST(UrlPolicy, refuses_everything_else) {
  for (const char* url : {
           "http://example.com/",
           "http://10.0.0.1/",
           "http://192.168.1.1:8000/",
           "http://0.0.0.0/",
           "http://[2001:db8::1]/",
           "http://localhost.example.com/",
           "http://127.0.0.1.example.com/",
           "http://localhost./",  // not this machine
           "http://127.0.0.1@example.com/",
           "https://user:secret@example.com/",
           "https://@example.com/",
           "https://key@example.com/",  // user info
           "ftp://example.com/",
           "file:///etc/passwd",
           "ws://127.0.0.1/",
           "example.com/x",
           "",
           "//example.com/x",  // other schemes
           "https:h/",
           "https:/h/",
           "https://",
           "https:///x",
           "https://:443/",
           "https://h:0/",
           "https://h:65536/",
           "https://h:abc/",
           "https://[::1/",
           "https://ex%61mple.com/",  // no usable host
           "https://a b/",
           "https://h/a b",
           "https://h/\n",
           "https://h/\r\nX: y",
           "https://h\\@localhost/",
           "http://example.com\\.localhost/",
           "https://h\xC3\xA9.example/",
           "https://h/caf\xC3\xA9",  // other characters
       }) {
    EXPECT_EQ(failure_of([&] { parse_target(url); }), (Failure{ErrorCode::kInvalidArgument, "url"}))
        << url;
  }
}

TEST(UrlPolicy, keeps_secrets_of_a_url_out_of_its_messages) {
  for (const char* url : {"https://user:canary@example.com/", "http://example.com/?key=canary",
                          "https://h/\ncanary", "ftp://h/canary", "https://h:canary/"}) {
    const auto error = error_of([&] { parse_target(url); });
    ASSERT_TRUE(error) << url;
    EXPECT_EQ(std::string(error->what()).find("canary"), std::string::npos) << error->what();
  }
}

}  // namespace
}  // namespace cartpilot::net
