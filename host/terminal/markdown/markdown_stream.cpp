#include "terminal/markdown/markdown_stream.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "terminal/markdown/table_text.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kMaxTable = 64 * 1024;
constexpr std::size_t kMaxIndent = 20;
constexpr std::size_t kMaxBlanks = 200;        // in front of a line
constexpr std::size_t kMaxHeld = 4 * 1024;     // before what can be shown of it is
constexpr std::size_t kMaxMarked = 16 * 1024;  // of a paragraph; behind it marks are text
constexpr std::size_t kNone = std::string::npos;

bool is_only(std::string_view text, char c) { return text.find_first_not_of(c) == kNone; }

/// Of a mark in front of a line: what is shown for it, and how much of the line it takes.
struct Marker {
  enum class State { kNot, kMaybe, kIs };
  State state = State::kNot;
  std::size_t size = 0;
  std::string shown;
};

Marker maybe_if(bool more) { return {more ? Marker::State::kMaybe : Marker::State::kNot, 0, ""}; }

Marker bullet_in(std::string_view text, bool whole) {
  if (text.size() < 2) return maybe_if(!whole);
  if (text[1] != ' ') return {};
  return {Marker::State::kIs, 2, "\xE2\x80\xA2 "};
}

Marker number_in(std::string_view text, bool whole) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits > 9) return {};
  if (digits == text.size()) return maybe_if(!whole);
  if (text[digits] != '.' && text[digits] != ')') return {};
  if (digits + 1 == text.size()) return maybe_if(!whole);
  if (text[digits + 1] != ' ') return {};
  return {Marker::State::kIs, digits + 2, std::string(text.substr(0, digits + 1)) + " "};
}

/// "---", "***", "- - -"
Marker rule_in(std::string_view text, bool whole) {
  // While a line is undecided, all but its last character is known to fit.
  const char kind = text[0];
  if (!whole) return maybe_if(text.back() == kind || text.back() == ' ');
  if (text.find_first_not_of(std::string{kind, ' '}) != kNone) return {};
  if (std::count(text.begin(), text.end(), kind) < 3) return {};
  return {Marker::State::kIs, text.size(), ""};
}

}  // namespace

std::string MarkdownStream::feed(std::string_view piece) {
  std::string out;
  for (const char c : piece) take(c, out);
  if (kind_ == Line::kText) show_settled(false, out);
  return out;
}

std::string MarkdownStream::finish() {
  std::string out;
  if (!line_.empty() || kind_ == Line::kText) end_source_line(out);
  end_table(out);
  end_block(out);
  fence_.clear();
  gap_ = false;
  any_ = false;
  return out;
}

void MarkdownStream::take(char c, std::string& out) {
  if (c == '\n') return end_source_line(out);
  if (kind_ == Line::kText) {
    if (c == ' ' && held_.ends_with("  ")) return;
    held_ += c;
    if (held_.size() >= kMaxHeld) show_settled(false, out);
    return;
  }
  line_ += c;
  if (kind_ == Line::kUndecided && fence_.empty()) decide(false, out);
}

bool MarkdownStream::decide(bool whole, std::string& out) {
  const std::size_t indent = std::min(line_.find_first_not_of(" \t"), line_.size());
  std::string_view rest = std::string_view(line_).substr(indent);
  if (rest.empty()) {
    if (line_.size() > kMaxBlanks) line_.pop_back();
    return false;
  }
  const std::string margin(std::min(indent, kMaxIndent), ' ');

  if (rest[0] != '|' && !table_.empty()) end_table(out);
  if (rest[0] == '|') {
    end_block(out);
    kind_ = Line::kTable;
    return true;
  }
  if (rest[0] == '`' || rest[0] == '~') {
    const std::size_t run = std::min(rest.find_first_not_of(rest[0]), rest.size());
    if (run < 3 && run == rest.size() && !whole) return false;
    if (run >= 3) {
      kind_ = Line::kCode;
      return true;
    }
  }
  if (rest[0] == '#') {
    const std::size_t run = std::min(rest.find_first_not_of('#'), rest.size());
    if (run == rest.size() && run <= 6 && !whole) return false;
    if (run <= 6 && run < rest.size() && rest[run] == ' ') {
      kind_ = Line::kHeading;
      return true;
    }
  }
  Marker marker;
  if (rest[0] == '-' || rest[0] == '*' || rest[0] == '_') {
    const Marker rule = rule_in(rest, whole);
    if (rule.state == Marker::State::kMaybe) return false;
    if (rule.state == Marker::State::kIs) {
      begin_block("", "", out);
      show("---", Look::kQuiet, out);
      end_block(out);
      line_.clear();
      kind_ = Line::kText;
      return true;
    }
  }
  if (rest[0] == '-' || rest[0] == '*' || rest[0] == '+') marker = bullet_in(rest, whole);
  if (std::isdigit(static_cast<unsigned char>(rest[0])) != 0) marker = number_in(rest, whole);
  if (rest[0] == '>') {
    if (rest.size() == 1 && !whole) return false;
    marker = {Marker::State::kIs, rest.size() > 1 && rest[1] == ' ' ? 2U : 1U, "| "};
  }
  if (marker.state == Marker::State::kMaybe) return false;
  const bool quote = rest[0] == '>';
  if (marker.state == Marker::State::kIs) {
    const std::string others =
        quote ? "| " : std::string(static_cast<std::size_t>(width_of(marker.shown)), ' ');
    begin_text(rest.substr(marker.size), margin + marker.shown, margin + others, out);
  } else {
    begin_text(rest, margin, margin, out);
  }
  return true;
}

