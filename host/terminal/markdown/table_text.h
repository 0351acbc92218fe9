// A table as rows for a terminal. Pure; thread-safe.
#pragma once

#include <string>

#include "terminal/markdown/inline_marks.h"
#include "terminal/markdown/word_wrap.h"

namespace cartpilot::host {

/// Its cells as a terminal may show them: redacted, one line each.
Table safe_table(Table table);

/// Of a table whose cells are safe. Aligned columns; what does not fit takes several rows, broken
/// between words. Lines "column: value" where nothing may be redrawn, or where the terminal is too
/// narrow for the longest word of each column. The first row is the head. Ends with a line end.
std::string table_text(const Table& table, const WordWrap::Options& options);

}  // namespace cartpilot::host
