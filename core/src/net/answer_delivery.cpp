#include "net/answer_delivery.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "net/failure.h"
#include "text/ascii.h"

namespace cartpilot::net {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

/// What the first bytes of an answer say about it. "error:" is no field of event streams, but some
/// servers begin one so.
enum class Guess { kEvents, kOther, kTooEarly };

Guess guess(std::string_view start, bool more_to_come) {
  if (starts_with(start, kByteOrderMark)) start.remove_prefix(kByteOrderMark.size());
  start.remove_prefix(std::min(start.find_first_not_of("\r\n"), start.size()));
  for (const std::string_view field : {":", "data:", "event:", "id:", "retry:", "error:"}) {
    if (starts_with(start, field)) return Guess::kEvents;
    if (more_to_come && starts_with(field, start)) return Guess::kTooEarly;
  }
  const bool half_mark = more_to_come && starts_with(kByteOrderMark, start);
  return half_mark ? Guess::kTooEarly : Guess::kOther;
}

void refuse_codings(const HttpHead& head) {
  const std::string coding = header_value(head.headers, "Content-Encoding");
  if (coding.empty() || text::lower_case(coding) == "identity") return;
  std::string shown = coding.substr(0, 32);
  for (char& c : shown) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
  fail_protocol("http", fmt::format("the answer is compressed ({}), which was not asked for; check "
                                    "the server or the proxy in front of it",
                                    shown));
}

}  // namespace

AnswerDelivery::AnswerDelivery(const HttpRequest& request, HttpSink& sink)
    : request_(request),
      sink_(sink),
      decoder_([&sink](const HttpEvent& event) { return sink.on_event(event); },
               request.max_body_bytes) {}

void AnswerDelivery::head(const HttpHead& head) {
  refuse_codings(head);
  is_error_ = head.status >= 300;
  if (request_.server_sent_events && !is_error_) {
    const std::string type = text::lower_case(header_value(head.headers, "Content-Type"));
    const std::string_view media_type =
        text::trimmed(std::string_view(type).substr(0, type.find(';')));
    form_ = Form::kUnknown;
    events_by_header_ = media_type == "text/event-stream";
  }
  sink_.on_head(head);
}

bool AnswerDelivery::piece(std::string_view bytes) {
  if (form_ == Form::kEvents) return decoder_.feed(bytes);
  whole_.append(bytes);
  if (form_ == Form::kUnknown && guess(whole_, true) != Guess::kTooEarly) return decide();
  if (whole_.size() <= request_.max_body_bytes) return true;
  if (!is_error_) {
    fail_protocol("too_large",
                  fmt::format("the answer is larger than {} bytes", request_.max_body_bytes));
  }
  whole_.resize(static_cast<std::size_t>(request_.max_body_bytes));
  sink_.on_event({HttpEvent::Kind::kBody, "", whole_});
  return false;
}

void AnswerDelivery::end() {
  if (form_ == Form::kUnknown && !decide()) return;
  if (form_ == Form::kEvents) {
    decoder_.finish();
  } else {
    sink_.on_event({HttpEvent::Kind::kBody, "", whole_});
  }
}

/// Settles the form by the bytes so far, and only where they tell nothing by the header, and passes
/// them on. Returns false like piece().
bool AnswerDelivery::decide() {
  const bool events = events_by_header_ || guess(whole_, false) == Guess::kEvents;
  form_ = events ? Form::kEvents : Form::kBody;
  return piece(std::exchange(whole_, ""));
}

}  // namespace cartpilot::net
