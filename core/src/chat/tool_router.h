// ToolRouter: the one way from a model's calls to tools.
//
// A batch is the calls of one assistant message. Each call's arguments are checked against the
// declared schema first (an integral 2.0 becomes 2; 2.5 and "2" are errors, answered to the model
// with the exact path). Reads run together, at most 8 at a time; writes and money run one at a time
// in order, after the reads before them have ended, and reads after a write wait for it. Results
// come back in the order of the calls, one for each; a call that repeats the id, name and arguments
// of an earlier one is run once and gets the same result. Results over 64 kB are cut with a marker.
// Tool sets and the guard are borrowed. One batch at a time; batches that only read may run beside
// it, from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cartpilot/tool_set.h"
#include "chat/call_guard.h"
#include "schema/validator.h"

namespace cartpilot::chat {

constexpr std::size_t kMaxParallelReads = 8;
constexpr std::size_t kMaxResultBytes = 64 * 1024;

class ToolRouter {
 public:
  /// Called once per finished call, in the order of the calls, on the thread of run().
  using ResultObserver =
      std::function<void(const ToolCall&, const ToolResult&, std::chrono::milliseconds)>;

  explicit ToolRouter(CallGuard& guard);

  /// Adds a set. Throws Error{kInvalidArgument}, and adds nothing, when one of its names is taken
  /// (naming both sets) or no function name, when a schema uses a keyword the validator does not
  /// know or is not of type object, or when money tools come from a set that may not declare them.
  void add(ToolSet& tools, const std::string& set_name, bool may_declare_money);

  /// All declarations in the order they were added.
  const std::vector<ToolSpec>& specs() const { return specs_; }

  /// Never throws for what a tool or the guard does: that becomes the call's result. Error codes
  /// made here: UNKNOWN_FUNCTION, INVALID_ARGUMENTS, DUPLICATE_CALL_ID, CANCELLED (not started),
  /// NOT_RECORDED, OUTCOME_UNKNOWN, and the upper-cased names of ErrorCode.
  std::vector<ToolResult> run(const std::vector<ToolCall>& calls, const CallContext& context,
                              const ResultObserver& observer = {});

  CallGuard& guard() const { return guard_; }

 private:
  struct Entry {
    ToolSet* tools;
    std::string set_name;
    EffectClass effect;
    std::unique_ptr<schema::SchemaValidator> validator;
  };
  struct Job;

  Job prepare(const ToolCall& call) const;
  ToolOutcome unknown_function(const std::string& name) const;
  void run_together(std::vector<Job*> reads, const CallContext& context) const;
  void execute(Job& job, const CallContext& context) const;
  ToolOutcome write(Job& job, const CallContext& context) const;

  CallGuard& guard_;
  std::vector<ToolSpec> specs_;
  std::map<std::string, Entry> entries_;
};

/// `outcome`, or what of it fits when its text is longer than kMaxResultBytes:
/// {"truncated":true,"bytes":N,"text":"<the first part of the JSON text>"}; an error keeps its form
/// and its code, and its message is cut.
ToolOutcome limited_outcome(ToolOutcome outcome);

}  // namespace cartpilot::chat
