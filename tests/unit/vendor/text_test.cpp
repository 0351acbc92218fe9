#include "cartpilot/vendor/text.h"

#include <gtest/gtest.h>

#include "cartpilot/vendor/near_names.h"

namespace cartpilot::vendor {
namespace {

TEST(VendorText, case_changes_ascii_only) {
  EXPECT_EQ(lower("ABC xyz \xC3\x84"), "abc xyz \xC3\x84");
  EXPECT_EQ(upper("abc XYZ \xC3\xA4"), "ABC XYZ \xC3\xA4");
}

TEST(VendorText, trims_white_space_at_both_ends) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n "), "");
  EXPECT_EQ(trim(""), "");
}

TEST(VendorText, one_line_joins_and_cuts_between_characters) {
  EXPECT_EQ(one_line("  a\r\n\tb\x1b[31m c ", 100), "a b [31m c");
  EXPECT_EQ(one_line("abcdef", 6), "abcdef");
  EXPECT_EQ(one_line("abcdefg", 6), "abcdef...");
  EXPECT_EQ(one_line("ab\xC3\xA4"
                     "cd",
                     3),
            "ab...");
  EXPECT_EQ(one_line("ab\xC3\xA4"
                     "cd",
                     4),
            "ab\xC3\xA4...");
}

TEST(VendorText, words_stand_alone) {
  EXPECT_TRUE(contains_word("no 'stream' here", "stream"));
  EXPECT_TRUE(contains_word("stream", "stream"));
  EXPECT_TRUE(contains_word("stream_options or stream", "stream"));
  EXPECT_FALSE(contains_word("stream_options", "stream"));
  EXPECT_FALSE(contains_word("upstream", "stream"));
}

TEST(VendorText, near_names_come_nearest_first) {
  const std::vector<std::string> names = {"gpt-6-sol", "gpt-6.1-terra", "text-embedding-3-large"};
  EXPECT_EQ(near_names("gpt-6.1-tera", names, 3),
            (std::vector<std::string>{"gpt-6.1-terra", "gpt-6-sol"}));
  EXPECT_EQ(near_names("gpt-6.1-tera", names, 1), (std::vector<std::string>{"gpt-6.1-terra"}));
  EXPECT_EQ(near_names("embedding", names, 3),
            (std::vector<std::string>{"text-embedding-3-large"}));
  EXPECT_EQ(near_names("", names, 3), std::vector<std::string>{});
  EXPECT_EQ(near_names(std::string(201, 'x'), {std::string(201, 'x')}, 3),
            std::vector<std::string>{});
}

}  // namespace
}  // namespace cartpilot::vendor
