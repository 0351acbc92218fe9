// What a question looks like on a terminal.
#include "terminal/question_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace cartpilot::host {
namespace {

using testing::Contains;

/// 2026-11-29 17:02:04 UTC.
constexpr std::int64_t kUntil = 1'795'971'724'241;
constexpr std::int64_t kMinute = 60'000;

/// Sets the time zone of the process.
class ValidityText : public testing::Test {
 protected:
  ValidityText() { set("CET-1"); }
  ~ValidityText() override { set("UTC0"); }
  static void set(const char* zone) {
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
};

TEST_F(ValidityText, is_in_local_time_with_the_time_that_is_left) {
  EXPECT_EQ(validity_text(kUntil, kUntil - 9 * kMinute), "18:02 (in 9 minutes)");
  EXPECT_EQ(validity_text(kUntil, kUntil - kMinute), "18:02 (in 1 minute)");
  EXPECT_EQ(validity_text(kUntil, kUntil - kMinute + 1), "18:02 (in less than a minute)");
  EXPECT_EQ(validity_text(kUntil, kUntil - 119 * kMinute), "18:02 (in 119 minutes)");
  EXPECT_EQ(validity_text(kUntil, kUntil - 180 * kMinute), "18:02 (in 3 hours)");
  EXPECT_EQ(validity_text(kUntil, kUntil - 24 * 60 * kMinute), "2026-11-29 18:02 (in 24 hours)");
  EXPECT_EQ(validity_text(kUntil, kUntil - 72 * 60 * kMinute), "2026-11-29 18:02 (in 3 days)");
  set("EST5");
  EXPECT_EQ(validity_text(kUntil, kUntil - 9 * kMinute), "12:02 (in 9 minutes)");
}

TEST_F(ValidityText, stands_in_place_of_the_date_of_the_receipt) {
  purchase::ApprovalQuestion question;
  question.fields = {{"Valid until", "2026-11-29T17:02:04.241316Z"}};
  const std::string as_it_came = " Valid until 2026-11-29T17:02:04.241316Z";
  EXPECT_THAT(question_lines(question, kUntil - 9 * kMinute), Contains(as_it_came));
  question.detail = {{"valid_until_unix_ms", kUntil}};
  EXPECT_THAT(question_lines(question, kUntil - 9 * kMinute),
              Contains(" Valid until 18:02 (in 9 minutes)"));
}

}  // namespace
}  // namespace cartpilot::host
