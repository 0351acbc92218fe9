#include "terminal/markdown/inline_marks.h"

#include <md4c.h>

#include <algorithm>
#include <cctype>

#include "text/terminal_text.h"
#include "text/utf8.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kLongestMark = 1'000;
constexpr std::ptrdiff_t kMaxColumns = 100;
constexpr std::size_t kOpen = std::string_view::npos;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }
bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         (static_cast<unsigned char>(c) & 0x80U);
}

std::size_t run_end(std::string_view text, std::size_t at) {
  const std::size_t end = text.find_first_not_of(text[at], at);
  return end == kOpen ? text.size() : end;
}

/// Each of these returns where the mark that begins at `at` ends; `at` + 1 or behind the run when
/// it is text; kOpen while that is not known.

std::size_t code_end(std::string_view text, std::size_t at) {
  const std::size_t end = run_end(text, at);
  if (end == text.size()) return kOpen;
  for (std::size_t next = text.find('`', end); next != kOpen; next = text.find('`', next)) {
    const std::size_t after = run_end(text, next);
    if (after - next == end - at) return after == text.size() ? kOpen : after;
    next = after;
  }
  return kOpen;
}

std::size_t emphasis_end(std::string_view text, std::size_t at, char before) {
  const char mark = text[at];
  const std::size_t end = run_end(text, at);
  if (end == text.size()) return kOpen;
  if (is_blank(text[end]) || (mark == '_' && is_word(before))) return end;
  std::size_t missing = end - at;
  for (std::size_t next = end; next < text.size();) {
    if (text[next] == '\\') {
      next += 2;
    } else if (text[next] == '`') {
      next = code_end(text, next);
      if (next == kOpen) return kOpen;
    } else if (text[next] == mark) {
      const std::size_t after = run_end(text, next);
      if (after == text.size()) return kOpen;
      const bool closes = !is_blank(text[next - 1]) && (mark != '_' || !is_word(text[after]));
      if (closes && after - next >= missing) return after;
      if (closes) missing -= after - next;
      next = after;
    } else {
      ++next;
    }
  }
  return kOpen;
}

std::size_t link_end(std::string_view text, std::size_t at) {
  int depth = 0;
  for (std::size_t next = at; next < text.size(); ++next) {
    if (text[next] == '\\') {
      ++next;
    } else if (text[next] == '[') {
      ++depth;
    } else if (text[next] == ']' && --depth == 0) {
      if (next + 1 >= text.size()) return kOpen;
      if (text[next + 1] != '(') return at + 1;
      const std::size_t end = text.find(')', next);
      return end == kOpen ? kOpen : end + 1;
    }
  }
  return kOpen;
}

std::size_t short_mark_end(std::string_view text, std::size_t at, char closing) {
  for (std::size_t next = at + 1; next < text.size(); ++next) {
    if (text[next] == closing) return next + 1;
    if (is_blank(text[next]) || (closing == ';' && next - at > 10)) return at + 1;
  }
  return kOpen;
}

std::size_t mark_end(std::string_view text, std::size_t at, char before) {
  switch (text[at]) {
    case '\\': return at + 1 < text.size() ? at + 2 : kOpen;
    case '`': return code_end(text, at);
    case '*':
    case '_':
    case '~': return emphasis_end(text, at, before);
    case '!':
      if (at + 1 == text.size()) return kOpen;
      return text[at + 1] == '[' ? link_end(text, at + 1) : at + 1;
    case '[': return link_end(text, at);
    case '<': return short_mark_end(text, at, '>');
    case '&': return short_mark_end(text, at, ';');
    default: return at + 1;
  }
}

const std::string_view kMarks = "\\`*_~![<&";

/// What md4c tells of, as spans or as a table.
class Reading {
 public:
  std::vector<Span> spans;
  Table table;
  bool in_table = false;

