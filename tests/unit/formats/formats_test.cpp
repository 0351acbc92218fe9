#include "formats/formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cartpilot/error.h"

namespace cartpilot::formats {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Optional;

TEST(Sha256, gives_the_published_digest_of_abc) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(HmacSha256, gives_the_published_digests_of_rfc_4231) {
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256_hex(std::string(131, '\xaa'),
                            "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(RandomUuid, is_of_version_4_and_never_the_same) {
  const std::string one = random_uuid();
  EXPECT_THAT(one, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                "[0-9a-f]{12}"));
  EXPECT_NE(one, random_uuid());
}

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

TEST(Dates, are_milliseconds_since_the_epoch) {
  EXPECT_THAT(unix_ms_of_http_date("Mon, 23 Nov 2026 06:30:00 GMT"), Optional(1795415400000));
  EXPECT_EQ(unix_ms_of_http_date("soon"), std::nullopt);
  EXPECT_EQ(unix_ms_of_http_date(""), std::nullopt);
  EXPECT_EQ(unix_ms_of_iso_date(""), std::nullopt);
  EXPECT_THAT(unix_ms_of_iso_date("2026-11-23T06:30:00.250Z"), Optional(1795415400250));
  EXPECT_THAT(unix_ms_of_iso_date("2026-11-23T08:30:00+02:00"), Optional(1795415400000));
}

TEST(Pattern, gives_the_first_match_and_its_groups) {
  const auto pattern = compile_pattern("([a-z]+)(x)?=([0-9]+)");
  EXPECT_THAT(pattern->match("1 ab=23 c=4"), Optional(ElementsAre("ab=23", "ab", "", "23")));
  EXPECT_THAT(pattern->match("nothing"), Optional(IsEmpty()));
}

TEST(Pattern, says_nothing_about_what_is_not_utf8) {
  EXPECT_EQ(compile_pattern("a")->match("a\xff"), std::nullopt);
}

TEST(Pattern, takes_dollar_for_the_end_only) {
  const auto pattern = compile_pattern("a$");
  EXPECT_THAT(pattern->match("ba"), Optional(ElementsAre("a")));
  EXPECT_THAT(pattern->match("ba\n"), Optional(IsEmpty()));
}

TEST(Pattern, that_cannot_be_compiled_says_why) {
  try {
    compile_pattern("(");
    FAIL() << "it was compiled";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(error.what(), testing::HasSubstr("missing )"));
  }
}

}  // namespace
}  // namespace cartpilot::formats
