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
  /// Something on the way to an answer: a notification, or a request of the server.
  virtual void notify(const Json& notification) = 0;
  /// Whether a request of the server reaches the client before the answer does.
  virtual bool carries_requests() const { return true; }
  /// Ends one request. Null: the client has cancelled it, and nothing is sent for it.
  virtual void answer(const Json& response) = 0;
};

}  // namespace cartpilot::mcp
