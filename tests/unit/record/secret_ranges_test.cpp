#include "record/secret_ranges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cartpilot/json.h"
#include "spellings.h"
#include "text/redaction.h"

namespace cartpilot::record {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// Has characters that every spelling changes.
const std::string kCanary = "canary/KEY+7\"8=9~zebra";

class SecretRanges : public testing::Test {
 protected:
  SecretRanges() { text::add_secret(kCanary); }
};

std::string joined(const std::vector<std::string>& pieces) {
  std::string whole;
  for (const std::string& piece : pieces) whole += piece;
  return whole;
}

TEST_F(SecretRanges, every_spelling_is_found_wherever_it_is_cut) {
  for (const std::string& spelling : spellings_of(kCanary)) {
    const std::string before = "data: {\"text\":\"a ";
    const std::string after = " b\"}\n\n";
    const std::string whole = before + spelling + after;
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
      const auto pieces = redacted_pieces({whole.substr(0, cut), whole.substr(cut)});
      ASSERT_EQ(pieces.size(), 2U);
      ASSERT_EQ(joined(pieces), before + "[redacted]" + after) << spelling << " at " << cut;
    }
    std::vector<std::string> bytes;
    for (const char c : whole) bytes.emplace_back(1, c);
    EXPECT_EQ(joined(redacted_pieces(bytes)), before + "[redacted]" + after);
  }
}

TEST_F(SecretRanges, the_mark_stands_in_the_piece_where_the_secret_ends) {
  EXPECT_EQ(redacted_pieces({"x" + kCanary.substr(0, 5), kCanary.substr(5) + "y", "z"}),
            (std::vector<std::string>{"x", "[redacted]y", "z"}));
}

TEST_F(SecretRanges, base64_leaves_no_part_to_decode) {
  std::string all_left;
  for (const std::string& text : base64_spellings_of(kCanary)) {
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      const std::string left =
          joined(redacted_pieces({"<" + text.substr(0, cut), text.substr(cut) + ">"}));
      ASSERT_THAT(left, HasSubstr("[redacted]")) << text;
      all_left += left + "\n";
    }
  }
  EXPECT_THAT(traces_of(kCanary, all_left), IsEmpty());
}

TEST_F(SecretRanges, a_secret_that_a_stream_gives_in_pieces_is_found) {
  for (std::size_t cut = 1; cut < kCanary.size(); ++cut) {
    const auto event = [](const std::string& text) {
      return "data: {\"choices\":[{\"delta\":{\"content\":" + dump_json(Json(text)) + "}}]}\n\n";
    };
    const std::string left =
        redacted_text(event("is " + kCanary.substr(0, cut)) + event(kCanary.substr(cut) + " so"));
    EXPECT_EQ(left, event("is ") + event("[redacted] so")) << cut;
    const std::string arguments = dump_json(Json{{"note", kCanary}});
    const std::size_t at = arguments.find("canary") + cut;
    const std::string nested =
        redacted_text(event(arguments.substr(0, at)) + event(arguments.substr(at)));
    EXPECT_EQ(nested, event("{\"note\":\"") + event("[redacted]\"}")) << cut;
  }
}

TEST_F(SecretRanges, everything_else_stays_byte_for_byte) {
  const std::string bytes =
      "%zz \\u12 \\ud83d\\ude00 {\"a\":\"b\", \"c\" : \"\xff\xfe\"} canary/KEY %";
  EXPECT_EQ(redacted_text(bytes), bytes);
  EXPECT_EQ(redacted_pieces({"", "a", ""}), (std::vector<std::string>{"", "a", ""}));
}

}  // namespace
}  // namespace cartpilot::record
