// Text from models, merchants and servers, made safe for a terminal.
//
// Nothing is dropped: what could steer a terminal or is not seen becomes \u{hex}, and so does the
// first character of the mark that only the program's own lines begin with. TerminalFilter is for
// text that comes in pieces; `escape_for_receipt` is for what a person agrees to: plain ASCII. Both
// give the same text however often they are applied. Values; a TerminalFilter belongs to one
// thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cartpilot::text {

/// Begins the lines in which the program itself speaks of purchases.
inline constexpr std::string_view kMark = "[cartpilot]";

/// How an escaped character is written.
enum class EscapeForm {
  kText,  ///< \u{1b}
  kJson   ///< \u001b: the same JSON value; for JSON text, whose line breaks are escaped already
};

class TerminalFilter {
 public:
  explicit TerminalFilter(EscapeForm form = EscapeForm::kText) : form_(form) {}

  /// Safe text for `chunk`: no control character but LF and TAB, nothing unseen, no mark of the
  /// program in any case of its letters. CR and the Unicode line ends become LF; CR LF is one.
  /// Joiners and variation selectors stay beside letters of other scripts and emoji. Bytes that are
  /// not UTF-8 become U+FFFD. Holds back what the next chunk decides.
  std::string feed(std::string_view chunk);
  /// What was held back, and a fresh state.
  std::string finish();

 private:
  void take(char32_t point, std::string& out);
  void resolve_held(char32_t next, std::string& out);
  void put(std::string_view character, std::string& out);
  void flush_mark(std::string& out);
  void escape(char32_t point, std::string& out);

  EscapeForm form_;
  std::string pending_;    ///< bytes of an incomplete UTF-8 sequence
  std::string mark_;       ///< a beginning of the mark
  char32_t before_ = 0;    ///< the last character that was seen
  char32_t held_ = 0;      ///< a joiner or selector that the next character decides about
  bool selected_ = false;  ///< `before_` has its variation selector
  bool after_cr_ = false;
};

/// One-shot filter.
std::string safe_text(std::string_view text);

/// safe_text with every run of blanks, tabs and line breaks turned into one blank, none at either
/// end: for one-line messages.
std::string safe_line(std::string_view text);

/// JSON text of one line without a character that a terminal acts on, or that is not seen. The
/// value stays the same.
std::string safe_json(std::string_view json);

/// `text` as a field of a line: redacted and then as safe_line(), at most `limit` bytes of it and
/// "...".
std::string field(std::string_view text, std::size_t limit = 200);

/// ASCII only; every other code point, and the backslash, as \u{hex}; every byte that is not UTF-8
/// as \x{hex}; runs of blanks collapsed. Without the mark of the program.
std::string escape_for_receipt(std::string_view text);

/// True when `text` is well-formed UTF-8 (no over-long forms, no surrogates).
bool is_utf8(std::string_view text);

/// `text` with every malformed sequence replaced by U+FFFD.
std::string to_utf8(std::string_view text);

}  // namespace cartpilot::text
