#include "telemetry/span.h"

#include <gmock/gmock.h>

#include <thread>

#include "kept_spans.h"
#include "text/redaction.h"

namespace cartpilot::telemetry {
namespace {

constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr const char* kParent = "00f067aa0ba902b7";

TEST(Span, does_nothing_without_a_sink) {
  const Span span("work", SpanKind::kInternal);
  EXPECT_FALSE(span.recorded());
  EXPECT_EQ(span.context().traceparent(), "");
  EXPECT_FALSE(Span::current().valid());
}

TEST(Span, is_told_when_it_ends_with_its_parent_and_its_times) {
  KeptSpans kept;
  {
    Span outer("outer", SpanKind::kInternal);
    {
      Span inner("inner", SpanKind::kClient);
      inner.set("n", 7);
      inner.fail("timeout");
      EXPECT_EQ(Span::current().span_id, inner.context().span_id);
    }
    EXPECT_EQ(Span::current().span_id, outer.context().span_id);
    EXPECT_EQ(kept.spans.size(), 1U);
  }
  EXPECT_FALSE(Span::current().valid());
  ASSERT_EQ(kept.spans.size(), 2U);
  const EndedSpan& inner = kept.spans[0];
  const EndedSpan& outer = kept.spans[1];
  EXPECT_EQ(inner.context.trace_id, outer.context.trace_id);
  EXPECT_EQ(inner.parent_id, outer.context.span_id);
  EXPECT_EQ(outer.parent_id, "");
  EXPECT_EQ(inner.context.trace_id.size(), 32U);
  EXPECT_EQ(inner.context.span_id.size(), 16U);
  EXPECT_TRUE(inner.failed);
  EXPECT_FALSE(outer.failed);
  EXPECT_LE(outer.begin_ns, inner.begin_ns);
  EXPECT_LE(inner.end_ns, outer.end_ns);
  EXPECT_EQ(inner.attributes,
            (std::vector<std::pair<std::string, Json>>{{"n", 7}, {"error.type", "timeout"}}));
}

TEST(Span, of_another_thread_hangs_below_the_span_it_works_for) {
  KeptSpans kept;
  {
    const Span outer("outer", SpanKind::kInternal);
    std::thread([context = Span::current()] {
      const SpanScope scope(context);
      const Span inner("inner", SpanKind::kInternal);
    }).join();
    std::thread([] { const Span alone("alone", SpanKind::kInternal); }).join();
  }
  ASSERT_EQ(kept.spans.size(), 3U);
  EXPECT_EQ(kept.spans[0].parent_id, kept.spans[2].context.span_id);
  EXPECT_EQ(kept.spans[1].parent_id, "");
  EXPECT_NE(kept.spans[1].context.trace_id, kept.spans[2].context.trace_id);
}

TEST(Span, carries_on_the_trace_of_another_program_and_obeys_its_sampling) {
  KeptSpans kept;
  const std::string header = std::string("00-") + kTrace + "-" + kParent + "-01";
  {
    const Span span("served", SpanKind::kServer, *parse_traceparent(header));
    EXPECT_EQ(span.context().trace_id, kTrace);
    EXPECT_EQ(span.context().traceparent(),
              std::string("00-") + kTrace + "-" + span.context().span_id + "-01");
  }
  ASSERT_EQ(kept.spans.size(), 1U);
  EXPECT_EQ(kept.spans[0].parent_id, kParent);
  {
    const Span span("served", SpanKind::kServer,
                    *parse_traceparent(std::string("00-") + kTrace + "-" + kParent + "-00"));
    const Span below("below", SpanKind::kInternal);
    EXPECT_FALSE(below.recorded());
    EXPECT_THAT(below.context().traceparent(), ::testing::EndsWith("-00"));
  }
  EXPECT_EQ(kept.spans.size(), 1U);
}

TEST(Span, of_a_trace_that_is_not_sampled_is_not_told) {
  KeptSpans kept(false);
  { const Span span("work", SpanKind::kInternal); }
  EXPECT_TRUE(kept.spans.empty());
}

TEST(Span, holds_no_key_in_any_attribute) {
  KeptSpans kept;
  text::add_secret("sk-live-123456789");
  {
    Span span("work", SpanKind::kInternal);
    span.set("gen_ai.tool.call.result", R"({"key":"sk-live-123456789"})");
    span.set("list", Json::array({"sk-live-123456789"}));
  }
  ASSERT_EQ(kept.spans.size(), 1U);
  for (const auto& [name, value] : kept.spans[0].attributes) {
    EXPECT_THAT(dump_json(value), ::testing::Not(::testing::HasSubstr("sk-live"))) << name;
  }
}

TEST(Traceparent, is_read_as_its_specification_has_it) {
  const std::string good = std::string("00-") + kTrace + "-" + kParent + "-01";
  ASSERT_TRUE(parse_traceparent(good));
  EXPECT_TRUE(parse_traceparent(good)->sampled);
  EXPECT_EQ(parse_traceparent(good)->traceparent(), good);
  EXPECT_FALSE(parse_traceparent(std::string("00-") + kTrace + "-" + kParent + "-fe")->sampled);
  EXPECT_TRUE(parse_traceparent(std::string("cc-") + kTrace + "-" + kParent + "-01-more"));
  for (const std::string& bad :
       {std::string(""), good.substr(0, 54), good + "-x", "ff" + good.substr(2),
        std::string("00-") + std::string(32, '0') + "-" + kParent + "-01",
        std::string("00-") + kTrace + "-" + std::string(16, '0') + "-01",
        std::string("00-4BF92F3577B34DA6A3CE929D0E0E4736-") + kParent + "-01",
        std::string("cc-") + kTrace + "-" + kParent + "-01more"}) {
    EXPECT_FALSE(parse_traceparent(bad)) << bad;
  }
}

}  // namespace
}  // namespace cartpilot::telemetry
