#include "terminal/markdown/word_wrap.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>

#include "text/utf8.h"

namespace cartpilot::host {
namespace {

constexpr int kNarrowest = 10;
constexpr std::string_view kBlanks = " \t\n";

int width_of_point(char32_t point) {
  return std::max(0, utf8proc_charwidth(static_cast<utf8proc_int32_t>(point)));
}

const char* sequence_of(Look look) {
  switch (look) {
    case Look::kPlain: return "";
    case Look::kBold: return "1";
    case Look::kItalic: return "3";
    case Look::kStruck: return "9";
    case Look::kCode: return "35";
    case Look::kHeading: return "1;4";
    case Look::kQuiet: return "2";
  }
  return "";
}

}  // namespace

int width_of(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const text::Utf8Step step = text::read_utf8(text);
    width +=
        width_of_point(step.kind == text::Utf8Step::Kind::kPoint ? step.point : text::kReplacement);
    text.remove_prefix(std::max<std::size_t>(step.length, 1));
  }
  return width;
}

std::pair<std::string, bool> fitting(std::string_view text, int columns) {
  int width = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const text::Utf8Step step = text::read_utf8(text.substr(end));
    width += width_of_point(step.point);
    if (width > columns) return {std::string(text.substr(0, end)), false};
    end += std::max<std::size_t>(step.length, 1);
  }
  return {std::string(text), true};
}

std::vector<std::string> wrapped_rows(std::string_view line, int columns, std::string_view hang) {
  std::vector<std::string> rows;
  const int width = std::max(2, columns);  // no character is wider
  const std::string before = fitting(hang, width / 2).first;
  do {
    const std::string prefix = rows.empty() ? "" : before;
    auto [row, all] = fitting(line, width - width_of(prefix));
    if (!all) {
      const bool between = line[row.size()] == ' ';
      const std::size_t blank = row.find_last_of(' ');
      const bool has_word = row.find_first_not_of(' ') < std::min(blank, row.size());
      if (!between && blank != std::string::npos && has_word) row.resize(blank);
    }
    line.remove_prefix(row.size());
    if (!all) line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    rows.push_back(prefix + row.substr(0, row.find_last_not_of(' ') + 1));
  } while (!line.empty());
  return rows;
}

std::string styled(std::string_view text, Look look, bool style) {
  if (!style || look == Look::kPlain || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", sequence_of(look), text);
}

void WordWrap::begin(std::string first, std::string others) {
  first_ = std::move(first);
  others_ = std::move(others);
}

std::string WordWrap::begin_row(const std::string& prefix) {
  limit_ = std::max(kNarrowest, options_.columns()) - 1;
  const std::string before = fitting(prefix, limit_ / 2).first;
  start_ = column_ = width_of(before);
  blank_ = false;
  return before;
}

void WordWrap::new_row(std::string& out) { out += "\n" + begin_row(others_); }

void WordWrap::end_word(std::string& out) {
  if (word_.empty()) return;
  if (!options_.redraw) {
    const bool fits = column_ + (blank_ ? 1 : 0) + word_width_ <= limit_;
    if (!fits && column_ > start_) {
      new_row(out);
    } else if (blank_) {
      out += ' ';
      ++column_;
    }
    for (const Piece& piece : word_) out += styled(piece.text, piece.look, options_.style);
    column_ += word_width_;
  }
  word_.clear();
  word_width_ = 0;
  written_ = 0;
  blank_ = false;
}

void WordWrap::add_character(std::string_view character, int ahead, Look look, std::string& out) {
  const int width = width_of(character);
  if (!begun_) {
    out += begin_row(first_);
    begun_ = true;
  }
  if (options_.redraw) {
    if (word_.empty()) {
      if (blank_ && column_ + 1 + ahead > limit_ && column_ > start_) {
        new_row(out);
      } else if (blank_) {
        out += ' ';
        ++column_;
      }
      blank_ = false;
    }
    if (column_ + width > limit_) {
      if (column_ - written_ > start_) {  // the word moves to the next row
        if (written_ > 0) out += fmt::format("\x1b[{}D\x1b[K", written_);
        new_row(out);
        for (const Piece& piece : word_) out += styled(piece.text, piece.look, options_.style);
        column_ += word_width_;
      }
      if (column_ + width > limit_) {  // longer than a row: it breaks
        new_row(out);
        word_.clear();
        word_width_ = 0;
        written_ = 0;
      }
    }
    column_ += width;
    written_ = word_width_ + width;
  } else if (start_ + word_width_ + width > limit_) {  // longer than a row: it breaks
    end_word(out);
  }
  if (word_.empty() || word_.back().look != look) word_.push_back({"", look});
  word_.back().text += character;
  word_width_ += width;
}

std::string WordWrap::add(std::string_view text, Look look) {
  std::string out;
  std::string run;  // on the screen in one go
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(text::read_utf8(text).length, 1);
    const std::string_view character = text.substr(0, length);
    if (kBlanks.find(character) != std::string_view::npos) {
      text.remove_prefix(length);
      out += styled(run, look, options_.style);
      run.clear();
      end_word(out);
      blank_ = begun_;
      continue;
    }
    const int ahead = word_.empty() ? width_of(text.substr(0, text.find_first_of(kBlanks))) : 0;
    text.remove_prefix(length);
    std::string before;
    add_character(character, ahead, look, before);
    if (!before.empty()) {
      // What was written of the word in this run is taken back with it.
      out += styled(run, look, options_.style) + before;
      run.clear();
    }
    if (options_.redraw) run += character;
  }
  return out + styled(run, look, options_.style);
}

std::string WordWrap::end_line() {
  std::string out;
  end_word(out);
  if (begun_) out += "\n";
  begun_ = false;
  column_ = 0;
  blank_ = false;
  return out;
}

}  // namespace cartpilot::host
