#include "record/secret_ranges.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>
#include <utility>

#include "text/redaction.h"

namespace cartpilot::record {

namespace {

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

/// What the members of one name are given one after the other.
struct Member {
  std::string text;
  std::vector<std::size_t> places;  ///< of its bytes in the original
};

std::map<std::string, Member> joined_members(std::string_view text) {
  std::map<std::string, Member> members;
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
    Member& member = members[std::string(text.substr(at + 1, end - at - 1))];
    for (std::size_t i = value + 1; i < value_end; ++i) {
      member.text += text[i];
      member.places.push_back(i);
    }
    at = value_end + 1;
  }
  return members;
}

/// What becomes of each byte: it stays, goes, or goes with the mark behind it.
enum class Fate : char { kStays, kGoes, kMarked };

std::vector<Fate> fates(const std::string& whole) {
  std::vector<Fate> fate(whole.size(), Fate::kStays);
  std::vector<std::size_t> lasts;
  for (const auto& [begin, end] : text::secret_ranges(whole)) {
    std::fill(fate.begin() + static_cast<std::ptrdiff_t>(begin),
              fate.begin() + static_cast<std::ptrdiff_t>(end), Fate::kGoes);
    lasts.push_back(end - 1);
  }
  for (const auto& [name, member] : joined_members(whole)) {
    for (const auto& [begin, end] : text::secret_ranges(member.text)) {
      for (std::size_t i = begin; i < end; ++i) fate[member.places[i]] = Fate::kGoes;
      lasts.push_back(member.places[end - 1]);
    }
  }
  // One mark for each run of bytes that go and in which a secret ends.
  for (std::size_t last : lasts) {
    while (last + 1 < fate.size() && fate[last + 1] != Fate::kStays) ++last;
    fate[last] = Fate::kMarked;
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
      if (fate[at] == Fate::kMarked) kept += text::kRedacted;
    }
  }
  return out;
}

std::string redacted_text(const std::string& text) { return redacted_pieces({text}).front(); }

}  // namespace cartpilot::record
