// LoopGuard: keeps one user turn from going round in circles.
//
// Counts the rounds (answers of the model) and the calls of a turn, and notices calls that repeat
// word for word. A read may be repeated once, and again after something was changed in between; a
// write or money call that repeats the call right before it is answered instead of run. A plain
// value, owned by the conversation; one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/tool.h"

namespace cartpilot::chat {

struct LoopLimits {
  int max_calls = 25;
  int max_rounds = 12;
};

class LoopGuard {
 public:
  /// `specs` tell reads from writes; a tool that is not among them counts as a read.
  explicit LoopGuard(LoopLimits limits = {}, const std::vector<ToolSpec>& specs = {});

  /// A new user turn: all counts start again.
  void begin_turn();

  /// Counts a round. False when the turn has used its rounds or has asked for too many calls.
  bool may_start_round();

  /// Counts a call. The outcome, if any, is the answer to the model; the call must then not run.
  std::optional<ToolOutcome> check(const ToolCall& call);

  /// The person lets the turn go on: rounds and calls are counted anew. Repetitions stay known.
  void allow_more();

  /// "12 rounds": the limit that was reached, after may_start_round() said no.
  std::string reached_limit() const;
  /// One plain sentence or two for the person about it.
  std::string limit_message() const;

 private:
  LoopLimits limits_;
  std::map<std::string, EffectClass> effects_;
  int rounds_ = 0;
  int calls_ = 0;
  std::map<std::string, int> reads_;  ///< identical reads since the last change
  std::string last_call_;
};

}  // namespace cartpilot::chat
