#include "terminal/question_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "terminal/markdown/word_wrap.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kMaxFieldRows = 3;

QuestionRow row_of(QuestionRow::Kind kind, const std::string& label, const std::string& value) {
  return {kind, label, text::redact(text::escape_for_receipt(value))};
}

/// What a person reads in place of a field as it came.
std::string value_of(const purchase::ReceiptField& field,
                     const purchase::ApprovalQuestion& question, std::int64_t now_unix_ms) {
  if (field.label != purchase::kValidUntilLabel || !question.detail.is_object()) return field.value;
  const auto until = question.detail.find("valid_until_unix_ms");
  if (until == question.detail.end() || !until->is_number_integer()) return field.value;
  return validity_text(until->get<std::int64_t>(), now_unix_ms);
}

std::tm local_time(std::int64_t unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return local;
}

std::string counted(std::int64_t count, const char* unit) {
  return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
}

std::vector<std::string> field_lines(const purchase::ApprovalQuestion& question,
                                     std::int64_t now_unix_ms) {
  std::vector<std::string> lines;
  for (const QuestionRow& row : question_rows(question, now_unix_ms)) {
    lines.push_back(text::redact(fmt::format(" {:<11} {}", row.label, row.value)));
  }
  return lines;
}

}  // namespace

std::vector<QuestionRow> question_rows(const purchase::ApprovalQuestion& question,
                                       std::int64_t now_unix_ms) {
  std::vector<QuestionRow> rows;
  for (const purchase::ReceiptField& field : question.fields) {
    rows.push_back(
        row_of(QuestionRow::Kind::kField, field.label, value_of(field, question, now_unix_ms)));
  }
  for (const std::string& warning : question.warnings) {
    rows.push_back(row_of(QuestionRow::Kind::kWarning, "WARNING", warning));
  }
  for (const std::string& note : question.notes) {
    rows.push_back(row_of(QuestionRow::Kind::kNote, "Note", note));
  }
  return rows;
}

std::string validity_text(std::int64_t until_unix_ms, std::int64_t now_unix_ms) {
  const std::tm until = local_time(until_unix_ms);
  const std::tm now = local_time(now_unix_ms);
  const bool today = until.tm_year == now.tm_year && until.tm_yday == now.tm_yday;
  const std::string time =
      fmt::format(fmt::runtime(today ? "{:%H:%M}" : "{:%Y-%m-%d %H:%M}"), until);
  const std::int64_t minutes = (until_unix_ms - now_unix_ms) / 60'000;
  if (minutes < 1) return time + " (in less than a minute)";
  if (minutes < 120) return fmt::format("{} (in {})", time, counted(minutes, "minute"));
  if (minutes < 48 * 60) return fmt::format("{} (in {})", time, counted(minutes / 60, "hour"));
  return fmt::format("{} (in {})", time, counted(minutes / 60 / 24, "day"));
}

std::vector<std::string> question_lines(const purchase::ApprovalQuestion& question,
                                        std::int64_t now_unix_ms) {
  std::vector<std::string> lines = {
      "", fmt::format("==== {} (from the program, not from the assistant) ====", question.title)};
  for (std::string& line : field_lines(question, now_unix_ms)) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> terminal_rows(const std::string& line, int columns) {
  return wrapped_rows(line, columns, "   ");
}

int columns_needed(const purchase::ApprovalQuestion& question) {
  int needed = 0;
  for (const std::string& line : field_lines(question, question.created_unix_ms)) {
    needed = std::max(needed, static_cast<int>((line.size() + kMaxFieldRows - 1) / kMaxFieldRows));
    // Words that are not broken may need more.
    while (terminal_rows(line, needed).size() > kMaxFieldRows) ++needed;
  }
  return needed;
}

std::string answer_request(const purchase::ApprovalQuestion& question,
                           const std::string& challenge) {
  if (!question.total) return fmt::format("Type the code ({}) to agree", challenge);
  const std::string total = commerce::format_money(*question.total);
  return fmt::format("Type the total ({}) and the code ({}) to buy",
                     total.substr(0, total.find(' ')), challenge);
}

std::string answer_line(const purchase::ApprovalQuestion& question, const std::string& challenge,
                        std::int64_t seconds_left) {
  return fmt::format(" {}, Enter alone says no [{} s]:", answer_request(question, challenge),
                     seconds_left);
}

std::string once_more_text(const purchase::AnswerResult& result) {
  switch (result.kind) {
    case purchase::AnswerResult::Kind::kRetry:
      return fmt::format("Not bought: {}. You may answer once more, with a new code.",
                         result.message);
    case purchase::AnswerResult::Kind::kAgain:
      return "AGAIN: the same basket was bought already. Answer once more to buy it a second time.";
    default: return result.message;
  }
}

}  // namespace cartpilot::host
