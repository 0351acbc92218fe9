#include "schema/ecma_pattern.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "cartpilot/error.h"

namespace cartpilot::schema {
namespace {

TEST(EcmaPattern, matches_as_ecma_does_where_the_engine_would_not) {
  const std::vector<std::tuple<const char*, std::string, bool>> table = {
      {"^abc$", "abc\n", false},
      {"^.$", "\r", false},
      {"^.$", "ä", true},
      {"^[[:alpha:]]$", "a]", true},
      {"^[[:alpha:]]$", "b", false},
      {"^\\u00e4\\xe4\\cA$", "ää\x01", true},
      {"^\\ud83d\\udc32$", "🐲", true},
      {"^\\u{1f432}$", "🐲", true},
      {"^\\v$", "\x0b", true},
      {"^\\v$", "\n", false},
      {"^[\\b]$", "\b", true},
      {"^[^]$", "\n", true},
      {"[]", "", false},
      {"^a{2}$", "aa", true},
      {"^a{,2}$", "a{,2}", true},
      {"^x{$", "x{", true},
      {"^(?<year>[0-9]{4})-(?<month>[0-9]{2})$", "2026-11", true},
      {"^(a|b)+?$", "abab", true},
      {"^\\p{Uppercase_Letter}\\p{Script=Greek}$", "Äβ", true},
      {"^\\p{Script_Extensions=Greek}\\p{gc=Lu}$", "βA", true},
      {"^\\P{L}$", "1", true},
      {"^\\s$", "\xef\xbb\xbf", true},
      {"^\\S$", "\xe2\x80\xa8", false},
      {"^[\\s]+$", " \t\xef\xbb\xbf\xe3\x80\x80", true},
      {"^.$", "\xe2\x80\xa8", false},
      {"^\\d\\w$", "\xd9\xa3\xc3\xa4", false},
      {"(?<=a)b", "ab", true},
      {"^(?!x)", "x", false},
      {"^\\0$", std::string(1, '\0'), true},
      {"^a\\/b\\-c$", "a/b-c", true},
      {"", "anything", true},
  };
  for (const auto& [pattern, text, expected] : table) {
    EXPECT_EQ(EcmaPattern(pattern).found_in(text), expected) << pattern << " on " << text;
  }
}

TEST(EcmaPattern, refuses_what_ecma_does_not_know_or_the_engine_cannot_do) {
  for (const char* pattern : {"\\a",
                              "\\A",
                              "\\Z",
                              "\\z",
                              "\\Qx\\E",
                              "\\h",
                              "\\e",
                              "(?i)a",
                              "(?>a)",
                              "(?#note)",
                              "(*FAIL)",
                              "(*LIMIT_MATCH=1)a",
                              "a++",
                              "a*+",
                              "a**",
                              "a{2}+",
                              "(a)\\1",
                              "\\k<n>",
                              "\\07",
                              "\\x4",
                              "\\u12",
                              "\\ud83d",
                              "\\ud83d\\u0041",
                              "\\u{110000}",
                              "\\u{}",
                              "\\p{L",
                              "\\pL",
                              "\\p{Bidi_Class=L}",
                              "\\p{Nonsense}",
                              "[\\S]",
                              "[\\s-\\uffff]",
                              "[a-\\s]",
                              "a?+",
                              "[a",
                              "(a",
                              "a)",
                              "\\",
                              "\\c1",
                              "(?<name"}) {
    EXPECT_THROW(EcmaPattern{pattern}, Error) << pattern;
  }
}

TEST(EcmaPattern, gives_up_on_a_text_that_would_take_forever_or_overflow_the_stack) {
  const std::string long_text(1'000'000, 'a');
  EXPECT_EQ(EcmaPattern("^(a|b)*$").found_in(long_text), std::nullopt);
  EXPECT_EQ(EcmaPattern("^(((a|b)+)+)+$").found_in(std::string(5000, 'a') + "!"), std::nullopt);
  EXPECT_EQ(EcmaPattern("a*[bc]").found_in(long_text), std::nullopt) << "quadratic";
  EXPECT_EQ(EcmaPattern("[ab]{60000}[cd]").found_in(long_text), std::nullopt);
  EXPECT_EQ(EcmaPattern("^(?:a|a*[bc])*$").found_in(std::string(30'000, 'a') + "!"), std::nullopt);
  EXPECT_EQ(EcmaPattern("^[ab]*$").found_in(long_text), true);
  EXPECT_EQ(EcmaPattern("^(a|b)*$").found_in(std::string(1000, 'a')), true);
}

}  // namespace
}  // namespace cartpilot::schema