void MarkdownStream::begin_text(std::string_view text, const std::string& first,
                                const std::string& others, std::string& out) {
  begin_block(first, others, out);
  held_ = text;
  line_.clear();
  kind_ = Line::kText;
}

void MarkdownStream::end_source_line(std::string& out) {
  if (fence_.empty() && kind_ == Line::kUndecided && line_.find_first_not_of(" \t") != kNone) {
    decide(true, out);
  }
  if (kind_ == Line::kCode && fence_.empty()) {
    const std::size_t first = line_.find_first_not_of(" \t");
    const std::size_t info = line_.find_first_not_of('`', first);
    // ```code``` is a mark inside a line.
    if (line_[first] == '`' && info != kNone && line_.find('`', info) != kNone) {
      begin_text(std::string(line_, first), "", "", out);
    }
  }
  if (!fence_.empty() || kind_ == Line::kCode) {
    code_line(out);
  } else if (kind_ == Line::kTable) {
    table_ += line_ + "\n";
    if (table_.size() > kMaxTable) end_table(out);
  } else if (kind_ == Line::kHeading) {
    begin_block("", "", out);
    const std::size_t first = line_.find_first_not_of(" \t#");
    const std::size_t last = line_.find_last_not_of(" \t#");
    if (first != kNone) {
      const std::string_view words = std::string_view(line_).substr(first, last + 1 - first);
      for (const Span& span : inline_spans(words, 0)) show(span.text, Look::kHeading, out);
    }
    end_block(out);
  } else if (kind_ == Line::kText) {
    // Lines stay lines: an answer on a terminal is not a page.
    if (held_.ends_with('\\') && !held_.ends_with("\\\\")) held_.pop_back();
    end_block(out);
  } else {  // an empty line
    end_table(out);
    end_block(out);
    gap_ = any_;
  }
  line_.clear();
  kind_ = Line::kUndecided;
}

void MarkdownStream::begin_block(const std::string& first, const std::string& others,
                                 std::string& out) {
  end_block(out);
  if (std::exchange(gap_, false)) out += "\n";
  wrap_.begin(first, others);
  open_ = true;
  any_ = true;
  before_ = 0;
  size_ = 0;
}

void MarkdownStream::end_block(std::string& out) {
  if (!std::exchange(open_, false)) return;
  show_settled(true, out);
  flush_shown(out);
  out += wrap_.end_line();
}

void MarkdownStream::end_table(std::string& out) {
  if (table_.empty()) return;
  const std::string source = std::exchange(table_, "");
  if (std::exchange(gap_, false)) out += "\n";
  any_ = true;
  const Table table = read_table(source);
  if (!table.rows.empty()) {
    out += table_text(safe_table(table), options_);
    return;
  }
  std::string_view rest = source;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    show_source(rest.substr(0, end), "", Look::kPlain, out);
    rest.remove_prefix(end + 1);
  }
}

void MarkdownStream::show_source(std::string_view line, std::string_view margin, Look look,
                                 std::string& out) {
  const int room = options_.columns() - 1 - width_of(margin);
  std::string safe = text::safe_text(text::redact(line));
  for (std::size_t tab = 0; (tab = safe.find('\t', tab)) != kNone;) safe.replace(tab, 1, "    ");
  for (const std::string& row : wrapped_rows(safe, room, "")) {
    out += margin;
    out += styled(row, look, options_.style) + "\n";
  }
}

void MarkdownStream::code_line(std::string& out) {
  const std::size_t indent = std::min(line_.find_first_not_of(" \t"), line_.size());
  const std::string_view rest = std::string_view(line_).substr(indent);
  if (fence_.empty()) {
    end_block(out);
    if (std::exchange(gap_, false)) out += "\n";
    fence_ = rest.substr(0, std::min(rest.find_first_not_of(rest[0]), rest.size()));
    any_ = true;
    return;
  }
  const std::size_t end = std::min(rest.find_last_not_of(" \t") + 1, rest.size());
  const std::string_view bare = rest.substr(0, end);
  if (bare.size() >= fence_.size() && is_only(bare, fence_[0])) {
    fence_.clear();
    return;
  }
  show_source(line_, "    ", Look::kCode, out);
}

void MarkdownStream::show_settled(bool all, std::string& out) {
  const bool marked = size_ < kMaxMarked;
  std::size_t size = all || !marked ? held_.size() : settled_size(held_, before_);
  // Blanks wait for what follows.
  if (!all) size = std::string_view(held_).substr(0, size).find_last_not_of(' ') + 1;
  if (size == 0) return;
  const std::string text = held_.substr(0, size);
  held_.erase(0, size);
  size_ += size;
  const char before = std::exchange(before_, text.back());
  if (!marked) return show(text, Look::kPlain, out);
  for (const Span& span : inline_spans(text, before)) show(span.text, span.look, out);
}

void MarkdownStream::show(std::string_view text, Look look, std::string& out) {
  out += wrap_.add(filter_.feed(redaction_.feed(text)), look);
}

void MarkdownStream::flush_shown(std::string& out) {
  const std::string rest = filter_.feed(redaction_.finish());
  out += wrap_.add(rest + filter_.finish(), Look::kPlain);
}

}  // namespace cartpilot::host
