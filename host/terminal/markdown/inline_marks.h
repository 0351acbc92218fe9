// Marks inside a line of Markdown: how much of a text that is still arriving can be shown, and what
// it looks like.
//
// Reading them is md4c's work; what is decided here is only when a mark is complete. Pure
// functions; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "terminal/markdown/word_wrap.h"

namespace cartpilot::host {

struct Span {
  std::string text;
  Look look = Look::kPlain;
};

/// How many bytes from the beginning of `text` have no mark that is still open. A mark that stays
/// open for 1,000 bytes is none.
std::size_t settled_size(std::string_view text, char before);

/// The pieces of a settled text. `before`: the character in front of it, 0 = none.
std::vector<Span> inline_spans(std::string_view text, char before);

/// The rows of a table, cells in each, the first row its head.
struct Table {
  struct Cell {
    std::string text;
    bool right = false;
  };
  std::vector<std::vector<Cell>> rows;
};
/// Empty for a text that is no table, or one of more than 100 columns.
Table read_table(std::string_view text);

}  // namespace cartpilot::host
