// Conversation: one question to a provider, with a scripted vendor behind it, and what came back.
//
// For use inside a check. The vendor answers in the format the plugin asks in (AnswerSamples); a
// check may change the answers on their way. One thread per call of ask().
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cartpilot/tool.h"
#include "testing/check_subject.h"

namespace cartpilot::testing {

/// A provider's answer, read.
struct Answer {
  CallOutcome outcome;
  std::string text;
  std::vector<ToolCall> calls;
  std::size_t finishes = 0;
  bool finish_is_last = false;
  std::string unreadable;  ///< why an event could not be read; "" = all could

  bool complete() const { return outcome.ok() && finishes == 1 && finish_is_last; }
};

class Conversation {
 public:
  using Change = std::function<void(const HttpRequest&, FakeReply&)>;

  explicit Conversation(const Subject& subject);

  Bench& bench() { return bench_; }
  const AnswerSamples& samples() const { return samples_; }

  /// Scripts the vendor; `change` may alter each answer, or throw an Error instead of one.
  void vendor(Scenario scenario, Change change = nullptr);

  /// Asks "Say hello." with the tool get_weather.
  Answer ask(const Instance& instance, bool stream, Line& line = new_line()) const;

  /// The same of a new object; skips the check when no known vendor was asked.
  Answer ask_vendor(bool stream = true, Line& line = new_line());

  /// Skips the check when this plugin asks nobody over HTTP, or in an unknown format.
  void need_http(const Answer& answer);
  std::size_t request_count() { return bench_.host().http().requests().size(); }

 private:
  Bench bench_;
  AnswerSamples samples_;
};

/// The request as text.
std::string question(bool stream);

Answer read_answer(CallOutcome outcome);

}  // namespace cartpilot::testing
