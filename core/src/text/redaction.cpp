#include "text/redaction.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "base/encoding.h"

#include "base/outside.h"

namespace cartpilot::text {
namespace {

constexpr std::size_t kShortestSecret = 6;

struct Secrets {
  std::shared_mutex mutex;
  std::vector<std::string> values;
};

/// Never destroyed: threads may still print while the program ends.
Secrets& registered() {
  static auto* const all = new Secrets;
  return *all;
}

}  // namespace

void add_secret(std::string_view secret) {
  if (secret.size() < kShortestSecret) return;
  Secrets& all = registered();
  const std::unique_lock lock(all.mutex);
  const std::string plain(secret);
  for (std::string value : {plain, base::percent_encoded(plain, "#&+/:;=?@")}) {  // as in a URL
    if (std::find(all.values.begin(), all.values.end(), value) == all.values.end()) {
      all.values.push_back(std::move(value));
    }
  }
}

std::vector<std::string> secrets() {
  Secrets& all = registered();
  const std::shared_lock lock(all.mutex);
  return all.values;
}

std::string redact(std::string_view text) {
  std::vector<std::pair<std::size_t, std::size_t>> found;  // first, end
  {
    Secrets& all = registered();
    const std::shared_lock lock(all.mutex);
    for (const std::string& value : all.values) {
      // One step at a time: occurrences may overlap, and every byte of each must go.
      for (std::size_t at = text.find(value); at != std::string_view::npos;
           at = text.find(value, at + 1)) {
        found.emplace_back(at, at + value.size());
      }
    }
  }
  std::sort(found.begin(), found.end());
  std::string out;
  std::size_t copied = 0;
  for (const auto& [first, end] : found) {
    if (first >= copied) {
      out.append(text.substr(copied, first - copied));
      out += "[redacted]";
    }
    copied = std::max(copied, end);
  }
  out.append(text.substr(copied));
  return out;
}

RedactionStream::RedactionStream(std::string imitated, std::string instead)
    : imitated_(std::move(imitated)), instead_(std::move(instead)) {}

std::string RedactionStream::cleaned(std::string text) const {
  text = redact(text);
  if (imitated_.empty()) return text;
  for (std::size_t at = text.find(imitated_); at != std::string::npos;
       at = text.find(imitated_, at + instead_.size())) {
    text.replace(at, imitated_.size(), instead_);
  }
  return text;
}

std::string RedactionStream::feed(std::string_view piece) {
  std::string text = cleaned(held_ + std::string(piece));
  std::size_t start = text.size();  // of the longest end that begins a secret or the mark
  const auto hold_back = [&](const std::string& word) {
    for (std::size_t length = std::min(word.size(), text.size() + 1) - 1; length > 0; --length) {
      if (text.compare(text.size() - length, length, word, 0, length) != 0) continue;
      start = std::min(start, text.size() - length);
      return;
    }
  };
  if (!imitated_.empty()) hold_back(imitated_);
  {
    Secrets& all = registered();
    const std::shared_lock lock(all.mutex);
    for (const std::string& value : all.values) hold_back(value);
  }
  if (base::Outside* const outside = base::outside_here()) {
    start = outside->released(text.size(), start);
  }
  held_ = text.substr(start);
  text.resize(start);
  return text;
}

std::string RedactionStream::finish() { return cleaned(std::exchange(held_, "")); }

}  // namespace cartpilot::text
