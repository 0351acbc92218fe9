// A client over a scripted transport, and how tests look at its failures.
//
// Waiting is recorded, not done; the jitter is always one half.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "commerce/client.h"
#include "unit/commerce/scripted_transport.h"

namespace cartpilot::fakes {

class CancelAfter final : public CallContext {
 public:
  /// Says "cancelled" once it has been asked `polls` times.
  explicit CancelAfter(int polls) : left_(polls) {}
  bool cancelled() const noexcept override { return left_-- <= 0; }

 private:
  mutable int left_;
};

struct ClientFixture {
  ClientFixture() : ClientFixture(commerce::ClientOptions{.api_key = "test-key"}) {}
  explicit ClientFixture(commerce::ClientOptions options)
      : client(with_recorded_waits(std::move(options)), transport) {}

  /// Runs `call` and returns the CartPilotError it must throw.
  template <typename Call>
  commerce::CartPilotError failure_of(Call call) {
    try {
      call(client);
    } catch (const commerce::CartPilotError& error) {
      return error;
    }
    ADD_FAILURE() << "the call did not fail";
    return {ErrorCode::kOk, ""};
  }

  ScriptedTransport transport;
  CallContext context;
  std::vector<std::int64_t> waits;
  commerce::CartPilotClient client;

 private:
  commerce::ClientOptions with_recorded_waits(commerce::ClientOptions options) {
    options.wait = [this](std::int64_t ms, const CallContext&) { waits.push_back(ms); };
    options.random = [] { return 0.5; };
    return options;
  }
};

}  // namespace cartpilot::fakes
