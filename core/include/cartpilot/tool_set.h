// ToolSet: functions a model may call.
//
// The host owns a set. It lists the set once, shows the declarations to the model, checks arguments
// against the declared schema and only then calls. Several threads may be in call() at once when
// the calls are of the effect kRead; writes arrive one at a time. A set of a plugin has a
// constructor that takes `const ProviderConfig&` (llm_provider.h).
#pragma once

#include <string>
#include <vector>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/http.h"
#include "cartpilot/json.h"
#include "cartpilot/tool.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

class ToolSet {
 public:
  virtual ~ToolSet() = default;

  /// The declarations, the same every time. Their names are unique within the set.
  virtual std::vector<ToolSpec> list() const = 0;

  /// Runs tool `name` with an object `arguments` that fits its schema. Returns the tool's JSON, or
  /// tool_error() for a failure the model should read; the host turns an Error thrown here into
  /// one. A long call looks at `context.cancelled()` at least every 20 ms.
  virtual ToolOutcome call(const std::string& name, const Json& arguments,
                           const CallContext& context) = 0;
};

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
