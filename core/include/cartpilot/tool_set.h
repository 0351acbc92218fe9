// ToolSet: functions a model may call.
//
// The host lists a set once, shows the declarations to the model, checks arguments against the
// declared schema and only then calls. `call` may run on several threads at once when the calls are
// reads; writes arrive one at a time.
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

  /// The declarations; the same every time.
  virtual std::vector<ToolSpec> list() const = 0;

  /// Runs tool `name` with `arguments` that already fit its schema. Failure is an outcome
  /// (tool_error), not an exception; an Error thrown here is turned into one by the host.
  virtual ToolOutcome call(const std::string& name, const Json& arguments,
                           const CallContext& context) = 0;
};

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
