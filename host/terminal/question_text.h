// What a question looks like on a terminal.
//
// Everything is ASCII; whatever came from elsewhere is escaped; every field is on a row of its own
// and nothing is cut. Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "purchase/question.h"

namespace cartpilot::host {

/// The question as lines without their ends, the answer line excluded.
std::vector<std::string> question_lines(const purchase::ApprovalQuestion& question);

/// Rows that `line` takes on a terminal of `columns`.
int rows_of(const std::string& line, int columns);

/// Columns that are needed so that no field takes more than three rows.
int columns_needed(const purchase::ApprovalQuestion& question);

/// The last line, which waits for the answer: what to type, and for how long there is time.
std::string answer_line(const purchase::ApprovalQuestion& question, const std::string& challenge,
                        std::int64_t seconds_left);

}  // namespace cartpilot::host
