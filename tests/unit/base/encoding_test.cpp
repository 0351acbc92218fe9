#include "base/encoding.h"

#include <gmock/gmock.h>

namespace cartpilot::base {
namespace {

using testing::Optional;

TEST(Base64, is_one_line_whatever_the_bytes) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64(std::string_view("\0\xff", 2)), "AP8=");
  EXPECT_EQ(base64(std::string(99, 'a')).size(), 132U);
  EXPECT_EQ(base64(std::string(99, 'a')).find('\n'), std::string::npos);
}

TEST(PercentEncoding, is_undone_by_decoding) {
  EXPECT_EQ(percent_encoded("a b/c?ä", "/?"), "a%20b%2Fc%3F%C3%A4");
  EXPECT_THAT(percent_decoded("a%20b%2Fc%3F%C3%A4"), Optional(std::string("a b/c?ä")));
  EXPECT_EQ(percent_decoded("50%"), std::nullopt);
  EXPECT_EQ(percent_decoded("%zz"), std::nullopt);
}

}  // namespace
}  // namespace cartpilot::base
