#include "net/call_timeouts.h"

#include <gtest/gtest.h>

#include "recorder.h"

namespace cartpilot::net {
namespace {

void let_pass(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

TEST(CallTimeouts, measure_silence_from_the_connection_on) {
  HttpRequest request;
  request.idle_timeout_ms = 150;
  const CallContext context;
  CallTimeouts timeouts(request, context);
  let_pass(std::chrono::milliseconds(160));
  EXPECT_EQ(failure_of([&] { timeouts.check(); }), Failure{});
  timeouts.connected();
  EXPECT_EQ(failure_of([&] { timeouts.check(); }), Failure{});
  let_pass(std::chrono::milliseconds(160));
  EXPECT_EQ(failure_of([&] { timeouts.check(); }).reason, "idle_timeout");
  timeouts.alive();
  EXPECT_EQ(failure_of([&] { timeouts.check(); }), Failure{});
}

TEST(CallTimeouts, wait_for_20_ms_at_most) {
  HttpRequest request;
  const CallContext context;
  EXPECT_EQ(CallTimeouts(request, context).wait_ms(), 20);
}

TEST(CallTimeouts, of_zero_are_none) {
  HttpRequest request;
  request.connect_timeout_ms = request.idle_timeout_ms = request.total_timeout_ms = 0;
  const CallContext context;
  CallTimeouts timeouts(request, context);
  EXPECT_EQ(timeouts.wait_ms(), 20);
  timeouts.connected();
  EXPECT_EQ(timeouts.wait_ms(), 20);
}

}  // namespace
}  // namespace cartpilot::net
