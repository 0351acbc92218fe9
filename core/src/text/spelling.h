// Plain spellings of texts that say the same bytes in different ones.
//
// Percent encoding, escapes of JSON and of this program's own filters, once or several times over,
// are undone step by step; what is not seen is left out. Not a decoder: backslashes are dropped, so
// that text that was escaped twice reads as text that never was. Only to be compared with other
// text that was spelled plainly. Pure functions; thread-safe.
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
  /// Characters of a step below that were read as a part of an escape. They may be text all the
  /// same: in "100%Canary" the first two letters are also hexadecimal digits.
  struct Swallowed {
    std::size_t next = 0;   ///< byte of `text` behind the escape
    std::size_t step = 0;   ///< the one they are in
    std::size_t place = 0;  ///< of the first in its text
    std::size_t size = 0;
  };
  std::vector<Swallowed> swallowed;
  /// Where an escape or a character begins that the original ends inside, if it goes on; else its
  /// size.
  std::size_t unfinished = 0;
};

/// The text as it is, then with its escapes undone, theirs, and so on. `goes_on`: more of the text
/// may follow, and may finish what `text` ends inside.
std::vector<PlainSpelling> plain_spellings(std::string_view text, bool goes_on = false);

}  // namespace cartpilot::text
