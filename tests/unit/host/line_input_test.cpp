#include "terminal/line_input.h"

#include <gtest/gtest.h>

namespace cartpilot::host {
namespace {

std::u32string characters(LineInput& input) {
  std::u32string result;
  while (const auto character = input.take_character()) result += *character;
  return result;
}

TEST(LineInput, joins_characters_that_come_in_pieces) {
  LineInput input;
  std::u32string all;
  for (const char byte : std::string("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z")) {
    input.add({&byte, 1});
    all += characters(input);
  }
  EXPECT_EQ(all, U"a\u00E9\u20AC\U0001F600z");
}

TEST(LineInput, replaces_each_byte_that_begins_no_character) {
  for (const auto& [bytes, expected] : {std::pair("\x80z", U"\uFFFDz"),
                                        {"\xFFz", U"\uFFFDz"},
                                        {"\xC3z", U"\uFFFDz"},
                                        {"\xC0\x80z", U"\uFFFD\uFFFDz"},
                                        {"\xED\xA0\x80z", U"\uFFFD\uFFFD\uFFFDz"}}) {
    LineInput input;
    input.add(bytes);
    EXPECT_EQ(characters(input), expected) << bytes;
  }
}

TEST(LineInput, passes_over_what_would_be_echoed_unseen) {
  LineInput input;
  input.add(
      "a\xC2\x9B"
      "b\xE2\x80\xAE"
      "c\xE2\x80\x8B"
      "d\x1b\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7");
  EXPECT_EQ(characters(input), U"abcd\x1b\U0001F469\u200D\U0001F467");
  EXPECT_EQ(pasted_text("a\xC2\x9B"
                        "b\xE2\x80\xAE"
                        "c\xE2\x80\x8B\n"),
            "abc");
}

TEST(LineInput, bytes_given_back_come_first) {
  LineInput input;
  input.add("xyz");
  EXPECT_EQ(input.take_bytes(), "xyz");
  input.add("c");
  input.give_back("ab");
  EXPECT_EQ(characters(input), U"abc");
}

TEST(PastedText, keeps_lines_and_leaves_out_control_characters) {
  EXPECT_EQ(pasted_text("a\r\nb\rc\nd\te\x1b[31m\x07\x7f\n\n"), "a\nb\nc\nd\te[31m");
  EXPECT_EQ(pasted_text("\n\n"), "");
}

TEST(Composed, joins_letters_and_accents) {
  EXPECT_EQ(composed("cafe\xCC\x81 \xEA\xB0\x80"), "caf\xC3\xA9 \xEA\xB0\x80");
  EXPECT_EQ(composed(""), "");
  EXPECT_EQ(composed("a\xFFz"), "a\xFFz");
}

TEST(RowBreaks, count_full_rows_line_ends_and_wide_characters) {
  EXPECT_EQ(row_breaks("", 10), 0U);
  EXPECT_EQ(row_breaks("123456789", 10), 0U);
  EXPECT_EQ(row_breaks("1234567890", 10), 1U) << "the cursor stands in the next row";
  EXPECT_EQ(row_breaks("12345678901", 10), 1U);
  EXPECT_EQ(row_breaks("12\n34\n", 10), 2U);
  EXPECT_EQ(row_breaks("123456789\xE4\xB8\xAD", 10), 1U) << "two columns do not fit into one";
  EXPECT_EQ(row_breaks("12345678\xE4\xB8\xAD", 10), 1U);
  EXPECT_EQ(row_breaks("12345678e\xCC\x81", 10), 0U) << "an accent takes no column";
  EXPECT_EQ(row_breaks("1234\xFF", 5), 1U);
}

}  // namespace
}  // namespace cartpilot::host
