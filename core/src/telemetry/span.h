// Span: a piece of work that is told when it ends: a turn, a request to a model, a tool, a request
// to CartPilot, a call of MCP.
//
// A process has at most one SpanSink, set before the first span and kept until the last; without
// one a span does nothing. The parent of a span is the innermost one of its thread. A sink never
// waits and never throws: spans end on the threads that buy. Any thread; a span stays on its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::telemetry {

/// Which span something belongs to; in W3C's words the trace context.
struct SpanContext {
  std::string trace_id;      ///< 32 hexadecimal digits, "" = none
  std::string span_id;       ///< 16
  bool sampled = true;       ///< false: it is not told, and neither are its children
  bool calls_tool = false;   ///< the span is itself the call of a tool
  std::string conversation;  ///< id of the conversation it belongs to, "" = none

  bool valid() const { return !trace_id.empty(); }
  /// "00-TRACE-SPAN-01"; "" when there is none.
  std::string traceparent() const;
};

/// nullopt for what is no traceparent of version 00 or later.
std::optional<SpanContext> parse_traceparent(std::string_view text);

enum class SpanKind : int { kInternal = 1, kServer = 2, kClient = 3 };  // as in OTLP

/// What is known of a span when it has ended. Times are nanoseconds since the epoch.
struct EndedSpan {
  std::string name;
  SpanKind kind = SpanKind::kInternal;
  SpanContext context;
  std::string parent_id;  ///< "" = the first of its trace
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
  /// Texts, whole numbers, decimals, truth values, lists of texts; by name of the attribute.
  std::vector<std::pair<std::string, Json>> attributes;
  bool failed = false;
};

class SpanSink {
 public:
  virtual ~SpanSink() = default;
  /// Any thread. Never waits, never throws.
  virtual void on_span(EndedSpan span) noexcept = 0;
  /// One more of what `name` counts ("cartpilot.purchases"), with attributes of few values.
  virtual void on_count(const std::string& name, const std::string& attribute,
                        const std::string& value) noexcept = 0;
  /// Of a new trace.
  virtual bool sampled(const std::string& trace_id) const noexcept = 0;
  /// Whether arguments and results are told too.
  virtual bool content() const noexcept { return false; }
};

/// Nanoseconds since the epoch; no part of what a recording holds.
std::int64_t span_clock_ns();

/// Null ends it. The sink is borrowed.
void set_sink(SpanSink* sink);
SpanSink* sink();

/// Counts one where a sink is set.
void count(const std::string& name, const std::string& attribute, const std::string& value);

class Span {
 public:
  /// Below the innermost span of this thread, or the first of a new trace.
  Span(std::string name, SpanKind kind);
  /// Below a span of another thread or of another program.
  Span(std::string name, SpanKind kind, const SpanContext& parent);
  ~Span();
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

  /// False: nobody is told, so nothing need be worked out.
  bool recorded() const { return recorded_; }
  /// True when arguments and results may be attributes.
  bool with_content() const;
  /// Keys of the program are taken out of texts.
  void set(std::string name, Json value);
  /// Its own and those below it belong to this conversation.
  void belong_to(const std::string& conversation);
  /// It is itself the call of a tool, so that no other span is made for the same call.
  void call_tool();
  /// What it is turns out to be something more special.
  void become(std::string name, SpanKind kind);
  /// The work failed; `type` is a short word of few values ("timeout", "INVALID_ID").
  void fail(const std::string& type);
  const SpanContext& context() const { return span_.context; }

  /// The innermost span of this thread.
  static SpanContext current();
  /// The same, when it was made on this thread; null without one.
  static Span* innermost();

 private:
  void begin(const SpanContext& parent);

  EndedSpan span_;
  bool recorded_ = false;
  SpanContext before_;
  Span* outer_ = nullptr;
};

/// Makes a span of another thread the innermost one of this thread, for work that is done for it.
class SpanScope {
 public:
  explicit SpanScope(SpanContext context);
  ~SpanScope();
  SpanScope(const SpanScope&) = delete;
  SpanScope& operator=(const SpanScope&) = delete;

 private:
  SpanContext before_;
  Span* outer_ = nullptr;
};

}  // namespace cartpilot::telemetry
