#include "net/sse_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "recorder.h"

namespace cartpilot::net {
namespace {

using testing::ElementsAre;
using Events = std::vector<SeenEvent>;

constexpr std::size_t kLimit = 1 << 20;

struct Decoding {
  explicit Decoding(std::size_t limit = kLimit, std::size_t stop_after = SIZE_MAX)
      : decoder(
            [this, stop_after](const HttpEvent& e) {
              events.push_back({e.kind, std::string(e.name), std::string(e.data)});
              return events.size() < stop_after;
            },
            limit) {}
  Events events;
  SseDecoder decoder;
};

Events decode(std::string_view bytes) {
  Decoding decoding;
  decoding.decoder.feed(bytes);
  decoding.decoder.finish();
  return decoding.events;
}

struct Stream {
  std::string bytes;
  Events events;
};

/// Constructed from https://html.spec.whatwg.org/multipage/server-sent-events.html, except the
/// stray lines, which follow what API gateways were seen to print.
const std::vector<Stream>& streams() {
  static const std::vector<Stream> all = {
      {"", {}},
      {"data: a\n\n", {event("a")}},
      {"data:a\n\ndata:  b\n\n", {event("a"), event(" b")}},
      {"data: a\ndata: b\ndata\ndata:\n\n", {event("a\nb\n\n")}},
      {"data\n\n", {event("")}},
      {"data: a\r\n\r\ndata: b\r\rdata: c\n\r\n", {event("a"), event("b"), event("c")}},
      {"data: a\r\ndata: b\r\n\r\n", {event("a\nb")}},
      {"event: delta\ndata: a\n\ndata: b\n\n", {event("a", "delta"), event("b")}},
      {"event: lost\n\ndata: a\n\n", {event("a")}},
      {": comment\n:\ndata: a\n: inside\ndata: b\n\n", {event("a\nb")}},
      {"id: 7\nretry: 100\ndata: a\nid\n\n", {event("a")}},
      {"\xEF\xBB\xBF"
       "data: a\n\n\xEF\xBB\xBF"
       "data: b\n\n",
       {event("a"), stray("\xEF\xBB\xBF"
                          "data: b")}},
      {"data: no blank line\n", {event("no blank line")}},
      {"data: no line end", {event("no line end")}},
      {"data: {\"text\":\"caf\xC3\xA9 \xF0\x9F\x8E\xA7\"}\n\n",
       {event("{\"text\":\"caf\xC3\xA9 \xF0\x9F\x8E\xA7\"}")}},
      {"data: a\n\ndata: [DONE]\n\n", {event("a"), event("[DONE]")}},
      {"{\n  \"error\": {\n    \"code\": 503\n  }\n}\n",
       {stray("{\n  \"error\": {\n    \"code\": 503\n  }\n}")}},
      {"data: a\n\n{\"error\":1}\n\ndata: b\n\n", {event("a"), stray("{\"error\":1}"), event("b")}},
      {"{\"error\":1}\ndata: b\n\n", {stray("{\"error\":1}"), event("b")}},
      {"data: a\nupstream reset", {event("a"), stray("upstream reset")}},
      {"datum: a\nData: b\n\n", {stray("datum: a\nData: b")}},
  };
  return all;
}

TEST(SseDecoder, reads_events_comments_and_stray_lines) {
  for (const Stream& stream : streams()) EXPECT_EQ(decode(stream.bytes), stream.events);
}

TEST(SseDecoder, gives_the_same_events_wherever_the_bytes_are_cut) {
  for (const Stream& stream : streams()) {
    for (std::size_t first = 0; first <= stream.bytes.size(); ++first) {
      for (std::size_t second = first; second <= stream.bytes.size(); ++second) {
        Decoding decoding;
        const std::string_view bytes = stream.bytes;
        decoding.decoder.feed(bytes.substr(0, first));
        decoding.decoder.feed(bytes.substr(first, second - first));
        decoding.decoder.feed(bytes.substr(second));
        decoding.decoder.finish();
        ASSERT_EQ(decoding.events, stream.events) << "cut at " << first << " and " << second;
      }
    }
  }
}

TEST(SseDecoder, gives_an_event_as_soon_as_its_blank_line_came) {
  Decoding decoding;
  decoding.decoder.feed("data: a\n");
  EXPECT_EQ(decoding.events, Events{});
  decoding.decoder.feed("\n");
  EXPECT_EQ(decoding.events, Events{event("a")});
  decoding.decoder.feed("data: b\r\r");  // the CR ends the line; its LF may never come
  EXPECT_EQ(decoding.events, (Events{event("a"), event("b")}));
}

TEST(SseDecoder, stops_for_good_when_the_callback_says_so) {
  Decoding decoding(kLimit, 1);
  EXPECT_FALSE(decoding.decoder.feed("data: a\n\ndata: b\n\n"));
  EXPECT_FALSE(decoding.decoder.feed("data: c\n\n"));
  EXPECT_FALSE(decoding.decoder.finish());
  EXPECT_EQ(decoding.events, Events{event("a")});
}

TEST(SseDecoder, reports_a_stop_at_the_last_event_of_the_stream) {
  Decoding decoding(kLimit, 1);
  EXPECT_TRUE(decoding.decoder.feed("data: a\n"));
  EXPECT_FALSE(decoding.decoder.finish());
}

TEST(SseDecoder, refuses_an_event_over_the_limit_however_it_is_spelt) {
  const std::vector<std::string> too_large = {
      "data: " + std::string(2000, 'x'),           // one line without an end
      "data: " + std::string(2000, 'x') + "\n\n",  // one line
      std::string(2000, '{'),                      // stray
      ": " + std::string(2000, 'x'),               // a comment is kept until its end, too
  };
  for (const std::string& bytes : too_large) {
    Decoding decoding(1000);
    EXPECT_EQ(failure_of([&] { decoding.decoder.feed(bytes); }),
              (Failure{ErrorCode::kProtocol, "too_large"}));
  }
  Decoding many_lines(1000);
  EXPECT_EQ(failure_of([&] {
              for (int i = 0; i < 300; ++i) many_lines.decoder.feed("data: 123456789\n");
            }),
            (Failure{ErrorCode::kProtocol, "too_large"}));
}

TEST(SseDecoder, limits_one_event_and_not_the_stream) {
  Decoding decoding(100);
  for (int i = 0; i < 50; ++i) decoding.decoder.feed("data: " + std::string(80, 'x') + "\n\n");
  EXPECT_EQ(decoding.events, Events(50, event(std::string(80, 'x'))));
}

TEST(SseDecoder, takes_a_large_line_byte_by_byte) {
  // With a rescan per byte this would be 10^13 steps.
  const std::string large(4 << 20, 'x');
  Decoding decoding(8 << 20);
  decoding.decoder.feed("data: ");
  for (const char byte : large) decoding.decoder.feed({&byte, 1});
  decoding.decoder.feed("\n\n");
  ASSERT_EQ(decoding.events.size(), 1U);
  EXPECT_TRUE(decoding.events[0] == event(large));
}

TEST(SseDecoder, takes_many_short_lines_in_one_piece) {
  // With a search for the CR to the end of the piece per line this would be 10^12 steps.
  std::string bytes;
  constexpr int kCount = 1'000'000;
  for (int i = 0; i < kCount; ++i) bytes += "data: x\n\n";
  int seen = 0;
  SseDecoder decoder([&seen](const HttpEvent&) { return ++seen > 0; }, kLimit);
  decoder.feed(bytes);
  EXPECT_EQ(seen, kCount);
}

}  // namespace
}  // namespace cartpilot::net
