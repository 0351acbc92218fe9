// SmallScreen: what a terminal shows of the few sequences that answers are drawn with: line ends,
// cursor left, clear to the end of the row, looks. A value.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "terminal/markdown/word_wrap.h"
#include "text/utf8.h"

namespace cartpilot::host {

class SmallScreen {
 public:
  explicit SmallScreen(int columns) : columns_(columns) {}

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      if (bytes[0] == '\x1b') {
        bytes.remove_prefix(sequence(bytes));
        continue;
      }
      const std::size_t length = text::read_utf8(bytes).length;
      put(bytes.substr(0, length));
      bytes.remove_prefix(length);
    }
  }

  /// Without blanks at the ends of rows.
  std::vector<std::string> rows() const {
    std::vector<std::string> list;
    for (const auto& row : rows_) {
      std::string text;
      for (const std::string& cell : row) text += cell;
      list.push_back(text.substr(0, text.find_last_not_of(' ') + 1));
    }
    return list;
  }
  std::string text() const {
    std::string all;
    for (const std::string& row : rows()) all += row + "\n";
    return all;
  }

 private:
  std::size_t sequence(std::string_view bytes) {
    const std::size_t end = bytes.find_first_of("mDK");
    if (end == std::string_view::npos || !bytes.starts_with("\x1b[")) {
      throw std::runtime_error("an unknown sequence");
    }
    if (bytes[end] == 'D') at_ -= std::stoul(std::string(bytes.substr(2, end - 2)));
    if (bytes[end] == 'K') rows_.back().resize(at_);
    return end + 1;
  }

  void put(std::string_view character) {
    if (character == "\n") {
      rows_.emplace_back();
      at_ = 0;
      return;
    }
    if (static_cast<unsigned char>(character[0]) < 0x20) throw std::runtime_error("a control byte");
    auto& row = rows_.back();
    const int width = width_of(character);
    if (width == 0) {
      if (at_ > 0) row[at_ - 1] += character;
      return;
    }
    if (at_ + static_cast<std::size_t>(width) > static_cast<std::size_t>(columns_)) {
      throw std::runtime_error("a row was left to the terminal to break");
    }
    row.resize(std::max(row.size(), at_ + static_cast<std::size_t>(width)), " ");
    row[at_] = character;
    if (width == 2) row[at_ + 1] = "";
    at_ += static_cast<std::size_t>(width);
  }

  int columns_;
  std::vector<std::vector<std::string>> rows_{1};
  std::size_t at_ = 0;
};

}  // namespace cartpilot::host
