#include "record/secret_ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "text/redaction.h"

namespace cartpilot::record {

namespace {

constexpr const char* kMark = "[redacted]";
constexpr int kMaxDepth = 4;

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// One secret: the ranges of the original bytes that spell it, in their order.
using Finding = std::vector<Range>;

/// Text decoded from another one, down to the original, which has none below.
struct Layer {
  std::string text;
  const Layer* below = nullptr;
  std::vector<Range> from;  ///< of each byte: those of `below` that spell it

  void add(char c, std::size_t begin, std::size_t size) {
    text += c;
    from.push_back({begin, begin + size});
  }

  /// Adds the bytes of the original that spell the one at `at`.
  void spell(std::size_t at, std::vector<std::size_t>& bytes) const {
    if (below == nullptr) {
      bytes.push_back(at);
      return;
    }
    for (std::size_t i = from[at].begin; i < from[at].end; ++i) below->spell(i, bytes);
  }
};

std::optional<unsigned> hex_value(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(digit);
  }
  return value;
}

void add_utf8(Layer& layer, unsigned code, std::size_t begin, std::size_t size) {
  const auto add = [&](unsigned byte) { layer.add(static_cast<char>(byte), begin, size); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0U | code >> 6U);
    add(0x80U | (code & 0x3FU));
  } else {
    add(0xE0U | code >> 12U);
    add(0x80U | (code >> 6U & 0x3FU));
    add(0x80U | (code & 0x3FU));
  }
}

Layer percent_decoded(const Layer& layer) {
  Layer out{"", &layer, {}};
  for (std::size_t i = 0; i < layer.text.size();) {
    const auto value = layer.text[i] == '%' && i + 2 < layer.text.size()
                           ? hex_value(std::string_view(layer.text).substr(i + 1, 2))
                           : std::nullopt;
    const std::size_t size = value ? 3 : 1;
    out.add(value ? static_cast<char>(*value) : layer.text[i], i, size);
    i += size;
  }
  return out;
}

Layer json_unescaped(const Layer& layer) {
  static const std::map<char, char> kShort = {{'b', '\b'}, {'f', '\f'}, {'n', '\n'}, {'r', '\r'},
                                              {'t', '\t'}, {'"', '"'},  {'/', '/'},  {'\\', '\\'}};
  Layer out{"", &layer, {}};
  const std::string_view text = layer.text;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      const auto code = text[i + 1] == 'u' && i + 5 < text.size() ? hex_value(text.substr(i + 2, 4))
                                                                  : std::nullopt;
      const auto found = kShort.find(text[i + 1]);
      if (code) {
        add_utf8(out, *code, i, 6);
        i += 6;
        continue;
      }
      if (found != kShort.end()) {
        out.add(found->second, i, 2);
        i += 2;
        continue;
      }
    }
    out.add(text[i], i, 1);
    ++i;
  }
  return out;
}

/// The end of the JSON string that begins at the quote `at`: the place of its closing quote.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i;
    } else if (text[i] == '\n') {
      break;  // no JSON string goes over a line
    }
  }
  return std::string_view::npos;
}

std::size_t after_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  return at;
}

/// What the members of one name are given one after the other, joined; by name.
std::map<std::string, Layer> joined_members(const Layer& layer) {
  std::map<std::string, Layer> members;
  const std::string_view text = layer.text;
  for (std::size_t at = text.find('"'); at != std::string_view::npos; at = text.find('"', at)) {
    const std::size_t end = end_of_string(text, at);
    if (end == std::string_view::npos) {
      ++at;
      continue;
    }
    const std::size_t colon = after_blanks(text, end + 1);
    const std::size_t value = colon < text.size() && text[colon] == ':'
                                  ? after_blanks(text, colon + 1)
                                  : std::string_view::npos;
    const std::size_t value_end = value < text.size() && text[value] == '"'
                                      ? end_of_string(text, value)
                                      : std::string_view::npos;
    if (value_end == std::string_view::npos) {
      at = end + 1;
      continue;
    }
    Layer& member = members[std::string(text.substr(at + 1, end - at - 1))];
    member.below = &layer;
    for (std::size_t i = value + 1; i < value_end; ++i) member.add(text[i], i, 1);
    at = value_end + 1;
  }
  return members;
}

