#include "text/terminal_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "text/redaction.h"

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
      // Control sequences stay to be read.
      {"\x1b[31mred\x1b[0m", "\\u{1b}[31mred\\u{1b}[0m"},
      {"a\x1b]52;c;ZXZpbA==\x07"
       "b",
       "a\\u{1b}]52;c;ZXZpbA==\\u{7}b"},
      {u8(u8"a\u009b31mb\u009d0;t\u009c"), "a\\u{9b}31mb\\u{9d}0;t\\u{9c}"},
      {std::string("a\0b", 3), "a\\u{0}b"},
      {"pass\b\bword\x7f\f\v", "pass\\u{8}\\u{8}word\\u{7f}\\u{c}\\u{b}"},
      {u8(u8"a\u0085b"), "a\\u{85}b"},
      // Line ends.
      {"10%\r20%\r\n\r", "10%\n20%\n\n"},
      {u8(u8"a\u2028b\u2029c"), "a\nb\nc"},
      // Bidi controls, and what is not seen.
      {u8(u8"\u202Eevil\u202C\u2066x\u2069\u200E\u061C"),
       "\\u{202e}evil\\u{202c}\\u{2066}x\\u{2069}\\u{200e}\\u{61c}"},
      {u8(u8"a\u200Bb\u2060e\uFEFFf\u00ADg\u3164\u115F"),
       "a\\u{200b}b\\u{2060}e\\u{feff}f\\u{ad}g\\u{3164}\\u{115f}"},
      {u8(u8"a\U000E0041\U000E0100c\U0001D173"), "a\\u{e0041}\\u{e0100}c\\u{1d173}"},
      // Joiners and selectors stay where they shape something.
      {u8(u8"\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645"),
       u8(u8"\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645")},
      {u8(u8"\u0915\u094D\u200D\u0937"), u8(u8"\u0915\u094D\u200D\u0937")},
      {u8(u8"\U0001F469\u200D\U0001F467 \u2764\uFE0F\u200D\U0001F525 1\uFE0F\u20E3"),
       u8(u8"\U0001F469\u200D\U0001F467 \u2764\uFE0F\u200D\U0001F525 1\uFE0F\u20E3")},
      {u8(u8"a\u200Db\u200Cc\uFE0Fd"), "a\\u{200d}b\\u{200c}c\\u{fe0f}d"},
      {u8(u8"\u0645\u200C \u200D\u0645\u200C"), u8(u8"\u0645\\u{200c} \\u{200d}\u0645\\u{200c}")},
      {u8(u8"\u0645\u200C\u200C\u0645 1\uFE0F2"),
       u8(u8"\u0645\\u{200c}\\u{200c}\u0645 1\\u{fe0f}2")},
      {u8(u8"\u2764\uFE0F\uFE0F\uFE01"), u8(u8"\u2764\uFE0F\\u{fe0f}\\u{fe01}")},
      // The mark of the program.
      {"[cartpilot] BOUGHT", "\\u{5b}cartpilot] BOUGHT"},
      {"x[CartPilot]y[[cartpilot", "x\\u{5b}CartPilot]y[[cartpilot"},
      {"[cart[cartpilot]]", "[cart\\u{5b}cartpilot]]"},
      {u8(u8"[cart\u200Bpilot]"), "[cart\\u{200b}pilot]"},
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
  };
  return cases;
}

TEST(TerminalFilter, escapes_everything_that_could_act_on_a_terminal) {
  for (const Case& c : hostile_texts()) EXPECT_EQ(safe_text(c.input), c.expected);
}

TEST(TerminalFilter, changes_nothing_in_what_is_safe_already) {
  for (const Case& c : hostile_texts()) EXPECT_EQ(safe_text(c.expected), c.expected);
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
  EXPECT_EQ(filter.feed("abc [cart"), "abc ");
  EXPECT_EQ(filter.feed(" def\xE2\x82"), "[cart def");
  EXPECT_EQ(filter.feed("\xAC"), "\xE2\x82\xAC");
}

TEST(TerminalFilter, starts_afresh_after_finish) {
  TerminalFilter filter;
  filter.feed("[cart\xE2");
  EXPECT_EQ(filter.finish(), u8(u8"[cart\uFFFD"));
  EXPECT_EQ(filter.feed("pilot] \n"), "pilot] \n");
}

TEST(SafeJson, is_the_same_value_without_a_character_that_acts) {
  for (const Case& c : hostile_texts()) {
    const Json value = {{to_utf8(c.input), to_utf8(c.input)}};
    const std::string text = safe_json(dump_json(value));
    EXPECT_EQ(parse_json(text), value);
    EXPECT_EQ(safe_text(text), text) << "nothing is left to escape";
  }
  EXPECT_EQ(safe_json(dump_json(Json(u8(u8"\u009b\u202e\x7f\U000E0041[cartpilot]\u2028")))),
            "\"\\u009b\\u202e\\u007f\\udb40\\udc41\\u005bcartpilot]\\u2028\"");
}

TEST(Field, is_cleaned_before_it_is_cut) {
  add_secret("canary-of-a-field-1");
  EXPECT_EQ(field("name\n\x1b"), "name \\u{1b}");
  EXPECT_EQ(field("abc canary-of-a-field-1 def", 10), "abc [redac...");
  EXPECT_EQ(field(u8(u8"\u20ac\u20ac\u20ac"), 7), u8(u8"\u20ac\u20ac..."));
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

TEST(EscapeForReceipt, holds_no_mark_of_the_program) {
  EXPECT_EQ(escape_for_receipt("x [cartpilot] BOUGHT"), "x \\u{5b}cartpilot] BOUGHT");
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
