#include "text/terminal_text.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

#include "cartpilot/detail/characters.h"
#include "text/invisible.h"
#include "text/redaction.h"
#include "text/utf8.h"

namespace cartpilot::text {
namespace {

constexpr char32_t kKeycap = 0x20E3;

bool is_printable_ascii(char32_t c) { return c >= 0x20 && c <= 0x7E; }

char32_t point_or_replacement(const Utf8Step& step) {
  return step.kind == Utf8Step::Kind::kPoint ? step.point : kReplacement;
}

bool begins_keycap(char32_t point) {
  return (point >= '0' && point <= '9') || point == '#' || point == '*';
}

}  // namespace

std::string TerminalFilter::feed(std::string_view chunk) {
  std::string out;
  out.reserve(chunk.size());
  // A sequence that the last chunk left open: complete it byte by byte.
  while (!pending_.empty() && !chunk.empty()) {
    pending_ += chunk.front();
    const Utf8Step step = read_utf8(pending_);
    if (step.kind == Utf8Step::Kind::kIncomplete) {
      chunk.remove_prefix(1);
      continue;
    }
    // A malformed run never includes the byte just added: that one starts something new.
    if (step.kind == Utf8Step::Kind::kPoint) chunk.remove_prefix(1);
    take(point_or_replacement(step), out);
    pending_.clear();
  }
  while (!chunk.empty()) {
    const Utf8Step step = read_utf8(chunk);
    if (step.kind == Utf8Step::Kind::kIncomplete) {
      pending_ = chunk;
      break;
    }
    take(point_or_replacement(step), out);
    chunk.remove_prefix(step.length);
  }
  return out;
}

std::string TerminalFilter::finish() {
  std::string out;
  if (!pending_.empty()) take(kReplacement, out);
  resolve_held(0, out);
  flush_mark(out);
  *this = TerminalFilter(form_);
  return out;
}

void TerminalFilter::take(char32_t point, std::string& out) {
  resolve_held(point, out);
  const bool ends_cr = std::exchange(after_cr_, false) && point == '\n';
  if (ends_cr) return;
  if (is_variation_selector(point) && !selected_) {
    selected_ = true;
    if (can_be_joined(before_)) {
      std::string selector;
      append_utf8(selector, point);
      return put(selector, out);
    }
    if (begins_keycap(before_)) {
      held_ = point;
      return;
    }
    return escape(point, out);
  }
  if (is_joiner(point) && can_be_joined(before_)) {
    held_ = point;
    return;
  }
  before_ = point;
  selected_ = false;
  if (form_ == EscapeForm::kText) {
    if (point == '\r' || point == 0x2028 || point == 0x2029) {
      after_cr_ = point == '\r';
      return put("\n", out);
    }
    if (point == '\n' || point == '\t') return put(point == '\n' ? "\n" : "\t", out);
  }
  if (is_unseen(point)) return escape(point, out);
  std::string character;
  append_utf8(character, point);
  put(character, out);
}

/// `next` is what follows, 0 for nothing.
void TerminalFilter::resolve_held(char32_t next, std::string& out) {
  if (held_ == 0) return;
  const char32_t point = std::exchange(held_, 0);
  if (is_joiner(point) ? !can_be_joined(next) : next != kKeycap) return escape(point, out);
  std::string character;
  append_utf8(character, point);
  put(character, out);
}

/// Adds a character, unless the mark begins with it.
void TerminalFilter::put(std::string_view character, std::string& out) {
  if (character.size() == 1 && detail::lower_case(character[0]) == kMark[mark_.size()]) {
    mark_ += character;
    if (mark_.size() < kMark.size()) return;
    out += fmt::format(fmt::runtime(form_ == EscapeForm::kText ? "\\u{{{:x}}}" : "\\u{:04x}"),
                       static_cast<unsigned>(kMark.front()));
    out.append(mark_, 1);
    mark_.clear();
    return;
  }
  flush_mark(out);
  if (character == kMark.substr(0, 1)) {
    mark_ = character;
  } else {
    out += character;
  }
}

void TerminalFilter::flush_mark(std::string& out) { out += std::exchange(mark_, ""); }

void TerminalFilter::escape(char32_t point, std::string& out) {
  before_ = point;
  const auto number = static_cast<std::uint32_t>(point);
  if (form_ == EscapeForm::kText) return put(fmt::format("\\u{{{:x}}}", number), out);
  if (number < 0x10000) return put(fmt::format("\\u{:04x}", number), out);
  put(fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((number - 0x10000) >> 10U),
                  0xDC00 + ((number - 0x10000) & 0x3FFU)),
      out);
}

std::string safe_text(std::string_view text) {
  TerminalFilter filter;
  std::string out = filter.feed(text);
  out += filter.finish();
  return out;
}

std::string safe_line(std::string_view text) {
  std::string out;
  for (const char c : safe_text(text)) {
    const bool blank = c == ' ' || c == '\t' || c == '\n';
    if (!blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string safe_json(std::string_view json) {
  TerminalFilter filter(EscapeForm::kJson);
  std::string out = filter.feed(json);
  out += filter.finish();
  return out;
}

std::string field(std::string_view text, std::size_t limit) {
  std::string line = safe_line(redact(text));
  if (line.size() <= limit) return line;
  return detail::cut_text(std::move(line), limit) + "...";
}

std::string escape_for_receipt(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    if (step.kind != Utf8Step::Kind::kPoint) {
      for (std::size_t i = 0; i < step.length; ++i) {
        out += fmt::format("\\x{{{:x}}}", static_cast<unsigned char>(text[i]));
      }
    } else if (step.point == ' ') {
      if (out.empty() || out.back() != ' ') out += ' ';
    } else if (is_printable_ascii(step.point) && step.point != '\\') {
      out += text.front();
    } else {
      // The backslash too: a title must not be able to spell an escape of its own.
      out += fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(step.point));
    }
    text.remove_prefix(step.length);
  }
  return safe_text(out);  // for the mark: all else is ASCII by now
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    if (step.kind != Utf8Step::Kind::kPoint) return false;
    text.remove_prefix(step.length);
  }
  return true;
}

std::string to_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    append_utf8(out, point_or_replacement(step));
    text.remove_prefix(step.length);
  }
  return out;
}

}  // namespace cartpilot::text
