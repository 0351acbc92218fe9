// What a person reads of a question: as rows for any surface, and as lines on a terminal.
//
// Everything is ASCII; whatever came from elsewhere is escaped; every field is on a row of its own
// and nothing is cut. Times are those of the person's time zone. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "purchase/questions.h"

namespace cartpilot::host {

struct QuestionRow {
  enum class Kind { kField, kWarning, kNote } kind;
  std::string label;
  std::string value;
};

/// Fields, warnings and notes, in the order they are shown.
std::vector<QuestionRow> question_rows(const purchase::ApprovalQuestion& question,
                                       std::int64_t now_unix_ms);

/// The question as lines without their ends, the answer line excluded. `now_unix_ms` is what the
/// remaining time is told from.
std::vector<std::string> question_lines(const purchase::ApprovalQuestion& question,
                                        std::int64_t now_unix_ms);

/// "18:02 (in 9 minutes)", with the date when it is another day's.
std::string validity_text(std::int64_t until_unix_ms, std::int64_t now_unix_ms);

/// `line` in rows for a terminal of `columns`, broken between words.
std::vector<std::string> terminal_rows(const std::string& line, int columns);

/// Columns that are needed so that no field takes more than three rows.
int columns_needed(const purchase::ApprovalQuestion& question);

/// What to type to say yes: "Type the total (61.81) and the code (kfmq) to buy".
std::string answer_request(const purchase::ApprovalQuestion& question,
                           const std::string& challenge);

/// What an answer that was not the last one led to.
std::string once_more_text(const purchase::AnswerResult& result);

/// The last line, which waits for the answer: what to type, and for how long there is time.
std::string answer_line(const purchase::ApprovalQuestion& question, const std::string& challenge,
                        std::int64_t seconds_left);

}  // namespace cartpilot::host
