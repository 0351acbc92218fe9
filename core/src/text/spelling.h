// One spelling for texts that say the same bytes in different ones.
//
// Percent encoding, escapes of JSON and of this program's own filters, once or several times over,
// are undone; what is not seen is left out. Not a decoder: backslashes are dropped, so that text
// that was escaped twice reads as text that never was. Only to be compared with other text that was
// spelled plainly. Pure functions; thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cartpilot::text {

struct PlainSpelling {
  std::string text;
  std::vector<std::size_t> begins;  ///< of each byte: where its spelling in the original begins
  std::vector<std::size_t> ends;    ///< and ends
  /// Where an escape or a character begins that the original ends inside, if it goes on; else its
  /// size.
  std::size_t unfinished = 0;
};

/// `goes_on`: more of the text may follow, and may finish what `text` ends inside.
PlainSpelling plain_spelling(std::string_view text, bool goes_on = false);

}  // namespace cartpilot::text
