#include "terminal/markdown/table_text.h"

#include <algorithm>
#include <numeric>

#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::host {
namespace {

constexpr int kGap = 2;

int longest_word(std::string_view text) {
  int longest = 1;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    longest = std::max(longest, width_of(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return longest;
}

/// The words of a cell in rows of `columns`, which is enough for the longest.
std::vector<std::string> rows_of_cell(std::string_view text, int columns) {
  std::vector<std::string> rows(1);
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    std::string& row = rows.back();
    if (row.empty()) {
      row = word;
    } else if (width_of(row) + 1 + width_of(word) <= columns) {
      row += ' ';
      row += word;
    } else {
      rows.emplace_back(word);
    }
  }
  return rows;
}

std::string padded(const std::string& text, int columns, bool right) {
  const std::string blanks(static_cast<std::size_t>(std::max(0, columns - width_of(text))), ' ');
  return right ? blanks + text : text + blanks;
}

std::string as_pairs(const Table& table, const WordWrap::Options& options) {
  std::string out;
  const auto add_line = [&](const std::string& text) {
    WordWrap wrap({options.columns, false, false});
    wrap.begin("", "  ");
    out += wrap.add(text);
    out += wrap.end_line();
  };
  if (table.rows.size() == 1) {
    for (const Table::Cell& cell : table.rows[0]) add_line(cell.text);
  }
  for (std::size_t row = 1; row < table.rows.size(); ++row) {
    if (row > 1) out += "\n";
    for (std::size_t i = 0; i < table.rows[row].size(); ++i) {
      const std::string head = i < table.rows[0].size() ? table.rows[0][i].text : "";
      const std::string& value = table.rows[row][i].text;
      if (!value.empty()) add_line(head.empty() ? value : head + ": " + value);
    }
  }
  return out;
}

}  // namespace

Table safe_table(Table table) {
  for (auto& row : table.rows) {
    for (Table::Cell& cell : row) cell.text = text::safe_line(text::redact(cell.text));
  }
  return table;
}

std::string table_text(const Table& table, const WordWrap::Options& options) {
  std::vector<int> widths;
  std::vector<int> least;
  for (const auto& row : table.rows) {
    widths.resize(std::max(widths.size(), row.size()), 1);
    least.resize(widths.size(), 1);
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i].text));
      least[i] = std::max(least[i], longest_word(row[i].text));
    }
  }
  const int gaps = kGap * (static_cast<int>(widths.size()) - 1);
  const int room = std::max(0, options.columns() - 1 - gaps);
  const auto total = [&] { return std::accumulate(widths.begin(), widths.end(), 0); };
  while (total() > room) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (widths[i] > least[i] && (widest == widths.size() || widths[i] > widths[widest])) {
        widest = i;
      }
    }
    if (widest == widths.size()) break;
    --widths[widest];
  }
  if (!options.redraw || total() > room) return as_pairs(table, options);

  std::string out;
  for (std::size_t number = 0; number < table.rows.size(); ++number) {
    const auto& row = table.rows[number];
    std::vector<std::vector<std::string>> cells;
    std::size_t height = 1;
    for (std::size_t i = 0; i < row.size(); ++i) {
      cells.push_back(rows_of_cell(row[i].text, widths[i]));
      height = std::max(height, cells.back().size());
    }
    for (std::size_t line = 0; line < height; ++line) {
      std::string text;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string cell = line < cells[i].size() ? cells[i][line] : "";
        if (i > 0) text += std::string(kGap, ' ');
        text += padded(cell, widths[i], row[i].right);
      }
      text.resize(text.find_last_not_of(' ') + 1);
      out += styled(text, number == 0 ? Look::kBold : Look::kPlain, options.style) + "\n";
    }
    if (number == 0) {
      std::string rule;
      for (std::size_t i = 0; i < widths.size(); ++i) {
        rule += (i > 0 ? "  " : "") + std::string(static_cast<std::size_t>(widths[i]), '-');
      }
      out += rule + "\n";
    }
  }
  return out;
}

}  // namespace cartpilot::host
