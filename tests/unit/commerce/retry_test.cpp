// Reads are tried again, writes never.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/commerce/client_fixture.h"
#include "unit/commerce/sample_bodies.h"

namespace cartpilot::commerce {
namespace {

using namespace fakes;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// The policy's wait before `next_attempt`, with the fixture's dice.
std::int64_t policy_wait(int next_attempt, std::int64_t waited_ms,
                         std::optional<std::int64_t> asked_ms = std::nullopt) {
  Error error(ErrorCode::kUnavailable, "");
  error.retryable = true;
  error.retry_after_ms = asked_ms;
  return base::retry_wait_ms({}, error, next_attempt, waited_ms, [] { return 0.5; }).value();
}

class PastDeadline final : public CallContext {
 public:
  std::int64_t deadline_unix_ms() const noexcept override { return 1; }
};

TEST(CartPilotClient, tries_a_read_three_times_and_waits_as_the_policy_says) {
  ClientFixture f;
  f.transport.fail(ErrorCode::kUnavailable, "reset", true);
  f.transport.answer(503, "busy", {{"content-type", "text/plain"}});
  f.transport.answer(200, dump_json(offer_body()));
  EXPECT_EQ(f.client.get_offer("off-1", f.context).value.id, "off-1");
  const std::int64_t first = policy_wait(2, 0);
  EXPECT_THAT(f.waits, ElementsAre(first, policy_wait(3, first)));

  const auto requests = f.transport.requests();
  ASSERT_THAT(requests, SizeIs(3));
  const auto id = [](const HttpRequest& r) { return header_value(r.headers, "X-Request-ID"); };
  EXPECT_EQ(id(requests[0]), id(requests[1])) << "one logical request, one id";
  EXPECT_EQ(id(requests[0]), id(requests[2]));
}

TEST(CartPilotClient, gives_up_a_read_after_three_tries) {
  ClientFixture f;
  for (int i = 0; i < 3; ++i) f.transport.answer(500, "");
  const auto error =
      f.failure_of([&](const CartPilotClient& client) { client.get_offer("off-1", f.context); });
  EXPECT_EQ(error.error_code, "HTTP_500");
  EXPECT_THAT(f.transport.requests(), SizeIs(3));
}

TEST(CartPilotClient, waits_as_long_as_it_was_asked_to) {
  ClientFixture f;
  f.transport.answer(429, "", {{"retry-after", "3"}});
  f.transport.answer(200, dump_json(offer_body()));
  f.client.get_offer("off-1", f.context);
  EXPECT_THAT(f.waits, ElementsAre(policy_wait(2, 0, 3'000)));
  EXPECT_GE(f.waits[0], 3'000);
}

TEST(CartPilotClient, does_not_repeat_a_read_that_cannot_get_better) {
  for (const int status : {301, 400, 401, 403, 404, 422}) {
    ClientFixture f;
    f.transport.answer(status, "{}");
    f.failure_of([&](const CartPilotClient& client) { client.get_offer("off-1", f.context); });
    EXPECT_THAT(f.waits, IsEmpty()) << status;
  }
  ClientFixture f;
  f.transport.answer(200, "no json");
  f.failure_of([&](const CartPilotClient& client) { client.get_offer("off-1", f.context); });
  f.transport.fail(ErrorCode::kCancelled, "", false);
  f.failure_of([&](const CartPilotClient& client) { client.get_offer("off-1", f.context); });
  EXPECT_THAT(f.waits, IsEmpty());
}

TEST(CartPilotClient, never_repeats_a_write) {
  const std::vector<std::function<void(const CartPilotClient&, const CallContext&)>> writes = {
      [](const auto& client, const auto& c) { client.create_intent("lamp", {}, {"k"}, c); },
      [](const auto& client, const auto& c) {
        client.create_checkout("off-1", {{"p1"}}, "k", {"k"}, c);
      },
      [](const auto& client, const auto& c) { client.quote("chk-1", {{"p1"}}, {}, {"k"}, c); },
      [](const auto& client, const auto& c) { client.request_approval("chk-1", {"k"}, c); },
      [](const auto& client, const auto& c) { client.approve("chk-1", "user", {"k"}, c); },
      [](const auto& client, const auto& c) { client.confirm("chk-1", "card", "k", {"k"}, c); },
      [](const auto& client, const auto& c) { client.cancel_order("ord-1", "r", "customer", c); },
      [](const auto& client, const auto& c) { client.refund_order("ord-1", {}, "r", c); },
      [](const auto& client, const auto& c) { client.simulate_advance("ord-1", 1, c); },
  };
  for (const auto& write : writes) {
    for (const bool network : {true, false}) {
      ClientFixture f;
      if (network) {
        f.transport.fail(ErrorCode::kUnavailable, "connect", true);
      } else {
        f.transport.answer(503, "");
      }
      const auto error =
          f.failure_of([&](const CartPilotClient& client) { write(client, f.context); });
      EXPECT_TRUE(error.retryable);
      EXPECT_THAT(f.transport.requests(), SizeIs(1));
      EXPECT_THAT(f.waits, IsEmpty());
    }
  }
}

TEST(CartPilotClient, remembers_over_tries_that_an_earlier_one_may_have_arrived) {
  ClientFixture f;
  f.transport.fail(ErrorCode::kUnavailable, "reset", true);
  f.transport.fail(ErrorCode::kUnavailable, "connect", true);
  f.transport.fail(ErrorCode::kUnavailable, "connect", true);
  const auto error =
      f.failure_of([&](const CartPilotClient& client) { client.get_offer("off-1", f.context); });
  EXPECT_TRUE(error.request_may_have_run);
}

TEST(CartPilotClient, does_not_wait_beyond_the_callers_deadline) {
  ClientFixture f;
  f.transport.fail(ErrorCode::kUnavailable, "connect", true);
  const PastDeadline late;
  f.failure_of([&](const CartPilotClient& client) { client.get_offer("off-1", late); });
  EXPECT_THAT(f.waits, IsEmpty());
}

TEST(CartPilotClient, stops_waiting_when_cancelled) {
  ScriptedTransport transport;
  transport.fail(ErrorCode::kUnavailable, "connect", true);
  // A wait that would outlast the test's time limit by far.
  const CartPilotClient client({.read_retries = {.base_ms = 3'600'000,
                                                 .ceiling_ms = 3'600'000,
                                                 .total_budget_ms = 7'200'000},
                                .random = [] { return 1.0; }},
                               transport);
  const CancelAfter context(3);
  try {
    client.get_offer("off-1", context);
    FAIL() << "the call did not fail";
  } catch (const CartPilotError& error) {
    EXPECT_EQ(error.error_code, "CANCELLED");
    EXPECT_EQ(error.code, ErrorCode::kCancelled);
  }
  EXPECT_THAT(transport.requests(), SizeIs(1));
}

}  // namespace
}  // namespace cartpilot::commerce
