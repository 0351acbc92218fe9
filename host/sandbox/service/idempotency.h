// Idempotency: answers remembered under the Idempotency-Key header.
//
// Six POST routes honour it, for 24 hours. As in the service every answer below 500 is remembered,
// refusals included; a strict sandbox leaves out those that a later try could turn around. When the
// look-up happens is up to the application. Guarded by the application's lock.
#pragma once

#include <optional>
#include <string>

#include "sandbox/http/message.h"
#include "sandbox/store/store.h"

namespace cartpilot::sandbox {

class Idempotency {
 public:
  Idempotency(SandboxStore& store, const Clock& clock, bool strict)
      : store_(store), clock_(clock), strict_(strict) {}

  /// True when the request carries a key on a route that honours it.
  static bool applies_to(const Request& request);

  /// Changes nothing. The remembered answer, or 409 for a key already used with another body.
  std::optional<Response> replay(const Request& request);

  /// As in the service, an answer without a body (a redirect) becomes `{}`, at once and when it is
  /// replayed.
  void remember(const Request& request, Response& response);

 private:
  SandboxStore& store_;
  const Clock& clock_;
  const bool strict_;
};

}  // namespace cartpilot::sandbox
