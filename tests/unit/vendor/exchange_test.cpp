// What stands around an exchange: notices, the second try, whole bodies and pages.
#include <gtest/gtest.h>

#include <map>

#include "cartpilot/vendor/fetch.h"
#include "cartpilot/vendor/notices.h"
#include "cartpilot/vendor/second_try.h"

namespace cartpilot::vendor {
namespace {

struct Warnings final : EventSink {
  void on_event(const StreamEvent& event) override {
    lines.push_back(std::get<WarningEvent>(event).message);
  }
  std::vector<std::string> lines;
};

TEST(Notices, a_line_is_shown_once) {
  Notices notices;
  Warnings shown;
  notices.add("a");
  notices.add("b");
  notices.add("a");
  notices.show(shown);
  notices.show(shown);
  notices.add("a");
  notices.add("c");
  notices.show(shown);
  EXPECT_EQ(shown.lines, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(SecondTry, every_request_gets_one) {
  SecondTry tries;
  tries.sending("one");
  EXPECT_TRUE(tries.take());
  tries.sending("one");
  EXPECT_FALSE(tries.take());
  tries.sending("two");
  EXPECT_TRUE(tries.take());
}

/// Answers every URL with itself, in two pieces.
struct Echo final : HttpTransport {
  void send(const HttpRequest& request, HttpSink& sink, const CallContext&) override {
    requests.push_back(request);
    sink.on_head({status, {}});
    sink.on_event({HttpEvent::Kind::kBody, "", request.url.substr(0, 3)});
    sink.on_event({HttpEvent::Kind::kBody, "", request.url.substr(3)});
  }
  int status = 200;
  std::vector<HttpRequest> requests;
};

TEST(Fetch, gets_a_whole_body_whatever_the_status) {
  Echo echo;
  echo.status = 404;
  const WholeAnswer answer = fetch(echo, "https://x/models", {{"x-key", "k"}}, CallContext());
  EXPECT_EQ(answer.head.status, 404);
  EXPECT_FALSE(answer.ok());
  EXPECT_EQ(answer.body, "https://x/models");
  EXPECT_EQ(echo.requests[0].method, "GET");
  EXPECT_EQ(echo.requests[0].headers,
            (HttpHeaders{{"x-key", "k"}, {"Accept", "application/json"}}));
  EXPECT_EQ(echo.requests[0].total_timeout_ms, 60'000);
}

TEST(Fetch, pages_end_after_the_last_or_when_they_repeat) {
  for (const auto& [next, wanted] :
       std::vector<std::pair<std::map<std::string, std::string>, std::size_t>>{
           {{{"url-1", "url-2"}, {"url-2", "url-3"}, {"url-3", ""}}, 3},
           {{{"url-1", "url-2"}, {"url-2", "url-1"}}, 2}}) {
    Echo echo;
    fetch_pages(echo, "url-1", {}, CallContext(),
                [&next = next](const WholeAnswer& page) { return next.at(page.body); });
    EXPECT_EQ(echo.requests.size(), wanted);
  }
}

TEST(Fetch, a_query_value_is_escaped) {
  EXPECT_EQ(query_escaped("aZ9-_.~"), "aZ9-_.~");
  EXPECT_EQ(query_escaped("a b&c=\xC3\xA4/"), "a%20b%26c%3D%C3%A4%2F");
}

}  // namespace
}  // namespace cartpilot::vendor
