#include "terminal/question_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::host {
namespace {

constexpr int kMaxFieldRows = 3;

std::string field_line(const std::string& label, const std::string& value) {
  return text::redact(fmt::format(" {:<11} {}", label, text::escape_for_receipt(value)));
}

std::vector<std::string> field_lines(const purchase::ApprovalQuestion& question) {
  std::vector<std::string> lines;
  for (const purchase::ReceiptField& field : question.fields) {
    lines.push_back(field_line(field.label, field.value));
  }
  for (const std::string& warning : question.warnings)
    lines.push_back(field_line("WARNING", warning));
  for (const std::string& note : question.notes) lines.push_back(field_line("Note", note));
  return lines;
}

}  // namespace

std::vector<std::string> question_lines(const purchase::ApprovalQuestion& question) {
  std::vector<std::string> lines = {
      "", fmt::format("==== {} (from the program, not from the assistant) ====", question.title)};
  for (std::string& line : field_lines(question)) lines.push_back(std::move(line));
  return lines;
}

int rows_of(const std::string& line, int columns) {
  const int length = static_cast<int>(line.size());
  return std::max(1, (length + columns - 1) / columns);
}

int columns_needed(const purchase::ApprovalQuestion& question) {
  int needed = 0;
  for (const std::string& line : field_lines(question)) {
    const int length = static_cast<int>(line.size());
    needed = std::max(needed, (length + kMaxFieldRows - 1) / kMaxFieldRows);
  }
  return needed;
}

std::string answer_line(const purchase::ApprovalQuestion& question, const std::string& challenge,
                        std::int64_t seconds_left) {
  if (!question.total) {
    return fmt::format(" Type the code ({}) to agree, Enter alone says no [{} s]: ", challenge,
                       seconds_left);
  }
  const std::string total = commerce::format_money(*question.total);
  return fmt::format(" Type the total ({}) and the code ({}) to buy, Enter alone says no [{} s]: ",
                     total.substr(0, total.find(' ')), challenge, seconds_left);
}

}  // namespace cartpilot::host
