// StreamAssembler: turns the events of one answer into one assistant message.
//
// Sits between the provider and whoever watches: every event is forwarded at once and kept. Nothing
// in it is to be acted upon before complete() is true. Made anew for every attempt; one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "cartpilot/error.h"
#include "cartpilot/message.h"
#include "cartpilot/stream_event.h"

namespace cartpilot::chat {

/// More text and arguments than this in one answer are a flood, not an answer.
constexpr std::size_t kMaxAnswerBytes = 8U << 20;

/// So much of an answer that was cut is remembered.
constexpr std::size_t kMaxKeptOfCutAnswer = 256U << 10;

/// No answer of a model that is at work asks for more calls.
constexpr std::size_t kMaxCallsOfAnswer = 128;
inline constexpr const char* kTooManyCalls = "too_many_calls";
/// What such an answer comes to; the reason is kTooManyCalls.
Error too_many_calls();

class StreamAssembler final : public EventSink {
 public:
  explicit StreamAssembler(EventSink& watcher);

  /// Throws Error{kProtocol} when the answer grows beyond kMaxAnswerBytes, with the reason
  /// "too_many_calls" beyond kMaxCallsOfAnswer.
  void on_event(const StreamEvent& event) override;

  /// True once Finish arrived.
  bool complete() const { return complete_; }
  /// True once something a person can see was forwarded; such an answer is never retried.
  bool shown() const { return shown_; }

  const Finish& finish() const { return finish_; }
  const Usage& usage() const { return usage_; }
  /// From its making to the first event of the answer itself.
  std::optional<std::int64_t> first_ms() const { return first_ms_; }
  /// The text so far, also of an answer that was cut: whole characters of at most `bytes` bytes.
  std::string text_so_far(std::size_t bytes) const;

  /// The message, tagged with who wrote it. Leaves the assembler empty.
  Message take(const std::string& provider, const std::string& model);

 private:
  EventSink& watcher_;
  const std::chrono::steady_clock::time_point begin_;
  std::optional<std::int64_t> first_ms_;
  Message message_;
  Usage usage_;
  Finish finish_;
  std::size_t bytes_ = 0;
  std::size_t calls_ = 0;
  bool complete_ = false;
  bool shown_ = false;
};

}  // namespace cartpilot::chat
