#include "text/redaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "base/encoding.h"
#include "base/outside.h"
#include "text/ascii.h"
#include "text/spelling.h"

namespace cartpilot::text {
namespace {

using Range = std::pair<std::size_t, std::size_t>;

/// What is searched for in plainly spelled text: the secrets, and what they are in other alphabets.
struct Words {
  std::shared_mutex mutex;
  std::set<std::string> all;
};

/// Never destroyed: threads may still print while the program ends.
Words& secret_words() {
  static auto* const registered = new Words;
  return *registered;
}

/// The characters that Base64 of any bytes around `secret` must have, for each of the three
/// alignments, in both alphabets.
void add_base64_cores(std::set<std::string>& all, const std::string& secret) {
  for (std::size_t before = 0; before < 3; ++before) {
    const std::string coded = base::base64(std::string(before, '\0') + secret);
    const std::size_t first = before == 0 ? 0 : before + 1;
    const std::size_t last = (before + secret.size()) * 8 / 6;
    std::string core = coded.substr(first, last - first);
    all.insert(core);
    std::replace(core.begin(), core.end(), '+', '-');
    std::replace(core.begin(), core.end(), '/', '_');
    all.insert(std::move(core));
  }
}

void add_hexadecimal(std::set<std::string>& all, const std::string& secret) {
  std::string lower;
  std::string upper;
  for (const char c : secret) {
    lower += fmt::format("{:02x}", static_cast<unsigned char>(c));
    upper += fmt::format("{:02X}", static_cast<unsigned char>(c));
  }
  all.insert(std::move(lower));
  all.insert(std::move(upper));
}

/// Calls `found` with each word and the number of its first bytes that were swallowed, where the
/// text behind the escape begins with the others, or ends inside them.
template <typename Found>
void each_swallowed(const std::vector<PlainSpelling>& steps, const PlainSpelling& step,
                    const std::set<std::string>& all, const Found& found) {
  const std::string_view text = step.text;
  for (const PlainSpelling::Swallowed& escape : step.swallowed) {
    const PlainSpelling& below = steps[escape.step];
    const std::string_view eaten = std::string_view(below.text).substr(escape.place, escape.size);
    for (const std::string& word : all) {
      for (std::size_t size = 1; size <= std::min(eaten.size(), word.size() - 1); ++size) {
        const std::string_view begin = eaten.substr(eaten.size() - size);
        const std::string_view rest = text.substr(escape.next, word.size() - size);
        if (word.starts_with(begin) && word.compare(size, rest.size(), rest) == 0) {
          found(word, size, escape, below.begins[escape.place + escape.size - size]);
        }
      }
    }
  }
}

std::vector<Range> ranges_in(const std::vector<PlainSpelling>& steps) {
  std::vector<Range> found;
  Words& registered = secret_words();
  const std::shared_lock lock(registered.mutex);
  for (const PlainSpelling& step : steps) {
    for (const std::string& word : registered.all) {
      // One byte at a time: occurrences may overlap, and every byte of each must go.
      for (std::size_t at = step.text.find(word); at != std::string::npos;
           at = step.text.find(word, at + 1)) {
        found.emplace_back(step.begins[at], step.ends[at + word.size() - 1]);
      }
    }
    each_swallowed(
        steps, step, registered.all,
        [&](const std::string& word, std::size_t size, const auto& escape, std::size_t begin) {
          const std::size_t end = escape.next + word.size() - size;
          if (end <= step.text.size()) found.emplace_back(begin, step.ends[end - 1]);
        });
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool nothing_registered() {
  Words& registered = secret_words();
  const std::shared_lock lock(registered.mutex);
  return registered.all.empty();
}

std::string without(std::string_view text, const std::vector<Range>& found) {
  std::string out;
  std::size_t copied = 0;
  for (const auto& [first, end] : found) {
    if (first >= copied) {
      out.append(text.substr(copied, first - copied));
      out += kRedacted;
    }
    copied = std::max(copied, end);
  }
  out.append(text.substr(copied));
  return out;
}

/// Where the longest end of the text starts that may be the beginning of a word.
std::size_t start_of_beginning(const std::vector<PlainSpelling>& steps) {
  std::size_t start = std::string::npos;
  Words& registered = secret_words();
  const std::shared_lock lock(registered.mutex);
  for (const PlainSpelling& step : steps) {
    start = std::min(start, step.unfinished);
    for (const std::string& word : registered.all) {
      for (std::size_t size = std::min(word.size() - 1, step.text.size()); size > 0; --size) {
        const std::size_t at = step.text.size() - size;
        if (step.text.compare(at, size, word, 0, size) != 0) continue;
        start = std::min(start, step.begins[at]);
        break;
      }
    }
    each_swallowed(
        steps, step, registered.all,
        [&](const std::string& word, std::size_t size, const auto& escape, std::size_t begin) {
          if (escape.next + word.size() - size > step.text.size()) start = std::min(start, begin);
        });
  }
  return start;
}

}  // namespace

void add_secret(std::string_view given) {
  const std::string_view secret = trimmed(given);  // as it is sent
  if (secret.size() < kShortestSecret) return;
  std::set<std::string> fresh;
  const std::string plain(secret);
  for (PlainSpelling& step : plain_spellings(plain)) fresh.insert(std::move(step.text));
  const std::string quoted = dump_json(Json(plain));
  // Base64 may hold what was encoded before.
  for (const std::string& form :
       {plain, base::percent_encoded(plain, "#&+/:;=?@"), quoted.substr(1, quoted.size() - 2)}) {
    add_base64_cores(fresh, form);
    add_hexadecimal(fresh, form);
  }
  Words& registered = secret_words();
  const std::unique_lock lock(registered.mutex);
  for (const std::string& word : fresh) {
    if (word.size() >= kShortestSecret) registered.all.insert(word);
  }
}

std::vector<Range> secret_ranges(std::string_view text) {
  if (nothing_registered()) return {};
  return ranges_in(plain_spellings(text));
}

std::string redact(std::string_view text) { return without(text, secret_ranges(text)); }

Json redacted(const Json& value) {
  if (value.is_string()) return redact(value.get_ref<const std::string&>());
  if (value.is_array()) {
    Json copy = Json::array();
    for (const Json& element : value) copy.push_back(redacted(element));
    return copy;
  }
  if (!value.is_object()) return value;
  std::vector<std::string> names;
  bool renamed = false;
  for (const auto& [name, member] : value.items()) {
    names.push_back(redact(name));
    renamed = renamed || names.back() != name;
  }
  Json copy = Json::object();
  std::set<std::string> used;
  auto name = names.begin();
  for (const auto& [original, member] : value.items()) {
    if (!renamed || used.insert(*name).second) append_member(copy, *name, redacted(member));
    ++name;
  }
  return copy;
}

std::string RedactionStream::feed(std::string_view piece) {
  std::string text = std::exchange(held_, "") + std::string(piece);
  std::size_t start = text.size();
  std::vector<Range> found;
  if (!nothing_registered()) {
    const std::vector<PlainSpelling> steps = plain_spellings(text, true);
    found = ranges_in(steps);
    start = start_of_beginning(steps);
    // A secret that a longer one may begin with waits too.
    for (auto range = found.rbegin(); range != found.rend(); ++range) {
      if (range->second > start) start = std::min(start, range->first);
    }
    std::erase_if(found, [start](const Range& range) { return range.first >= start; });
  }
  std::string out = without(std::string_view(text).substr(0, start), found);
  held_ = text.substr(start);
  if (base::Outside* const outside = base::outside_here()) {
    const std::size_t released = outside->released(out.size() + held_.size(), out.size());
    out += held_;
    held_ = out.substr(released);
    out.resize(released);
  }
  return out;
}

std::string RedactionStream::finish() { return redact(std::exchange(held_, "")); }

}  // namespace cartpilot::text
