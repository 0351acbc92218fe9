// Texts that try to act on a terminal, a model or a reader. Values; any thread.
#pragma once

#include <string>
#include <vector>

namespace cartpilot::purchase {

/// ESC, CSI and OSC sequences: colour, cursor, title, clipboard, hyperlink, DCS, 8-bit forms.
std::vector<std::string> escape_sequences();
/// C0, C1 and DEL, each alone and in pairs that move the cursor.
std::vector<std::string> control_characters();
/// Bidi marks, zero-width, default-ignorable and tag characters.
std::vector<std::string> invisible_characters();
/// What is not UTF-8: over-long forms, surrogates, cut sequences, stray bytes, NUL.
std::vector<std::string> broken_utf8();
/// Latin letters' look-alikes from other scripts.
std::vector<std::string> look_alikes();

/// At least 500 texts that tell a model to buy, in many wordings, wrappings and disguises.
std::vector<std::string> injections();

}  // namespace cartpilot::purchase
