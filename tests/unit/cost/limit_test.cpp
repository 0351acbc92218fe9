#include "cost/limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "cartpilot/error.h"
#include "cost/ledger.h"
#include "fakes/store/test_state.h"
#include "unit/purchase/temporary_folder.h"

namespace cartpilot::cost {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kNoon = 1'796'000'000'000;
constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;

std::string wrong_limit(const std::string& text) {
  try {
    parse_limit(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

SpendLimit limit_of(LimitPeriod per, std::int64_t nanos) { return {per, {nanos, "USD"}}; }

Amount usd(std::int64_t nanos) { return {nanos, "USD"}; }

ModelRequest sent_in(const std::string& session, const std::string& turn = "t-1") {
  return {session, turn, "openai", "m-1", 1};
}

RequestOutcome cost(std::int64_t nanos) {
  RequestOutcome outcome;
  outcome.answered = true;
  outcome.cost = Cost{usd(nanos), false, ""};
  return outcome;
}

class LimitTest : public testing::Test {
 protected:
  /// The number, or 0 with the reason in `refusal_`.
  std::int64_t reserve(const ModelRequest& request, std::int64_t nanos, const SpendLimit& limit,
                       std::int64_t unix_ms = kNoon) {
    try {
      return ledger_.reserve(request, usd(nanos), {limit}, unix_ms);
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::kPermission);
      EXPECT_EQ(error.reason, kCostLimitReason);
      refusal_ = error.what();
      return 0;
    }
  }

  store::StateDb db_{store::open_test_state()};
  Ledger ledger_{db_};
  std::string refusal_;
};

TEST(LimitText, is_read_with_its_period) {
  EXPECT_EQ(parse_limit("0.50:USD/turn"), limit_of(LimitPeriod::kTurn, 500'000'000));
  EXPECT_EQ(parse_limit("0.000001:USD/conversation"), limit_of(LimitPeriod::kConversation, 1000));
  EXPECT_EQ(parse_limit("300:JPY/day"), (SpendLimit{LimitPeriod::kDay, {300'000'000'000, "JPY"}}));
  EXPECT_EQ(parse_limit("0:USD/day"), limit_of(LimitPeriod::kDay, 0));
  EXPECT_EQ(limit_text(parse_limit("2:USD/day")), "2.00 USD per day");
}

TEST(LimitText, that_is_wrong_is_explained) {
  EXPECT_THAT(wrong_limit("1:USD"), HasSubstr("does not say for what time"));
  EXPECT_THAT(wrong_limit("1/day"), HasSubstr("has no currency"));
  EXPECT_THAT(wrong_limit("1:usd/day"), HasSubstr("has no currency that is known"));
  EXPECT_THAT(wrong_limit("1:USD/week"), HasSubstr("'week'"));
  EXPECT_THAT(wrong_limit("-1:USD/day"), HasSubstr("is no amount"));
  EXPECT_THAT(wrong_limit("0.0000001:USD/day"), HasSubstr("is no amount"));
  EXPECT_THAT(wrong_limit("1:USD/day"), "");
}

TEST_F(LimitTest, stops_the_request_that_could_cross_it_and_no_earlier_one) {
  const SpendLimit limit = limit_of(LimitPeriod::kConversation, 100);
  EXPECT_NE(reserve(sent_in("s"), 60, limit), 0);
  EXPECT_NE(reserve(sent_in("s"), 40, limit), 0);
  EXPECT_EQ(reserve(sent_in("s"), 1, limit), 0);
  EXPECT_EQ(ledger_.entries().size(), 2u);
  EXPECT_THAT(refusal_, HasSubstr("per conversation are spent or reserved"));
}

TEST_F(LimitTest, counts_what_it_cost_once_that_is_known) {
  const SpendLimit limit = limit_of(LimitPeriod::kConversation, 100);
  const std::int64_t number = reserve(sent_in("s"), 90, limit);
  EXPECT_EQ(reserve(sent_in("s"), 20, limit), 0);
  ledger_.settle(number, cost(10));
  EXPECT_NE(reserve(sent_in("s"), 90, limit), 0);
  EXPECT_EQ(reserve(sent_in("s"), 1, limit), 0);
}

TEST_F(LimitTest, counts_a_reservation_in_full_when_the_cost_stays_unknown) {
  const SpendLimit limit = limit_of(LimitPeriod::kConversation, 100);
  RequestOutcome unknown = cost(0);
  unknown.cost.reset();
  ledger_.settle(reserve(sent_in("s"), 90, limit), unknown);
  EXPECT_EQ(reserve(sent_in("s"), 11, limit), 0);
  EXPECT_NE(reserve(sent_in("s"), 10, limit), 0);
}

TEST_F(LimitTest, holds_for_its_own_period) {
  EXPECT_NE(reserve(sent_in("a", "t-1"), 100, limit_of(LimitPeriod::kTurn, 100)), 0);
  EXPECT_EQ(reserve(sent_in("a", "t-1"), 1, limit_of(LimitPeriod::kTurn, 100)), 0);
  EXPECT_NE(reserve(sent_in("a", "t-2"), 100, limit_of(LimitPeriod::kTurn, 100)), 0);
  EXPECT_EQ(reserve(sent_in("a", "t-3"), 1, limit_of(LimitPeriod::kConversation, 200)), 0);
  EXPECT_NE(reserve(sent_in("b", "t-1"), 100, limit_of(LimitPeriod::kConversation, 100)), 0);
  EXPECT_EQ(reserve(sent_in("c"), 1, limit_of(LimitPeriod::kDay, 300)), 0);
}

TEST_F(LimitTest, frees_a_day_after_24_hours_also_of_what_an_ended_process_left) {
  const SpendLimit limit = limit_of(LimitPeriod::kDay, 100);
  EXPECT_NE(reserve(sent_in("s"), 100, limit), 0);
  EXPECT_EQ(reserve(sent_in("s"), 1, limit, kNoon + kDayMs - 1), 0);
  EXPECT_NE(reserve(sent_in("s"), 100, limit, kNoon + kDayMs), 0);
  // For the conversation it counts on.
  EXPECT_EQ(reserve(sent_in("s"), 1, limit_of(LimitPeriod::kConversation, 200), kNoon + 9 * kDayMs),
            0);
}

TEST_F(LimitTest, counts_requests_of_programs_without_a_limit_and_of_deleted_conversations) {
  ledger_.record(sent_in("s"), cost(60), kNoon);
  ledger_.forget("s");
  EXPECT_EQ(reserve(sent_in("s"), 41, limit_of(LimitPeriod::kDay, 100)), 0);
  EXPECT_NE(reserve(sent_in("s"), 40, limit_of(LimitPeriod::kDay, 100)), 0);
}

TEST_F(LimitTest, in_one_currency_is_never_held_against_another) {
  const SpendLimit euros{LimitPeriod::kDay, {100, "EUR"}};
  EXPECT_EQ(reserve(sent_in("s"), 1, euros), 0);
  EXPECT_THAT(refusal_, HasSubstr("in USD, the limit in EUR"));
}

TEST_F(LimitTest, holds_for_what_is_added_to_a_request_on_its_way) {
  const SpendLimit limit = limit_of(LimitPeriod::kConversation, 100);
  const std::int64_t number = reserve(sent_in("s"), 60, limit);
  ledger_.reserve_more(number, sent_in("s"), usd(40), {limit}, kNoon);
  EXPECT_THROW(ledger_.reserve_more(number, sent_in("s"), usd(1), {limit}, kNoon), Error);
  EXPECT_EQ(ledger_.entries().front().reserved, usd(100));
}

/// One of many that reserve, and give back half of what they reserved when `settles`.
int reserve_in_own_connection(const std::filesystem::path& file, const SpendLimit& limit,
                              bool settles) {
  store::StateDb db(store::open_test_state(file));
  Ledger ledger(db);
  try {
    const std::int64_t number = ledger.reserve(sent_in("s"), usd(10), {limit}, kNoon);
    if (settles) ledger.settle(number, cost(5));
    return 1;
  } catch (const Error& error) {
    return error.reason == kCostLimitReason ? 0 : 1000;
  }
}

/// 100 reservations of 5 processes with 20 threads each; returns how many were granted.
int granted_to_a_hundred(const std::filesystem::path& file, const SpendLimit& limit, bool settles) {
  std::vector<pid_t> children;
  for (int process = 0; process < 5; ++process) {
    const pid_t child = ::fork();
    if (child == 0) {
      std::atomic<int> granted{0};
      std::vector<std::thread> threads;
      for (int i = 0; i < 20; ++i) {
        threads.emplace_back([&] { granted += reserve_in_own_connection(file, limit, settles); });
      }
      for (std::thread& thread : threads) thread.join();
      ::_exit(granted > 20 ? 255 : granted.load());
    }
    children.push_back(child);
  }
  int all = 0;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) <= 20) << status;
    all += WEXITSTATUS(status);
  }
  return all;
}

TEST(LimitInParallel, grants_exactly_what_it_holds_to_100_at_once) {
  const purchase::TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "state.db";
  store::open_test_state(file).run("SELECT 1");
  EXPECT_EQ(granted_to_a_hundred(file, limit_of(LimitPeriod::kDay, 379), false), 37);
}

TEST(LimitInParallel, is_never_crossed_while_others_settle) {
  const purchase::TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "state.db";
  store::StateDb db(store::open_test_state(file));
  // 36 at the same time, or up to 71 one after the other: 70 settled at 5 and one of 10 are 360.
  const int granted = granted_to_a_hundred(file, limit_of(LimitPeriod::kDay, 360), true);
  std::int64_t spent = 0;
  for (const LedgerEntry& entry : Ledger(db).entries()) spent += entry.outcome.cost->amount.nanos;
  EXPECT_EQ(spent, granted * 5);
  EXPECT_LE(spent, 360);
  EXPECT_GE(granted, 36);
}

}  // namespace
}  // namespace cartpilot::cost
