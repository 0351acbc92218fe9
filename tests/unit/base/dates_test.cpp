#include "base/dates.h"

#include <gmock/gmock.h>

namespace cartpilot::base {
namespace {

using testing::Optional;

TEST(Dates, are_milliseconds_since_the_epoch) {
  EXPECT_THAT(unix_ms_of_http_date("Mon, 23 Nov 2026 06:30:00 GMT"), Optional(1795415400000));
  EXPECT_EQ(unix_ms_of_http_date("soon"), std::nullopt);
  EXPECT_EQ(unix_ms_of_http_date(""), std::nullopt);
  EXPECT_EQ(unix_ms_of_rfc3339(""), std::nullopt);
  EXPECT_THAT(unix_ms_of_rfc3339("2026-11-23T06:30:00.250Z"), Optional(1795415400250));
  EXPECT_THAT(unix_ms_of_rfc3339("2026-11-23T08:30:00+02:00"), Optional(1795415400000));
}

}  // namespace
}  // namespace cartpilot::base
