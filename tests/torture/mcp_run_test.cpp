// The judge of runs through MCP sees each kind of wrong, and a run is cast from its seed alone.
#include <gmock/gmock.h>

#include <set>
#include <string>

#include "torture/mcp_run.h"

namespace cartpilot::torture {
namespace {

/// A run in which the person agreed to checkout c1 of 86.38, which was booked and is on record.
McpRun bought() {
  McpRun run;
  Question question;
  question.screen = "==== PURCHASE APPROVAL checkout c1";
  question.total = "86.38";
  question.agreed = true;
  run.questions.push_back(question);
  Booking booking;
  booking.checkout_id = "c1";
  booking.total = 8638;
  run.bookings.push_back(booking);
  run.attempts = {{{"checkout_id", "c1"}, {"state", "done"}}};
  return run;
}

TEST(TortureMcp, a_purchase_that_was_agreed_to_and_is_on_record_is_good) {
  McpRun run = bought();
  judge_mcp(run);
  EXPECT_EQ(run.verdict.bought, 1);
  EXPECT_THAT(run.verdict.findings, testing::IsEmpty());
}

TEST(TortureMcp, a_booking_without_a_yes_to_its_checkout_and_total_is_unapproved) {
  for (const auto change : {+[](McpRun& run) { run.questions[0].agreed = false; },
                            +[](McpRun& run) { run.questions[0].total = "86.37"; },
                            +[](McpRun& run) { run.questions[0].screen = "checkout c2"; },
                            +[](McpRun& run) { run.questions.clear(); }}) {
    McpRun run = bought();
    change(run);
    judge_mcp(run);
    EXPECT_EQ(run.verdict.unapproved, 1);
    EXPECT_EQ(run.verdict.findings.size(), 1u);
  }
}

TEST(TortureMcp, a_second_booking_of_a_checkout_is_a_duplicate) {
  McpRun run = bought();
  run.bookings.push_back(run.bookings[0]);
  judge_mcp(run);
  EXPECT_EQ(run.verdict.duplicate, 1);
}

TEST(TortureMcp, a_booking_must_be_on_record_as_bought_or_unknown) {
  McpRun lost = bought();
  lost.attempts = Json::array();
  judge_mcp(lost);
  EXPECT_EQ(lost.verdict.lost, 1);
  McpRun approved = bought();
  approved.attempts[0]["state"] = "approved";
  judge_mcp(approved);
  EXPECT_EQ(approved.verdict.lost, 1);
  McpRun denied = bought();
  denied.attempts[0]["state"] = "void";
  judge_mcp(denied);
  EXPECT_EQ(denied.verdict.false_not_bought, 1);
  McpRun unknown = bought();
  unknown.attempts[0]["state"] = "unknown";
  judge_mcp(unknown);
  EXPECT_EQ(unknown.verdict.unknown, 1);
  EXPECT_TRUE(unknown.verdict.good());
}

TEST(TortureMcp, what_is_called_bought_must_have_been_booked) {
  McpRun run = bought();
  run.bookings.clear();
  judge_mcp(run);
  EXPECT_EQ(run.verdict.false_bought, 1);
}

TEST(TortureMcp, a_list_that_cannot_be_read_is_no_good_run) {
  McpRun run = bought();
  run.attempts = nullptr;
  judge_mcp(run);
  EXPECT_FALSE(run.verdict.good());
}

TEST(TortureMcp, one_seed_casts_one_plan_and_the_seeds_cover_every_manner_of_death) {
  std::set<std::string> deaths;
  std::set<std::string> faults;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const McpPlan plan = cast_mcp(seed, 500'000);
    EXPECT_EQ(describe(plan), describe(cast_mcp(seed, 500'000)));
    EXPECT_LT(plan.death_us, 550'000);
    deaths.insert(name_of(plan.manner));
    faults.insert(plan.fault_name);
  }
  EXPECT_EQ(deaths.size(), static_cast<std::size_t>(Death::kCount));
  EXPECT_GT(faults.size(), 5u);
}

}  // namespace
}  // namespace cartpilot::torture
