#include "record/secret_ranges.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "cartpilot/json.h"
#include "text/redaction.h"

namespace cartpilot::record {
namespace {

using testing::HasSubstr;
using testing::Not;

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

std::string percent(const std::string& text, bool all, bool upper) {
  std::string coded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (!all && std::isalnum(byte) != 0) {
      coded += c;
    } else {
      coded += upper ? fmt::format("%{:02X}", byte) : fmt::format("%{:02x}", byte);
    }
  }
  return coded;
}

std::string json_escaped(const std::string& text, bool all) {
  std::string escaped;
  for (const char c : text) {
    if (all) {
      escaped += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else if (c == '"' || c == '/') {
      escaped += std::string("\\") + c;
    } else {
      escaped += c;
    }
  }
  return escaped;
}

/// Spellings that are wholly replaced.
std::vector<std::string> spellings() {
  const std::string nested = json_escaped(json_escaped(kCanary, false), false);
  std::string twice;
  for (const char c : json_escaped(kCanary, false)) {
    twice += c == '\\' || c == '"' ? std::string("\\") + c : std::string(1, c);
  }
  return {kCanary,
          percent(kCanary, false, true),
          percent(kCanary, false, false),
          percent(kCanary, true, true),
          percent(percent(kCanary, false, true), false, true),
          json_escaped(kCanary, false),
          json_escaped(kCanary, true),
          twice,
          json_escaped(percent(kCanary, false, false), true)};
}

TEST_F(SecretRanges, every_spelling_is_found_wherever_it_is_cut) {
  for (const std::string& spelling : spellings()) {
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

TEST_F(SecretRanges, base64_and_hexadecimal_leave_no_part_to_decode) {
  for (const std::string& before : {std::string(), std::string("u"), std::string("us"),
                                    std::string("user:"), std::string("Basic x")}) {
    for (const std::string& after : {std::string(), std::string("\n"), std::string("!!")}) {
      std::string coded = base::base64(before + kCanary + after);
      std::string url = coded;
      std::replace(url.begin(), url.end(), '+', '-');
      std::replace(url.begin(), url.end(), '/', '_');
      for (const std::string& text :
           {coded, url, percent(coded, false, true), json_escaped(coded, false)}) {
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
          const std::string left =
              joined(redacted_pieces({"<" + text.substr(0, cut), text.substr(cut) + ">"}));
          ASSERT_THAT(left, HasSubstr("[redacted]")) << text;
          // Beside the mark at most the characters that the neighbours share, and their own.
          ASSERT_LE(left.size(), 12 + 4 * (before.size() + after.size() + 4)) << left;
        }
      }
    }
  }
  std::string hex;
  for (const char c : kCanary) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  EXPECT_EQ(redacted_text("<" + hex + ">"), "<[redacted]>");
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
