#include "text/terminal_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cartpilot::text {
namespace {

std::string u8(const char8_t* text) { return reinterpret_cast<const char*>(text); }

struct Case {
  std::string input;
  std::string expected;
};

const std::vector<Case>& hostile_texts() {
  static const std::vector<Case> cases = {
      // Ordinary text passes as it is.
      {"plain text, 100% ~ok~", "plain text, 100% ~ok~"},
      {"line\n\tindented", "line\n\tindented"},
      {u8(u8"caf\u00e9 \u20ac \u6f22\u5b57 \U0001F3A7"),
       u8(u8"caf\u00e9 \u20ac \u6f22\u5b57 \U0001F3A7")},
      {u8(u8"\u2764\uFE0F"), u8(u8"\u2764\uFE0F")},
      // CSI: colour, cursor, clear, private modes, reports.
      {"\x1b[31mred\x1b[0m", "red"},
      {"a\x1b[2J\x1b[1;1Hb", "ab"},
      {"a\x1b[?25lb\x1b[6nc\x1b[>0cd", "abcd"},
      {"a\x1b[1\x1b[31mb", "ab"},
      {u8(u8"a\u009b31mb"), "ab"},
      // A broken CSI ends at the first character that cannot belong to it.
      {"a\x1b[31\nb", "a\nb"},
      {u8(u8"a\x1b[3\u00e9b"), u8(u8"a\u00e9b")},
      // Two-character and charset sequences.
      {"a\x1b"
       "cb\x1b(Bc\x1b#8d\x1b=e",
       "abcde"},
      {"a\x1b\x1b[31mb", "ab"},
      // Strings: title, clipboard, hyperlink, DCS, APC, PM, SOS; BEL or ST ends them.
      {"a\x1b]0;title\x07"
       "b",
       "ab"},
      {"a\x1b]52;c;ZXZpbA==\x1b\\b", "ab"},
      {"\x1b]8;;http://evil.example\x1b\\text\x1b]8;;\x1b\\", "text"},
      {"a\x1bPq#0\x1b\\b\x1b_x\x1b\\c\x1b^y\x1b\\d\x1bXz\x1b\\e", "abcde"},
      {u8(u8"a\u009d0;title\u009cb\u0090q\u009cc"), "abc"},
      {"a\x1b]0;broken off\x1b[31mb", "ab"},
      {"a\x1b]0;cancelled\x18"
       "b",
       "ab"},
      {"a\x1b]0;never ends\nthe rest", "a\nthe rest"},
      // Other controls.
      {std::string("a\0b", 3), "ab"},
      {"10%\r20%\r\n", "10%20%\n"},
      {"pass\b\b\b\bword\x7f\f\v\x07", "password"},
      {u8(u8"a\u0085b\u0084c"), "abc"},
      {u8(u8"a\u2028b\u2029c"), "a\nb\nc"},
      // Invisible: bidi, zero width, tags, fillers.
      {u8(u8"\u202Eevil\u202C\u2066x\u2069\u200E\u200F\u061C"), "evilx"},
      {u8(u8"a\u200Bb\u200Cc\u200Dd\u2060e\uFEFFf\u00ADg"), "abcdefg"},
      {u8(u8"a\U000E0001\U000E0041\U000E007Fb\U000E0100c"), "abc"},
      {u8(u8"a\u3164\u115F\uFFA0\u2064\U0001D173b"), "ab"},
      // Not UTF-8: over-long, surrogate, too high, stray and missing continuation bytes.
      {"a\xC0\xAF"
       "b",
       u8(u8"a\uFFFD\uFFFDb")},
      {"\xE0\x80\xAF", u8(u8"\uFFFD\uFFFD\uFFFD")},
      {"\xED\xA0\x80", u8(u8"\uFFFD\uFFFD\uFFFD")},
      {"\xF4\x90\x80\x80", u8(u8"\uFFFD\uFFFD\uFFFD\uFFFD")},
      {"\xFF\xFE\x9b"
       "31m",
       u8(u8"\uFFFD\uFFFD\uFFFD31m")},
      {"a\xE2\x82"
       "b",
       u8(u8"a\uFFFDb")},
      {"a\xF0\x9F\x8E", u8(u8"a\uFFFD")},
      {"a\x1b[\xFFm", u8(u8"a\uFFFDm")},
  };
  return cases;
}

TEST(TerminalFilter, removes_everything_that_could_act_on_a_terminal) {
  for (const Case& c : hostile_texts()) EXPECT_EQ(safe_text(c.input), c.expected);
}

TEST(TerminalFilter, gives_the_same_text_wherever_the_input_is_cut) {
  for (const Case& c : hostile_texts()) {
    for (std::size_t cut = 0; cut <= c.input.size(); ++cut) {
      TerminalFilter filter;
      std::string out = filter.feed(std::string_view(c.input).substr(0, cut));
      out += filter.feed(std::string_view(c.input).substr(cut));
      out += filter.finish();
      EXPECT_EQ(out, c.expected) << "cut at " << cut;
    }
    TerminalFilter filter;
    std::string out;
    for (const char byte : c.input) out += filter.feed(std::string_view(&byte, 1));
    out += filter.finish();
    EXPECT_EQ(out, c.expected) << "byte by byte";
  }
}

TEST(TerminalFilter, gives_text_on_as_soon_as_it_is_known_to_be_harmless) {
  TerminalFilter filter;
  EXPECT_EQ(filter.feed("abc\x1b[3"), "abc");
  EXPECT_EQ(filter.feed("1mdef\xE2\x82"), "def");
  EXPECT_EQ(filter.feed("\xAC"), "\xE2\x82\xAC");
}

TEST(TerminalFilter, lets_a_control_string_hide_at_most_4096_characters) {
  const std::string hidden(5000, 'x');
  EXPECT_EQ(safe_text("a\x1b]0;" + hidden + "b"), "a" + std::string(5000 - 4096 + 2, 'x') + "b");
}

TEST(TerminalFilter, gives_up_a_csi_that_goes_on_for_ever) {
  const std::string out = safe_text("a\x1b[" + std::string(5000, '1') + "b");
  EXPECT_GT(out.size(), 4000U);
  EXPECT_EQ(out.back(), 'b');
}

TEST(TerminalFilter, starts_afresh_after_finish) {
  TerminalFilter filter;
  filter.feed("\x1b]0;open\xE2");
  EXPECT_EQ(filter.finish(), "");
  EXPECT_EQ(filter.feed("[31m"), "[31m");
}

TEST(SafeLine, makes_one_line_without_runs_of_blanks) {
  EXPECT_EQ(safe_line("  a\r\n\r\n\tb   c\n"), "a b c");
  EXPECT_EQ(safe_line(u8(u8"a\u2028b")), "a b");
  EXPECT_EQ(safe_line(""), "");
  EXPECT_EQ(safe_line("\n\t "), "");
}

TEST(EscapeForReceipt, shows_every_character_in_ascii) {
  EXPECT_EQ(escape_for_receipt("Wireless Headphones 2.0 (black)"),
            "Wireless Headphones 2.0 (black)");
  EXPECT_EQ(escape_for_receipt(u8(u8"caf\u00e9 \U0001F3A7")), "caf\\u{e9} \\u{1f3a7}");
  EXPECT_EQ(escape_for_receipt("\x1b[31m\x07\x7f"), "\\u{1b}[31m\\u{7}\\u{7f}");
  EXPECT_EQ(escape_for_receipt(u8(u8"\u202Ea\u200Bb\U000E0041")), "\\u{202e}a\\u{200b}b\\u{e0041}");
  EXPECT_EQ(escape_for_receipt(std::string("a\0b", 3)), "a\\u{0}b");
  EXPECT_EQ(escape_for_receipt("a\nb\tc\rd"), "a\\u{a}b\\u{9}c\\u{d}d");
  EXPECT_EQ(escape_for_receipt(u8(u8"p\u0430ypal")), "p\\u{430}ypal");
}

TEST(EscapeForReceipt, shows_bytes_that_are_not_utf8_one_by_one) {
  EXPECT_EQ(escape_for_receipt("a\xFF\xC0\xAF"), "a\\x{ff}\\x{c0}\\x{af}");
  EXPECT_EQ(escape_for_receipt("\xE2\x82"), "\\x{e2}\\x{82}");
  EXPECT_EQ(escape_for_receipt("\xE2\x82"
                               "b"),
            "\\x{e2}\\x{82}b");
}

TEST(EscapeForReceipt, collapses_padding_but_keeps_one_blank) {
  EXPECT_EQ(escape_for_receipt("total:" + std::string(500, ' ') + "1"), "total: 1");
}

TEST(EscapeForReceipt, cannot_be_imitated_by_text_that_looks_escaped) {
  EXPECT_EQ(escape_for_receipt("\\u{1b}"), "\\u{5c}u{1b}");
}

TEST(Utf8, tells_well_formed_from_malformed) {
  for (const std::string& good :
       {std::string(), std::string("abc"), std::string("a\0b", 3), u8(u8"\u0080\u07FF\u0800\uD7FF"),
        u8(u8"\uE000\uFFFF\U00010000\U0010FFFF")}) {
    EXPECT_TRUE(is_utf8(good));
    EXPECT_EQ(to_utf8(good), good);
  }
  for (const char* bad : {"\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3", "a\xE2\x82", "\xC3("}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
    EXPECT_TRUE(is_utf8(to_utf8(bad))) << bad;
  }
  EXPECT_EQ(to_utf8("a\xE2\x82"
                    "b\xFF"),
            u8(u8"a\uFFFDb\uFFFD"));
}

}  // namespace
}  // namespace cartpilot::text
