#include "telemetry/exporter.h"

#include <gmock/gmock.h>

#include <future>

#include "cartpilot/error.h"
#include "cartpilot/testing/fake_http.h"

namespace cartpilot::telemetry {
namespace {

using cartpilot::testing::FakeHttp;
using cartpilot::testing::FakeReply;
using ::testing::HasSubstr;

TelemetrySettings settings() {
  TelemetrySettings result;
  result.traces_url = "http://localhost:4318/v1/traces";
  result.metrics_url = "http://localhost:4318/v1/metrics";
  result.traces_headers = {{"api-key", "k"}};
  result.resource = {{"service.name", "cartpilot"}};
  return result;
}

EndedSpan a_span(const std::string& name = "work") {
  EndedSpan span;
  span.name = name;
  span.context.trace_id = std::string(31, 'a') + "1";
  span.context.span_id = std::string(15, 'b') + "2";
  span.begin_ns = 1'700'000'000'000'000'001;
  span.end_ns = 1'700'000'000'000'000'002;
  span.attributes = {
      {"text", "t"}, {"whole", 7}, {"part", 0.5}, {"truth", true}, {"list", Json::array({"a"})}};
  return span;
}

std::vector<HttpRequest> requests_to(const FakeHttp& http, const std::string& end) {
  std::vector<HttpRequest> found;
  for (const HttpRequest& request : http.requests()) {
    if (request.url.ends_with(end)) found.push_back(request);
  }
  return found;
}

TEST(Exporter, sends_what_is_left_at_the_end_in_the_form_of_otlp) {
  FakeHttp http;
  http.script([](const HttpRequest&) { return FakeReply::json("{}"); });
  std::string notice;
  {
    Exporter exporter(settings(), http, [&](const std::string& text) { notice = text; });
    exporter.on_span(a_span());
    exporter.on_count("cartpilot.purchases", "outcome", "done");
  }
  EXPECT_EQ(notice, "");
  const auto traces = requests_to(http, "/v1/traces");
  ASSERT_EQ(traces.size(), 1U);
  EXPECT_EQ(header_value(traces[0].headers, "api-key"), "k");
  EXPECT_EQ(header_value(traces[0].headers, "Content-Type"), "application/json");
  EXPECT_EQ(parse_json(traces[0].body), parse_json(R"({"resourceSpans":[{
      "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"cartpilot"}}]},
      "scopeSpans":[{"scope":{"name":"cartpilot"},"spans":[{
        "traceId":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1","spanId":"bbbbbbbbbbbbbbb2","name":"work","kind":1,
        "startTimeUnixNano":"1700000000000000001","endTimeUnixNano":"1700000000000000002",
        "attributes":[{"key":"text","value":{"stringValue":"t"}},{"key":"whole","value":{"intValue":"7"}},
          {"key":"part","value":{"doubleValue":0.5}},{"key":"truth","value":{"boolValue":true}},
          {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"a"}]}}}],
        "status":{}}],"schemaUrl":"https://opentelemetry.io/schemas/1.45.0"}]}]})"));
  const auto metrics = requests_to(http, "/v1/metrics");
  ASSERT_EQ(metrics.size(), 1U);
  EXPECT_THAT(metrics[0].body, HasSubstr("cartpilot.purchases"));
}

TEST(Exporter, sends_batches_of_512) {
  FakeHttp http;
  http.script([](const HttpRequest&) { return FakeReply::json("{}"); });
  {
    Exporter exporter(settings(), http, {});
    for (int i = 0; i < 1'200; ++i) exporter.on_span(a_span());
  }
  std::size_t sent = 0;
  for (const HttpRequest& request : requests_to(http, "/v1/traces")) {
    const std::size_t size =
        parse_json(request.body)["resourceSpans"][0]["scopeSpans"][0]["spans"].size();
    EXPECT_LE(size, 512U);
    sent += size;
  }
  EXPECT_EQ(sent, 1'200U);
}

TEST(Exporter, never_waits_for_a_collector_that_hangs_and_counts_what_the_queue_cannot_hold) {
  FakeHttp http;
  std::promise<void> asked;
  std::promise<void> over;
  std::atomic<bool> first{true};
  http.script([&](const HttpRequest&) {
    if (first.exchange(false)) {
      asked.set_value();
      over.get_future().wait();
    }
    return FakeReply::json("{}");
  });
  std::string notice;
  {
    Exporter exporter(settings(), http, [&](const std::string& text) { notice = text; });
    for (int i = 0; i < 512; ++i) exporter.on_span(a_span());
    asked.get_future().wait();  // from here on the exporter's thread is stuck
    for (int i = 0; i < 3'000; ++i) exporter.on_span(a_span());
    EXPECT_EQ(exporter.lost(), 3'000U - 2'048U);
    over.set_value();
  }
  EXPECT_EQ(notice, "telemetry: 952 spans were lost (too many at once)");
}

TEST(Exporter, says_once_at_the_end_what_a_dead_or_lying_collector_did_not_take) {
  for (const auto& [reply, said] : std::vector<std::pair<FakeReply, std::string>>{
           {FakeReply::json("<html>", 404),
            "telemetry: 3 spans were lost (the collector answered HTTP 404)"},
           {FakeReply::json("", 307),
            "telemetry: 3 spans were lost (the collector answered HTTP 307)"},
           {FakeReply::broken(Error(ErrorCode::kInvalidArgument, "plain http is refused")),
            "telemetry: 3 spans were lost (plain http is refused)"},
           {FakeReply::json(R"({"partialSuccess":{"rejectedSpans":"3"}})"), ""},
           {FakeReply::json("no JSON at all"), ""}}) {
    FakeHttp http;
    http.script([answer = reply](const HttpRequest&) { return answer; });
    std::vector<std::string> notices;
    {
      Exporter exporter(settings(), http,
                        [&](const std::string& text) { notices.push_back(text); });
      for (int i = 0; i < 3; ++i) exporter.on_span(a_span());
    }
    EXPECT_EQ(notices, said.empty() ? std::vector<std::string>{} : std::vector<std::string>{said});
  }
}

TEST(Exporter, asks_a_busy_collector_again) {
  FakeHttp http;
  std::atomic<int> count{0};
  std::promise<void> taken;
  http.script([&](const HttpRequest& request) {
    if (!request.url.ends_with("/v1/traces")) return FakeReply::json("{}");
    if (++count == 1) return FakeReply::json("", 503);
    taken.set_value();
    return FakeReply::json("{}");
  });
  {
    Exporter exporter(settings(), http, {});
    for (int i = 0; i < 512; ++i) exporter.on_span(a_span());
    taken.get_future().wait();
    EXPECT_EQ(exporter.lost(), 0U);
  }
  EXPECT_EQ(count, 2);
}

TEST(Exporter, samples_by_the_last_digits_of_the_trace) {
  FakeHttp http;
  TelemetrySettings half = settings();
  half.sampled_share = 0.5;
  const Exporter exporter(half, http, {});
  EXPECT_TRUE(exporter.sampled(std::string(18, 'f') + "70000000000000"));
  EXPECT_FALSE(exporter.sampled(std::string(18, '0') + "80000000000000"));
}

}  // namespace
}  // namespace cartpilot::telemetry
