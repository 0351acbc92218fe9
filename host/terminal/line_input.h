// What comes from a terminal while a line is edited: bytes to characters, pasted blocks to text.
//
// Values without a terminal; one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cartpilot::host {

/// Terminals that know bracketed paste put these around a pasted block (xterm, "Bracketed Paste
/// Mode"); others ignore them.
constexpr const char* kBracketedPasteOn = "\x1b[?2004h";
constexpr const char* kBracketedPasteOff = "\x1b[?2004l";
constexpr const char* kPasteEnd = "\x1b[201~";

class LineInput {
 public:
  void add(std::string_view bytes) { bytes_ += bytes; }

  /// The next whole UTF-8 character that a person can see, or key; U+FFFD for each byte that begins
  /// none. nullopt when more bytes are needed.
  std::optional<char32_t> take_character();

  /// All bytes that are there.
  std::string take_bytes();
  /// They come first again.
  void give_back(std::string_view bytes) { bytes_.insert(0, bytes); }

 private:
  std::optional<char32_t> read_character();

  std::string bytes_;
};

/// A pasted block as text of a message: line ends become "\n", other control characters and what is
/// not seen are left out, line ends at the end too, so that nothing is sent before Enter.
std::string pasted_text(const std::string& block);

/// Letters and their combining accents as one character where there is one (Unicode NFC). Text that
/// is not UTF-8 comes back as it is.
std::string composed(const std::string& text);

/// How many rows further down than its first one a text ends on a terminal of `columns`; after a
/// full row the cursor stands in the next one.
std::size_t row_breaks(std::string_view text, std::size_t columns);

}  // namespace cartpilot::host
