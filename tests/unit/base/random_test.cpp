#include "base/random.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace cartpilot::base {
namespace {

using testing::MatchesRegex;

TEST(RandomUuid, is_of_version_4_and_never_the_same) {
  const std::string one = random_uuid();
  EXPECT_THAT(one, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                "[0-9a-f]{12}"));
  EXPECT_NE(one, random_uuid());
}

TEST(RandomFraction, is_at_least_0_and_below_1_and_changes) {
  double lowest = 1;
  double highest = 0;
  for (int i = 0; i < 1'000; ++i) {
    const double drawn = random_fraction();
    lowest = std::min(lowest, drawn);
    highest = std::max(highest, drawn);
  }
  EXPECT_GE(lowest, 0.0);
  EXPECT_LT(lowest, 0.1);
  EXPECT_GT(highest, 0.9);
  EXPECT_LT(highest, 1.0);
}

TEST(RandomHex, has_two_digits_for_each_byte_and_is_never_the_same) {
  EXPECT_THAT(random_hex(8), MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ(random_hex(0), "");
  EXPECT_NE(random_hex(8), random_hex(8));
}

TEST(Random64, is_never_the_same) { EXPECT_NE(random_64(), random_64()); }

}  // namespace
}  // namespace cartpilot::base
