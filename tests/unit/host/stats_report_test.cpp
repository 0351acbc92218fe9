#include "commands/stats_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cartpilot::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;
constexpr std::int64_t kMorning = 1'796'000'000'000;  // 2026-11-30

cost::LedgerEntry asked(const std::string& provider, std::int64_t unix_ms, std::int64_t first_ms) {
  cost::LedgerEntry entry;
  entry.unix_ms = unix_ms;
  entry.request = {"s", "t", provider, "m", 1};
  entry.settled = true;
  entry.outcome.answered = true;
  entry.outcome.first_ms = first_ms;
  entry.outcome.usage = {100, 10, 4, 50};
  entry.outcome.cost = cost::Cost{{2'000'000, "USD"}, false, "2026-11-01"};
  return entry;
}

purchase::Attempt tried(const std::string& session, purchase::AttemptState state,
                        const std::string& cartpilot = "") {
  purchase::Attempt attempt;
  attempt.session = session;
  attempt.state = state;
  attempt.created_unix_ms = kMorning;
  attempt.cartpilot = cartpilot;
  return attempt;
}

TEST(StatsReport, groups_requests_by_day_and_provider_newest_first) {
  const Stats stats = stats_of({asked("openai", kMorning - kDayMs, 1), asked("openai", kMorning, 1),
                                asked("gemini", kMorning, 1), asked("gemini", kMorning, 1)},
                               {}, {}, "2026-11-01");
  std::vector<std::string> keys;
  for (const auto& [key, row] : stats) {
    keys.push_back(key.first + " " + key.second + " " + std::to_string(row.models.requests));
  }
  EXPECT_THAT(keys,
              ElementsAre("2026-11-30 openai 1", "2026-11-30 gemini 2", "2026-11-29 openai 1"));
}

TEST(StatsReport, leaves_earlier_days_out) {
  EXPECT_THAT(stats_of({asked("openai", kMorning - kDayMs, 1)}, {}, {}, "2026-11-30"), IsEmpty());
  EXPECT_EQ(stats_of({asked("openai", kMorning, 1)}, {}, {}, "2026-11-30").size(), 1u);
}

TEST(StatsReport, counts_purchases_by_outcome_and_play_money_apart) {
  const std::string sandbox = "sandbox 0123456789abcdef";
  const Stats stats = stats_of(
      {},
      {tried("s", purchase::AttemptState::kDone), tried("s", purchase::AttemptState::kDone),
       tried("s", purchase::AttemptState::kVoid), tried("gone", purchase::AttemptState::kUnknown),
       tried("s", purchase::AttemptState::kDone, sandbox)},
      {{"s", "openai"}}, "2026-11-01");
  ASSERT_EQ(stats.size(), 2u);
  const DayStats& openai = stats.at({"2026-11-30", "openai"});
  EXPECT_THAT(openai.purchases, ElementsAre(testing::Pair("done", 2), testing::Pair("void", 1)));
  EXPECT_THAT(openai.sandbox_purchases, ElementsAre(testing::Pair("done", 1)));
  EXPECT_THAT(stats.at({"2026-11-30", "-"}).purchases, ElementsAre(testing::Pair("unknown", 1)));
}

TEST(StatsReport, tells_people_tokens_money_times_and_outcomes) {
  Stats stats =
      stats_of({asked("openai", kMorning, 900), asked("openai", kMorning, 100),
                asked("openai", kMorning, 200)},
               {tried("s", purchase::AttemptState::kDone)}, {{"s", "openai"}}, "2026-11-30");
  EXPECT_THAT(
      stats_lines(stats),
      ElementsAre("2026-11-30  openai", "  3 requests, 0 repeated, 0 failed; cost: 0.006 USD",
                  "  300 tokens in (150 cached), 30 out (12 reasoning)",
                  "  first piece of the answer after 200 ms, for 95 % within 900 ms",
                  "  purchases: 1 done"));
}

TEST(StatsReport, gives_programs_the_same_as_json) {
  const Json days = stats_json(stats_of({asked("openai", kMorning, 250)}, {}, {}, "2026-11-30"));
  EXPECT_EQ(days,
            Json::array({{{"day", "2026-11-30"},
                          {"provider", "openai"},
                          {"requests", 1},
                          {"retries", 0},
                          {"failed", 0},
                          {"input_tokens", 100},
                          {"cached_tokens", 50},
                          {"output_tokens", 10},
                          {"reasoning_tokens", 4},
                          {"cost", Json::array({{{"currency", "USD"}, {"billionths", 2'000'000}}})},
                          {"cost_at_most", false},
                          {"cost_estimate_of", ""},
                          {"cost_unknown_requests", 0},
                          {"first_ms", {{"median", 250}, {"p95", 250}}},
                          {"purchases", Json::object()},
                          {"sandbox_purchases", Json::object()}}}));
}

}  // namespace
}  // namespace cartpilot::host
