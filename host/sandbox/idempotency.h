// Idempotency: answers remembered under the Idempotency-Key header.
//
// Six POST routes honour it, for 24 hours. As in the service the look-up comes before
// authentication, and every answer below 500 is remembered, refusals included; unlike there, key
// and change are stored in one transaction, so that requests in parallel do not both act. Guarded
// by the application's lock.
#pragma once

#include <optional>
#include <string>

#include "sandbox/http_message.h"
#include "sandbox/sandbox_store.h"

namespace cartpilot::sandbox {

class Idempotency {
 public:
  Idempotency(SandboxStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  /// True when the request carries a key on a route that honours it.
  static bool applies_to(const Request& request);

  /// The remembered answer, or 409 for a key already used with another body.
  std::optional<Response> replay(const Request& request);

  void remember(const Request& request, const Response& response);

 private:
  SandboxStore& store_;
  const Clock& clock_;
};

}  // namespace cartpilot::sandbox
