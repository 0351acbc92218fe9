// ToolRouter: the one way from a model's calls to tools.
//
// A batch is the calls of one assistant message. Each call's arguments are checked against the
// declared schema first (an integral 2.0 becomes 2; 2.5 and "2" are errors, answered to the model
// with the exact path). Reads run together, at most 8 at a time; writes and money run one at a time
// in order, after the reads before them have ended. Results come back in the order of the calls,
// exactly one per call id. Results over 64 kB are cut with a marker. Tool sets and the guard are
// borrowed. One batch at a time.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cartpilot/tool_set.h"
#include "chat/call_guard.h"
#include "schema/schema_validator.h"

namespace cartpilot::chat {

constexpr std::size_t kMaxParallelReads = 8;
constexpr std::size_t kMaxResultBytes = 64 * 1024;

class ToolRouter {
 public:
  /// Called once per finished call, in the order of the calls.
  using ResultObserver =
      std::function<void(const ToolCall&, const ToolResult&, std::chrono::milliseconds)>;

  explicit ToolRouter(CallGuard& guard);

  /// Adds a set. Throws Error{kInvalidArgument} when one of its names is taken (naming both sets),
  /// when a schema uses a keyword the validator does not know, or when money tools come from a set
  /// that may not declare them.
  void add(ToolSet& tools, const std::string& set_name, bool may_declare_money);

  /// All declarations in the order they were added.
  const std::vector<ToolSpec>& specs() const { return specs_; }

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
  struct Prepared;
  Prepared prepare(const ToolCall& call) const;
  void execute(Prepared& prepared, const CallContext& context) const;

  CallGuard& guard_;
  std::vector<ToolSpec> specs_;
  std::map<std::string, Entry> entries_;
};

}  // namespace cartpilot::chat
