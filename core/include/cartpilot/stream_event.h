// What a provider says while it answers.
//
// One answer is a sequence of events that ends with exactly one Finish. Whole (not streamed)
// answers are the same sequence with fewer events. Nothing is executed before Finish: a stream that
// ends without one was cut, and the provider throws Error{kUnavailable, reason "stream_cut"}
// instead.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/tool.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

/// Tokens one answer cost, in the vendor's own count. Running totals: each new event replaces the
/// one before, because vendors send totals, not increments.
struct Usage {
  std::int64_t input_tokens = 0;      ///< prompt, including cached tokens
  std::int64_t output_tokens = 0;     ///< answer, including reasoning tokens
  std::int64_t reasoning_tokens = 0;  ///< part of output_tokens
  std::int64_t cached_tokens = 0;     ///< part of input_tokens

  Usage& operator+=(const Usage& other) {
    input_tokens += other.input_tokens;
    output_tokens += other.output_tokens;
    reasoning_tokens += other.reasoning_tokens;
    cached_tokens += other.cached_tokens;
    return *this;
  }
};

inline bool operator==(const Usage& a, const Usage& b) {
  return a.input_tokens == b.input_tokens && a.output_tokens == b.output_tokens &&
         a.reasoning_tokens == b.reasoning_tokens && a.cached_tokens == b.cached_tokens;
}

/// Why the answer ended, in neutral words. The vendor's own word is kept in Finish::raw_reason.
enum class FinishReason { kStop, kToolCalls, kLength, kContentFilter, kError, kOther };

struct TextDelta {
  std::string text;  ///< increment, never the whole text so far
};
struct ReasoningDelta {
  std::string text;
};
/// A call became visible; its arguments are still coming. For display only.
struct ToolCallBegin {
  std::string id;
  std::string name;
};
/// More argument text of call `id`. For display only: a prefix that parses can still grow.
struct ToolCallDelta {
  std::string id;
  std::string arguments;
};
/// A complete call. Order of these events is the order of the calls.
struct ToolCallEvent {
  ToolCall call;
};
struct UsageEvent {
  Usage usage;
};
/// Something the person should know that does not stop the answer ("model X ignores temperature;
/// left out").
struct WarningEvent {
  std::string message;
};
/// The answer is complete. `provider_metadata` belongs to the whole assistant message (see
/// message.h).
struct Finish {
  FinishReason reason = FinishReason::kStop;
  std::string raw_reason;
  std::string model;  ///< model that really answered, "" when the vendor did not say
  Json provider_metadata;
};

using StreamEvent = std::variant<TextDelta, ReasoningDelta, ToolCallBegin, ToolCallDelta,
                                 ToolCallEvent, UsageEvent, WarningEvent, Finish>;

/// Receives events during a call to LLMProvider::generate, on the calling thread, in order.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_event(const StreamEvent& event) = 0;
};

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
