// Text from models, merchants and servers, made safe for a terminal.
//
// Two filters. TerminalFilter is for flowing chat text: it is stateful, so an escape sequence split
// over stream chunks cannot slip through; it removes control sequences, C0/C1 controls, bidi
// overrides, zero-width and tag characters, and replaces bytes that are not UTF-8.
// `escape_for_receipt` is for what a person signs: plain ASCII, everything else as \u{hex}, nothing
// dropped, nothing shortened.
#pragma once

#include <string>
#include <string_view>

namespace cartpilot::text {

class TerminalFilter {
 public:
  /// Safe text for `chunk`; may hold back an incomplete UTF-8 or escape sequence until the next
  /// chunk.
  std::string feed(std::string_view chunk);
  /// What was held back (an incomplete UTF-8 sequence becomes U+FFFD), and a fresh state.
  std::string finish();

 private:
  enum class State { kText, kEscape, kCsi, kString, kStringEscape };
  State state_ = State::kText;
  std::string pending_;  ///< bytes of an incomplete UTF-8 sequence
};

/// One-shot chat filter.
std::string safe_text(std::string_view text);

/// safe_text, with line breaks and tabs turned into single blanks: for one-line messages.
std::string safe_line(std::string_view text);

/// ASCII only; every other code point as \u{hex}, every byte that is not UTF-8 as \x{hex}; runs of
/// blanks collapsed.
std::string escape_for_receipt(std::string_view text);

/// True when `text` is well-formed UTF-8 (no over-long forms, no surrogates).
bool is_utf8(std::string_view text);

/// `text` with every malformed byte replaced by U+FFFD.
std::string to_utf8(std::string_view text);

}  // namespace cartpilot::text
