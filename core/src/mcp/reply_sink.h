// ReplySink: where the answers to one received text go.
//
// A transport makes one: a line on standard output, the body of an HTTP answer. Its functions are
// called by the threads of the calls; they do not throw.
#pragma once

#include "cartpilot/json.h"

namespace cartpilot::mcp {

class ReplySink {
 public:
  virtual ~ReplySink() = default;
  /// Something on the way to an answer.
  virtual void notify(const Json& notification) = 0;
  /// Ends one request. Null: the client has cancelled it, and nothing is sent for it.
  virtual void answer(const Json& response) = 0;
};

}  // namespace cartpilot::mcp
