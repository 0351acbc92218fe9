// Text from models, merchants and servers, made safe for a terminal.
//
// Two filters. TerminalFilter is for flowing chat text: it is stateful, so an escape sequence split
// over stream chunks cannot slip through; it removes control sequences, C0/C1 controls, bidi
// overrides, zero-width and tag characters, and replaces bytes that are not UTF-8.
// `escape_for_receipt` is for what a person signs: plain ASCII, everything else as \u{hex}, nothing
// dropped, nothing shortened. Values; a TerminalFilter belongs to one thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cartpilot::text {

class TerminalFilter {
 public:
  /// Safe text for `chunk`; may hold back an incomplete UTF-8 or escape sequence until the next
  /// chunk. LF and TAB pass. A control string (OSC, DCS, ...) that never ends is given up at the
  /// next line break or after 4096 characters, so it cannot hide the rest of a conversation.
  std::string feed(std::string_view chunk);
  /// What was held back (an incomplete UTF-8 sequence becomes U+FFFD), and a fresh state.
  std::string finish();

 private:
  enum class State { kText, kEscape, kCsi, kString, kStringEscape };

  void take(char32_t point, std::string& out);
  void take_text(char32_t point, std::string& out);
  void enter(State state);

  State state_ = State::kText;
  std::size_t swallowed_ = 0;  ///< characters of the current sequence
  std::string pending_;        ///< bytes of an incomplete UTF-8 sequence
};

/// One-shot chat filter.
std::string safe_text(std::string_view text);

/// safe_text with every run of blanks, tabs and line breaks turned into one blank, none at either
/// end: for one-line messages.
std::string safe_line(std::string_view text);

/// ASCII only; every other code point, and the backslash, as \u{hex}; every byte that is not UTF-8
/// as \x{hex}; runs of blanks collapsed.
std::string escape_for_receipt(std::string_view text);

/// True when `text` is well-formed UTF-8 (no over-long forms, no surrogates).
bool is_utf8(std::string_view text);

/// `text` with every malformed sequence replaced by U+FFFD.
std::string to_utf8(std::string_view text);

}  // namespace cartpilot::text
