// HTTP from inside a plugin: request and answer cross the boundary twice and stay what they are.
#include <gmock/gmock.h>

#include "plugin_testing.h"

namespace cartpilot::plugin {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using testing::EventList;
using testing::FakeContext;
using testing::FakeTransport;
using ::testing::HasSubstr;
using testing::only_files;
using ::testing::Pair;
using testing::zoo;

class HttpBoundary : public ::testing::Test {
 protected:
  struct Answer {
    Json events;
    Json error;
    std::vector<HttpRequest> requests;
  };

  static Answer chat(FakeTransport::Script script, const CallContext& context = CallContext(),
                     GenerateRequest request = {}) {
    FakeTransport transport(std::move(script));
    PluginHost host(only_files({zoo("vendor")}), transport);
    const auto provider = host.make_provider("vendor", {{"VENDOR_KEY", "s3cret-key"}}, {});
    EventList sink;
    Answer answer;
    answer.error = error_of([&] { provider->generate(request, sink, context); });
    answer.events = sink.events;
    answer.requests = transport.requests();
    return answer;
  }
};

TEST_F(HttpBoundary, the_request_arrives_whole) {
  GenerateRequest request;
  request.model = "word-2";
  const Answer answer = chat(
      [](const HttpRequest&, HttpSink& sink, const CallContext&) {
        sink.on_head({200, {}});
        sink.on_event({HttpEvent::Kind::kBody, {}, "ok"});
      },
      CallContext(), request);
  EXPECT_EQ(answer.error, nullptr);
  ASSERT_EQ(answer.requests.size(), 1U);
  const HttpRequest& sent = answer.requests[0];
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.url, "https://vendor.example/v1/word-2");
  EXPECT_THAT(sent.headers, ElementsAre(Pair("Authorization", "Bearer s3cret-key"),
                                        Pair("X-Twice", "1"), Pair("X-Twice", "2")));
  EXPECT_EQ(sent.body, std::string("\x00\xff raw", 6));
  EXPECT_TRUE(sent.server_sent_events);
  EXPECT_EQ(sent.total_timeout_ms, 4321);
  EXPECT_EQ(sent.idle_timeout_ms, HttpRequest().idle_timeout_ms);
  EXPECT_EQ(sent.max_body_bytes, HttpRequest().max_body_bytes);
}

TEST_F(HttpBoundary, events_keep_names_data_and_order) {
  const Answer answer = chat([](const HttpRequest&, HttpSink& sink, const CallContext&) {
    sink.on_head({200, {{"Content-Type", "text/event-stream"}}});
    EXPECT_TRUE(sink.on_event({HttpEvent::Kind::kEvent, "first", "1"}));
    EXPECT_TRUE(sink.on_event({HttpEvent::Kind::kEvent, "", "2"}));
    EXPECT_TRUE(sink.on_event({HttpEvent::Kind::kEvent, "empty", ""}));
    EXPECT_FALSE(sink.on_event({HttpEvent::Kind::kEvent, "end", ""})) << "decoder has all it wants";
  });
  EXPECT_EQ(answer.error, nullptr);
  EXPECT_EQ(answer.events, parse_json(R"([{"type":"text_delta","text":"first|1"},
                                          {"type":"text_delta","text":"|2"},
                                          {"type":"text_delta","text":"empty|"},
                                          {"type":"finish","reason":"stop"}])"));
}

TEST_F(HttpBoundary, a_whole_body_and_stray_lines_arrive_as_such) {
  EXPECT_EQ(chat([](const HttpRequest&, HttpSink& sink, const CallContext&) {
              sink.on_head({200, {}});
              sink.on_event({HttpEvent::Kind::kBody, {}, "all"});
            }).events[0]["text"],
            "|all");
  EXPECT_EQ(chat([](const HttpRequest&, HttpSink& sink, const CallContext&) {
              sink.on_head({200, {}});
              EXPECT_FALSE(sink.on_event({HttpEvent::Kind::kStray, {}, "{\"error\":1}"}));
            }).error["message"],
            "stray: {\"error\":1}");
}

TEST_F(HttpBoundary, an_error_answer_is_classified_by_the_plugin_and_keys_stay_inside) {
  const Answer answer = chat([](const HttpRequest&, HttpSink& sink, const CallContext&) {
    sink.on_head({401, {{"X-Request-Id", "r-1"}}});
    sink.on_event({HttpEvent::Kind::kBody, {}, "key s3cret-key is unknown"});
  });
  EXPECT_EQ(
      answer.error,
      parse_json(R"({"code":"unauthenticated","message":"vendor says: key [VENDOR_KEY] is unknown",
                           "retryable":false,"http_status":401,"request_id":"r-1"})"));
  EXPECT_EQ(answer.events, Json::array());
}

