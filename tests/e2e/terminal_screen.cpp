#include "e2e/terminal_screen.h"

#include <algorithm>
#include <cstdlib>

namespace cartpilot::e2e {

TerminalScreen::TerminalScreen(std::size_t columns, std::size_t rows)
    : columns_(columns), cells_(rows, std::vector<std::string>(columns, " ")) {}

void TerminalScreen::line_feed() {
  if (row_ + 1 < cells_.size()) {
    ++row_;
    return;
  }
  std::rotate(cells_.begin(), cells_.begin() + 1, cells_.end());
  cells_.back().assign(columns_, " ");
}

void TerminalScreen::put(const std::string& character) {
  if (column_ == columns_) {
    column_ = 0;
    line_feed();
  }
  cells_[row_][column_++] = character;
}

void TerminalScreen::control(const std::string& parameters, char final) {
  const std::size_t count = std::max(std::atoi(parameters.c_str()), 1);
  auto& line = cells_[row_];
  const std::size_t at = std::min(column_, columns_ - 1);
  switch (final) {
    case 'A': row_ -= std::min(row_, count); return;
    case 'B': row_ = std::min(row_ + count, cells_.size() - 1); return;
    case 'C': column_ = std::min(at + count, columns_ - 1); return;
    case 'D': column_ = at - std::min(at, count); return;
    case 'G': column_ = std::min(count - 1, columns_ - 1); return;
    case 'K':
      if (!parameters.empty() && parameters != "0") break;
      std::fill(line.begin() + std::ptrdiff_t(at), line.end(), " ");
      return;
    case 'J':
      if (!parameters.empty() && parameters != "0") break;
      std::fill(line.begin() + std::ptrdiff_t(at), line.end(), " ");
      for (std::size_t below = row_ + 1; below < cells_.size(); ++below) {
        cells_[below].assign(columns_, " ");
      }
      return;
    case 'P':
      line.erase(line.begin() + std::ptrdiff_t(at),
                 line.begin() + std::ptrdiff_t(std::min(at + count, columns_)));
      line.resize(columns_, " ");
      return;
    case '@':
      line.insert(line.begin() + std::ptrdiff_t(at), count, " ");
      line.resize(columns_);
      return;
    case 'm': return;  // colours
    case 'h':
    case 'l':
      if (parameters == "?2004") return;  // bracketed paste
      break;
    default: break;
  }
  unknown_.push_back("[" + parameters + final);
}

void TerminalScreen::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    if (bytes.substr(0, 2) == "\x1b[") {
      const std::size_t end = bytes.find_first_not_of("0123456789;?", 2);
      if (end == std::string_view::npos) return;
      control(std::string(bytes.substr(2, end - 2)), bytes[end]);
      bytes.remove_prefix(end + 1);
      continue;
    }
    std::size_t size = 1;
    if (byte == '\r') {
      column_ = 0;
    } else if (byte == '\n') {
      line_feed();
    } else if (byte == '\b') {
      column_ = std::min(column_, columns_ - 1);
      column_ -= std::min(column_, std::size_t{1});
    } else if (byte == '\a') {
      // Heard, not seen.
    } else if (byte < 0x20 || byte == 0x7F) {
      unknown_.push_back(std::string(1, bytes.front()));
    } else {
      while (size < bytes.size() && (static_cast<unsigned char>(bytes[size]) & 0xC0U) == 0x80) {
        ++size;
      }
      put(std::string(bytes.substr(0, size)));
    }
    bytes.remove_prefix(size);
  }
}

std::vector<std::string> TerminalScreen::rows() const {
  std::vector<std::string> rows;
  for (const auto& line : cells_) {
    std::string text;
    for (const std::string& cell : line) text += cell;
    text.erase(text.find_last_not_of(' ') + 1);
    rows.push_back(text);
  }
  while (!rows.empty() && rows.back().empty()) rows.pop_back();
  return rows;
}

}  // namespace cartpilot::e2e
