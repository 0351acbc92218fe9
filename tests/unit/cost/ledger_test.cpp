#include "cost/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cost/totals.h"
#include "fakes/store/test_state.h"

namespace cartpilot::cost {
namespace {

constexpr std::int64_t kNow = 1'796'000'000'000;  // 2026-11-30

ModelRequest request_of(const std::string& session, const std::string& model = "m-1",
                        int attempt = 1) {
  return {session, "turn", "openai", model, attempt};
}

RequestOutcome answered(std::int64_t nanos, const std::string& checked = "2026-11-01") {
  RequestOutcome outcome;
  outcome.answered = true;
  outcome.first_ms = 250;
  outcome.usage = {100, 20, 5, 40};
  outcome.cost = Cost{{nanos, "USD"}, true, checked};
  return outcome;
}

class LedgerTest : public testing::Test {
 protected:
  Total total() const {
    Total all;
    for (const LedgerEntry& entry : ledger_.entries()) all.add(entry);
    return all;
  }

  store::StateDb db_{store::open_test_state()};
  Ledger ledger_{db_};
};

TEST_F(LedgerTest, gives_back_what_was_written) {
  ledger_.record(request_of("s-1", "m-1", 2), answered(42), kNow);
  const auto entries = ledger_.entries("s-1");
  ASSERT_EQ(entries.size(), 1u);
  const LedgerEntry& entry = entries.front();
  EXPECT_EQ(entry.unix_ms, kNow);
  EXPECT_EQ(entry.request.turn, "turn");
  EXPECT_EQ(entry.request.provider, "openai");
  EXPECT_EQ(entry.request.model, "m-1");
  EXPECT_EQ(entry.request.attempt, 2);
  EXPECT_TRUE(entry.settled);
  EXPECT_TRUE(entry.outcome.answered);
  EXPECT_EQ(entry.outcome.first_ms, 250);
  EXPECT_EQ(entry.outcome.usage, (Usage{100, 20, 5, 40}));
  EXPECT_EQ(entry.outcome.cost, (Cost{{42, "USD"}, true, "2026-11-01"}));
  EXPECT_EQ(entry.reserved, Amount());
}

TEST_F(LedgerTest, tells_conversations_apart_and_forgets_which_it_was) {
  ledger_.record(request_of("s-1"), answered(1), kNow);
  ledger_.record(request_of("s-2"), answered(2), kNow + 1);
  EXPECT_EQ(ledger_.entries("s-1").size(), 1u);
  ledger_.forget("s-1");
  EXPECT_EQ(ledger_.entries("s-1").size(), 0u);
  EXPECT_EQ(ledger_.entries().size(), 2u);
  EXPECT_EQ(total().nanos.at("USD"), 3);
}

TEST_F(LedgerTest, keeps_an_unknown_cost_apart_from_none) {
  RequestOutcome unknown = answered(0);
  unknown.cost.reset();
  ledger_.record(request_of("s-1"), unknown, kNow);
  EXPECT_EQ(ledger_.entries().front().outcome.cost, std::nullopt);
  EXPECT_EQ(cost_text(total()), "unknown");
  ledger_.record(request_of("s-1"), answered(2'000'000), kNow);
  EXPECT_EQ(cost_text(total()), "at most 0.002 USD and an unknown part");
}

TEST_F(LedgerTest, calls_a_price_of_more_than_90_days_an_estimate_of_its_day) {
  ledger_.record(request_of("s-1"), answered(1'000'000, "2026-09-01"), kNow);
  EXPECT_EQ(cost_text(total()), "at most 0.001 USD");
  ledger_.record(request_of("s-1"), answered(1'000'000, "2026-08-31"), kNow);
  EXPECT_EQ(cost_text(total()), "at most 0.002 USD (estimate of 2026-08-31)");
}

TEST_F(LedgerTest, adds_tokens_and_counts_retries_and_failures_by_model) {
  RequestOutcome failed;
  failed.cost = Cost{{0, "USD"}, false, ""};
  ledger_.record(request_of("s-1", "a"), failed, kNow);
  ledger_.record(request_of("s-1", "a", 2), answered(5), kNow);
  ledger_.record(request_of("s-1", "b"), answered(7), kNow);
  const auto totals = totals_by_model(ledger_.entries());
  ASSERT_EQ(totals.size(), 2u);
  const Total& a = totals.at("openai/a");
  EXPECT_EQ(a.requests, 2);
  EXPECT_EQ(a.retries, 1);
  EXPECT_EQ(a.failed, 1);
  EXPECT_EQ(a.unknown, 0);
  EXPECT_EQ(a.nanos.at("USD"), 5);
  EXPECT_EQ(a.usage, (Usage{100, 20, 5, 40}));
  EXPECT_EQ(totals.at("openai/b").nanos.at("USD"), 7);
}

TEST(CostText, never_adds_two_currencies) {
  Total total;
  total.nanos = {{"EUR", 10'000'000}, {"USD", 20'000'000}};
  EXPECT_EQ(cost_text(total), "0.01 EUR and 0.02 USD");
  EXPECT_EQ(cost_text(Total()), "nothing");
}

}  // namespace
}  // namespace cartpilot::cost