TEST_F(HttpBoundary, an_adapted_request_is_tried_again_with_a_warning) {
  const Answer answer = chat([](const HttpRequest& request, HttpSink& sink, const CallContext&) {
    const bool polite = request.body == "please";
    sink.on_head({polite ? 200 : 422, {}});
    sink.on_event({HttpEvent::Kind::kBody, {}, "x"});
  });
  EXPECT_EQ(answer.requests.size(), 2U);
  EXPECT_EQ(answer.events[0],
            parse_json(R"({"type":"warning","message":"the vendor wants to be asked politely"})"));
  EXPECT_EQ(answer.events[1]["text"], "|x");
}

TEST_F(HttpBoundary, a_transport_error_arrives_with_all_its_members) {
  const Answer answer = chat([](const HttpRequest&, HttpSink&, const CallContext&) {
    Error error(ErrorCode::kUnavailable, "cannot reach vendor.example");
    error.retryable = true;
    error.reason = "dns";
    throw error;
  });
  EXPECT_EQ(answer.error,
            parse_json(R"({"code":"unavailable","message":"cannot reach vendor.example",
                           "retryable":true,"reason":"dns"})"));
}

TEST_F(HttpBoundary, a_stream_that_breaks_after_events_is_an_error_after_those_events) {
  const Answer answer = chat([](const HttpRequest&, HttpSink& sink, const CallContext&) {
    sink.on_head({200, {}});
    sink.on_event({HttpEvent::Kind::kEvent, "a", "1"});
  });
  EXPECT_EQ(answer.events.size(), 1U);
  EXPECT_EQ(answer.error["reason"], "stream_cut");
  EXPECT_EQ(answer.error["retryable"], true);
}

TEST_F(HttpBoundary, the_wish_to_stop_and_the_deadline_reach_the_transport) {
  bool cancelled = false;
  std::int64_t deadline = 0;
  const Answer answer = chat(
      [&](const HttpRequest&, HttpSink&, const CallContext& context) {
        cancelled = context.cancelled();
        deadline = context.deadline_unix_ms();
        throw Error(ErrorCode::kCancelled, "stopped");
      },
      FakeContext(true, 1'700'000'000'123));
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(deadline, 1'700'000'000'123);
  EXPECT_EQ(answer.error["code"], "cancelled");
}

TEST_F(HttpBoundary, a_large_body_crosses) {
  const std::string body(5U << 20, 'x');
  const Answer answer = chat([&](const HttpRequest&, HttpSink& sink, const CallContext&) {
    sink.on_head({418, {}});
    sink.on_event({HttpEvent::Kind::kBody, {}, body});
  });
  EXPECT_THAT(answer.error["message"].get<std::string>(), HasSubstr("vendor says: xxx"));
  EXPECT_LE(answer.error["message"].get<std::string>().size(), 8192U);
}

TEST_F(HttpBoundary, a_closed_host_answers_that_it_shuts_down) {
  FakeTransport transport;
  std::unique_ptr<LLMProvider> provider;
  {
    PluginHost host(only_files({zoo("vendor")}), transport);
    provider = host.make_provider("vendor", {}, {});
  }
  EventList sink;
  EXPECT_EQ(error_of([&] { provider->generate({}, sink, CallContext()); })["message"],
            "cartpilot is shutting down");
  EXPECT_EQ(transport.requests().size(), 0U);
}

TEST_F(HttpBoundary, each_host_serves_its_own_instances) {
  const auto answering = [](const char* text) {
    return [text](const HttpRequest&, HttpSink& sink, const CallContext&) {
      sink.on_head({200, {}});
      sink.on_event({HttpEvent::Kind::kBody, {}, text});
    };
  };
  FakeTransport one(answering("one"));
  FakeTransport two(answering("two"));
  PluginHost first(only_files({zoo("vendor")}), one);
  PluginHost second(only_files({zoo("vendor")}), two);
  const auto from_first = first.make_provider("vendor", {}, {});
  const auto from_second = second.make_provider("vendor", {}, {});
  EventList sink;
  from_first->generate({}, sink, CallContext());
  from_second->generate({}, sink, CallContext());
  EXPECT_EQ(sink.events[0]["text"], "|one");
  EXPECT_EQ(sink.events[2]["text"], "|two");
}

}  // namespace
}  // namespace cartpilot::plugin
