#include "net/answer_delivery.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "net/failure.h"
#include "net/http_message.h"
#include "net/sse_decoder.h"

namespace cartpilot::net {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

std::string_view media_type(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return type.substr(0, type.find_last_not_of(" \t") + 1);
}

/// What the first bytes of an answer without Content-Type say about it.
enum class Guess { kEvents, kOther, kTooEarly };

Guess guess(std::string_view start, bool more_to_come) {
  if (starts_with(start, kByteOrderMark)) start.remove_prefix(kByteOrderMark.size());
  start.remove_prefix(std::min(start.find_first_not_of("\r\n"), start.size()));
  for (const std::string_view field : {":", "data:", "event:", "id:", "retry:"}) {
    if (starts_with(start, field)) return Guess::kEvents;
    if (more_to_come && starts_with(field, start)) return Guess::kTooEarly;
  }
  const bool half_mark = more_to_come && starts_with(kByteOrderMark, start);
  return half_mark ? Guess::kTooEarly : Guess::kOther;
}

[[noreturn]] void too_large(std::uint64_t limit) {
  fail_protocol("too_large", fmt::format("the answer is larger than {} bytes", limit));
}

bool deliver_events(std::string_view start, BodyReader& body, const HttpRequest& request,
                    HttpSink& sink, CallLimits& limits) {
  SseDecoder decoder([&sink](const HttpEvent& event) { return sink.on_event(event); },
                     request.max_body_bytes);
  if (!decoder.feed(start)) return false;
  for (;;) {
    const std::string_view piece = body.next(limits);
    if (piece.empty()) return decoder.finish();
    if (!decoder.feed(piece)) return false;
  }
}

bool deliver_body(std::string whole, BodyReader& body, const HttpRequest& request,
                  const HttpHead& head, HttpSink& sink, CallLimits& limits) {
  const auto limit = request.max_body_bytes;
  for (;;) {
    const std::string_view piece = body.next(limits);
    if (piece.empty()) break;
    whole.append(piece);
    if (whole.size() <= limit) continue;
    if (head.status < 300) too_large(limit);
    whole.resize(static_cast<std::size_t>(limit));
    break;
  }
  return sink.on_event({HttpEvent::Kind::kBody, "", whole});
}

}  // namespace

bool deliver(BodyReader& body, const HttpRequest& request, const HttpHead& head, HttpSink& sink,
             CallLimits& limits) {
  if (!request.server_sent_events || head.status >= 300) {
    return deliver_body("", body, request, head, sink, limits);
  }
  const std::string type = header_value(head.headers, "Content-Type");
  if (equal_ignoring_case(media_type(type), "text/event-stream")) {
    return deliver_events("", body, request, sink, limits);
  }
  std::string start;
  if (type.empty()) {
    Guess guessed = Guess::kTooEarly;
    while (guessed == Guess::kTooEarly) {
      const std::string_view piece = body.next(limits);
      start.append(piece);
      guessed = guess(start, !piece.empty());
    }
    if (guessed == Guess::kEvents) return deliver_events(start, body, request, sink, limits);
  }
  return deliver_body(std::move(start), body, request, head, sink, limits);
}

}  // namespace cartpilot::net
