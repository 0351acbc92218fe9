#include "telemetry/span.h"

#include <algorithm>
#include <atomic>

#include "base/clock.h"
#include "base/outside.h"
#include "base/random.h"
#include "text/redaction.h"

namespace cartpilot::telemetry {

namespace {

std::atomic<SpanSink*> the_sink{nullptr};
thread_local SpanContext current_context;
thread_local Span* innermost_span = nullptr;

// The randomness of spans is no part of a conversation.
std::string fresh_id(std::size_t bytes) {
  const base::Unrecorded outside;
  return base::random_hex(bytes);
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) {
  return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

std::int64_t span_clock_ns() {
  const base::Unrecorded outside;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(base::system_now().time_since_epoch())
      .count();
}

std::string SpanContext::traceparent() const {
  if (!valid()) return "";
  return "00-" + trace_id + "-" + span_id + (sampled ? "-01" : "-00");
}

std::optional<SpanContext> parse_traceparent(std::string_view text) {
  // version-trace-span-flags; what a later version adds stands behind another "-".
  if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const std::string_view version = text.substr(0, 2);
  if (!is_hex(version) || version == "ff" || (version == "00" && text.size() != 55)) {
    return std::nullopt;
  }
  if (text.size() > 55 && text[55] != '-') return std::nullopt;
  SpanContext context;
  context.trace_id = text.substr(3, 32);
  context.span_id = text.substr(36, 16);
  const std::string_view flags = text.substr(53, 2);
  if (!is_id(context.trace_id) || !is_id(context.span_id) || !is_hex(flags)) return std::nullopt;
  const char last = flags[1];
  context.sampled = ((last <= '9' ? last - '0' : last - 'a' + 10) & 1) != 0;
  return context;
}

void set_sink(SpanSink* sink) { the_sink = sink; }

SpanSink* sink() { return the_sink; }

void count(const std::string& name, const std::string& attribute, const std::string& value) {
  if (SpanSink* const to = sink()) to->on_count(name, attribute, value);
}

Span::Span(std::string name, SpanKind kind) {
  if (sink() == nullptr) return;
  span_.name = std::move(name);
  span_.kind = kind;
  begin(current_context);
}

Span::Span(std::string name, SpanKind kind, const SpanContext& parent) {
  if (sink() == nullptr) return;
  span_.name = std::move(name);
  span_.kind = kind;
  begin(parent.valid() ? parent : current_context);
}

void Span::begin(const SpanContext& parent) {
  span_.context = parent;
  span_.parent_id = parent.span_id;
  if (!parent.valid()) {
    span_.context.trace_id = fresh_id(16);
    span_.context.sampled = sink()->sampled(span_.context.trace_id);
  }
  span_.context.span_id = fresh_id(8);
  span_.begin_ns = span_clock_ns();
  recorded_ = span_.context.sampled;
  span_.context.calls_tool = false;
  before_ = std::exchange(current_context, span_.context);
  outer_ = std::exchange(innermost_span, this);
}

Span::~Span() {
  if (!span_.context.valid()) return;
  current_context = before_;
  innermost_span = outer_;
  SpanSink* const to = sink();
  if (!recorded_ || to == nullptr) return;
  span_.end_ns = std::max(span_.begin_ns, span_clock_ns());
  to->on_span(std::move(span_));
}

bool Span::with_content() const { return recorded_ && sink() != nullptr && sink()->content(); }

void Span::set(std::string name, Json value) {
  if (recorded_) span_.attributes.emplace_back(std::move(name), text::redacted(std::move(value)));
}

void Span::belong_to(const std::string& conversation) {
  span_.context.conversation = current_context.conversation = conversation;
}

void Span::call_tool() { span_.context.calls_tool = current_context.calls_tool = true; }

void Span::become(std::string name, SpanKind kind) {
  span_.name = std::move(name);
  span_.kind = kind;
}

void Span::fail(const std::string& type) {
  if (!recorded_) return;
  span_.failed = true;
  set("error.type", type);
}

SpanContext Span::current() { return current_context; }

Span* Span::innermost() { return innermost_span; }

SpanScope::SpanScope(SpanContext context)
    : before_(std::exchange(current_context, std::move(context))),
      outer_(std::exchange(innermost_span, nullptr)) {}

SpanScope::~SpanScope() {
  current_context = before_;
  innermost_span = outer_;
}

}  // namespace cartpilot::telemetry