/// The characters that Base64 of any bytes around `secret` must have, for each of the three
/// alignments.
std::vector<std::string> base64_cores(const std::string& secret) {
  std::vector<std::string> cores;
  for (std::size_t before = 0; before < 3; ++before) {
    const std::string coded = base::base64(std::string(before, '\0') + secret);
    const std::size_t first = before == 0 ? 0 : before + 1;
    const std::size_t last = (before + secret.size()) * 8 / 6;
    std::string core = coded.substr(first, last - first);
    std::string url = core;
    std::replace(url.begin(), url.end(), '+', '-');
    std::replace(url.begin(), url.end(), '/', '_');
    cores.push_back(std::move(core));
    cores.push_back(std::move(url));
  }
  return cores;
}

std::vector<std::string> spellings() {
  std::vector<std::string> all;
  for (const std::string& secret : text::secrets()) {
    all.push_back(secret);
    for (std::string& core : base64_cores(secret)) all.push_back(std::move(core));
    std::string hex;
    for (const char c : secret) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    std::string upper = hex;
    for (char& c : upper) {
      if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    }
    all.push_back(std::move(hex));
    all.push_back(std::move(upper));
  }
  return all;
}

class Search {
 public:
  explicit Search(std::vector<std::string> words) : words_(std::move(words)) {}

  void look_at(const Layer& layer, int depth) {
    for (const std::string& word : words_) {
      for (std::size_t at = layer.text.find(word); at != std::string::npos;
           at = layer.text.find(word, at + 1)) {
        note(layer, at, word.size());
      }
    }
    if (depth >= kMaxDepth) return;
    if (layer.text.find('%') != std::string::npos) deeper(layer, percent_decoded(layer), depth);
    if (layer.text.find('\\') != std::string::npos) deeper(layer, json_unescaped(layer), depth);
    if (depth > 1) return;
    for (const auto& [name, member] : joined_members(layer)) look_at(member, depth + 1);
  }

  std::vector<Finding> take() { return std::move(found_); }

 private:
  void deeper(const Layer& before, const Layer& layer, int depth) {
    if (layer.text != before.text) look_at(layer, depth + 1);
  }

  /// Bytes that lie next to each other in the original become one range.
  void note(const Layer& layer, std::size_t at, std::size_t size) {
    std::vector<std::size_t> bytes;
    for (std::size_t i = at; i < at + size; ++i) layer.spell(i, bytes);
    std::sort(bytes.begin(), bytes.end());
    Finding finding;
    for (const std::size_t byte : bytes) {
      if (finding.empty() || byte > finding.back().end) {
        finding.push_back({byte, byte + 1});
      } else {
        finding.back().end = byte + 1;
      }
    }
    found_.push_back(std::move(finding));
  }

  std::vector<std::string> words_;
  std::vector<Finding> found_;
};

/// What becomes of each byte: it stays, goes, or goes with the mark behind it.
enum class Fate : char { kStays, kGoes, kMarked };

std::vector<Fate> fates(const std::string& whole) {
  std::vector<std::string> words = spellings();
  if (words.empty()) return std::vector<Fate>(whole.size(), Fate::kStays);
  const Layer original{whole, nullptr, {}};
  Search search(std::move(words));
  search.look_at(original, 0);
  std::vector<Fate> fate(whole.size(), Fate::kStays);
  std::vector<std::size_t> ends;
  for (const Finding& finding : search.take()) {
    for (const Range& range : finding) {
      std::fill(fate.begin() + static_cast<std::ptrdiff_t>(range.begin),
                fate.begin() + static_cast<std::ptrdiff_t>(range.end), Fate::kGoes);
    }
    ends.push_back(finding.back().end);
  }
  // One mark for each run of bytes that go and in which a secret ends.
  for (const std::size_t end : ends) {
    std::size_t last = end;
    while (last < fate.size() && fate[last] != Fate::kStays) ++last;
    fate[last - 1] = Fate::kMarked;
  }
  return fate;
}

}  // namespace

std::vector<std::string> redacted_pieces(const std::vector<std::string>& pieces) {
  std::string whole;
  for (const std::string& piece : pieces) whole += piece;
  const std::vector<Fate> fate = fates(whole);
  if (std::find(fate.begin(), fate.end(), Fate::kMarked) == fate.end()) return pieces;
  std::vector<std::string> out;
  std::size_t at = 0;
  for (const std::string& piece : pieces) {
    std::string& kept = out.emplace_back();
    for (std::size_t i = 0; i < piece.size(); ++i, ++at) {
      if (fate[at] == Fate::kStays) kept += whole[at];
      if (fate[at] == Fate::kMarked) kept += kMark;
    }
  }
  return out;
}

std::string redacted_text(const std::string& text) { return redacted_pieces({text}).front(); }

}  // namespace cartpilot::record