  int parse(std::string_view text, unsigned flags) {
    MD_PARSER parser{};
    parser.flags = MD_FLAG_NOHTML | MD_FLAG_STRIKETHROUGH | flags;
    parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* self) {
      return static_cast<Reading*>(self)->block(type, detail);
    };
    parser.leave_block = [](MD_BLOCKTYPE, void*, void*) { return 0; };
    parser.enter_span = [](MD_SPANTYPE type, void* detail, void* self) {
      return static_cast<Reading*>(self)->enter(type, detail);
    };
    parser.leave_span = [](MD_SPANTYPE type, void*, void* self) {
      return static_cast<Reading*>(self)->leave(type);
    };
    parser.text = [](MD_TEXTTYPE type, const MD_CHAR* bytes, MD_SIZE size, void* self) {
      return static_cast<Reading*>(self)->take(type, {bytes, size});
    };
    return md_parse(text.data(), static_cast<MD_SIZE>(text.size()), &parser, this);
  }

 private:
  int block(MD_BLOCKTYPE type, void* detail) {
    if (type == MD_BLOCK_TABLE) in_table = true;
    if (!in_table) return 0;
    if (type == MD_BLOCK_TR) table.rows.emplace_back();
    if (type == MD_BLOCK_TH || type == MD_BLOCK_TD) {
      const bool right = static_cast<MD_BLOCK_TD_DETAIL*>(detail)->align == MD_ALIGN_RIGHT;
      table.rows.back().push_back({"", right});
    }
    return 0;
  }

  int enter(MD_SPANTYPE type, void* detail) {
    open_.push_back(type);
    if (type == MD_SPAN_A || type == MD_SPAN_IMG) {
      const MD_ATTRIBUTE& to = type == MD_SPAN_A ? static_cast<MD_SPAN_A_DETAIL*>(detail)->href
                                                 : static_cast<MD_SPAN_IMG_DETAIL*>(detail)->src;
      addresses_.emplace_back(to.text == nullptr ? "" : std::string(to.text, to.size));
      labels_.emplace_back();
    }
    return 0;
  }

  int leave(MD_SPANTYPE type) {
    // md4c 0.4.8 may end a span that it did not begin: "~~&amp; ](**) ~~". Ends the parsing.
    if (open_.empty() || open_.back() != type) return 1;
    open_.pop_back();
    if (type == MD_SPAN_A || type == MD_SPAN_IMG) {
      // A label never hides where a link leads.
      const std::string address = addresses_.back();
      const bool shown = labels_.back() == address || "mailto:" + labels_.back() == address;
      addresses_.pop_back();
      labels_.pop_back();
      if (!address.empty() && !shown) put(" (" + address + ")", Look::kQuiet);
    }
    return 0;
  }

  static Look look_of(MD_SPANTYPE type) {
    switch (type) {
      case MD_SPAN_STRONG: return Look::kBold;
      case MD_SPAN_EM: return Look::kItalic;
      case MD_SPAN_DEL: return Look::kStruck;
      case MD_SPAN_CODE: return Look::kCode;
      default: return Look::kPlain;
    }
  }

  static std::string entity(std::string_view name) {
    static const std::pair<std::string_view, std::string_view> kNamed[] = {
        {"&amp;", "&"},   {"&lt;", "<"},   {"&gt;", ">"},
        {"&quot;", "\""}, {"&apos;", "'"}, {"&nbsp;", " "}};
    for (const auto& [known, meaning] : kNamed) {
      if (name == known) return std::string(meaning);
    }
    if (name.size() < 4 || name[1] != '#') return std::string(name);
    const bool hex = name[2] == 'x' || name[2] == 'X';
    char32_t point = 0;
    for (const char digit : name.substr(hex ? 3 : 2, name.size() - (hex ? 4 : 3))) {
      const char low = static_cast<char>(digit | 0x20);
      const auto value = static_cast<char32_t>(digit <= '9' ? digit - '0' : low - 'a' + 10);
      point = std::min<char32_t>(point * (hex ? 16 : 10) + value, 0x110000);
    }
    const bool valid = point != 0 && point < 0x110000 && (point < 0xD800 || point >= 0xE000);
    std::string text;
    text::append_utf8(text, valid ? point : text::kReplacement);
    return text;
  }

  int take(MD_TEXTTYPE type, std::string_view text) {
    std::string shown;
    switch (type) {
      case MD_TEXT_NULLCHAR: shown = "\xEF\xBF\xBD"; break;
      case MD_TEXT_BR:
      case MD_TEXT_SOFTBR: shown = " "; break;
      case MD_TEXT_ENTITY: shown = entity(text); break;
      default: shown = text;
    }
    for (std::string& label : labels_) label += shown;
    Look look = Look::kPlain;
    for (const MD_SPANTYPE outer : open_) {
      if (look_of(outer) != Look::kPlain) look = look_of(outer);
    }
    put(shown, look);
    return 0;
  }

  void put(const std::string& text, Look look) {
    if (in_table) {
      if (!table.rows.empty() && !table.rows.back().empty()) table.rows.back().back().text += text;
    } else if (!spans.empty() && spans.back().look == look) {
      spans.back().text += text;
    } else {
      spans.push_back({text, look});
    }
  }

  std::vector<MD_SPANTYPE> open_;
  std::vector<std::string> addresses_;
  std::vector<std::string> labels_;
};

}  // namespace

std::size_t settled_size(std::string_view text, char before) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (kMarks.find(text[at]) == kOpen) {
      ++at;
      continue;
    }
    const std::string_view near = text.substr(0, at + kLongestMark + 1);
    const std::size_t end = mark_end(near, at, at == 0 ? before : text[at - 1]);
    if (end == kOpen) {
      if (near.size() == text.size()) return at;
      at = std::min(run_end(text, at), at + kLongestMark);
    } else {
      at = std::min(end, text.size());
    }
  }
  return text.size();
}

std::vector<Span> inline_spans(std::string_view text, char before) {
  if (text.find_first_of(kMarks) == kOpen) return {{std::string(text), Look::kPlain}};
  // md4c takes whole blocks and drops blanks around them. The character in front keeps a text from
  // beginning a list, and tells it what kind of character there is.
  const std::size_t first = text.find_first_not_of(" \t\n");
  if (first == kOpen) return {{std::string(text), Look::kPlain}};
  const std::size_t last = text.find_last_not_of(" \t\n") + 1;
  const char neighbour = first > 0 ? '(' : is_word(before) ? 'x' : '(';
  std::string block(1, neighbour);
  block += text.substr(first, last - first);
  std::replace(block.begin(), block.end(), '\n', ' ');
  Reading reading;
  if (reading.parse(block, 0) != 0 || reading.spans.empty() || reading.spans[0].text.empty()) {
    return {{std::string(text), Look::kPlain}};
  }
  std::vector<Span> spans;
  if (first > 0) spans.push_back({" ", Look::kPlain});
  reading.spans[0].text.erase(0, 1);
  spans.insert(spans.end(), reading.spans.begin(), reading.spans.end());
  if (last < text.size()) spans.push_back({" ", Look::kPlain});
  return spans;
}

Table read_table(std::string_view text) {
  // md4c gives each row all columns of the head.
  const std::string_view head = text.substr(0, text.find('\n'));
  if (std::count(head.begin(), head.end(), '|') > kMaxColumns) return {};
  Reading reading;
  if (reading.parse(text, MD_FLAG_TABLES) != 0) return {};
  return reading.table;
}

}  // namespace cartpilot::host
