#include "sandbox/service/offer_search.h"

#include <Poco/UTF8String.h>

#include <algorithm>
#include <iterator>

#include "sandbox/wire/unicode_text.h"

namespace cartpilot::sandbox {
namespace {

constexpr std::size_t kMaxProducts = 10;
constexpr std::size_t kMaxKeywords = 3;
constexpr std::size_t kLongestIgnoredWord = 2;

constexpr std::string_view kStopWords[] = {
    "i",       "want",      "to",    "buy",  "a",     "an",        "the",  "for",  "and",
    "or",      "with",      "in",    "on",   "at",    "of",        "some", "any",  "need",
    "looking", "find",      "get",   "me",   "my",    "please",    "can",  "you",  "under",
    "over",    "around",    "about", "less", "than",  "more",      "up",   "best", "good",
    "cheap",   "expensive", "new",   "like", "would", "something", "that", "is",   "are",
    "was",     "be",        "have",  "has",  "do",    "does",      "will"};

bool is_stop_word(std::string_view word) {
  return std::find(std::begin(kStopWords), std::end(kStopWords), word) != std::end(kStopWords);
}

std::string without_outer_punctuation(std::string_view word) {
  constexpr std::string_view kPunctuation = ".,!?\"'()[]{}";
  const std::size_t first = word.find_first_not_of(kPunctuation);
  if (first == std::string_view::npos) return "";
  return std::string(word.substr(first, word.find_last_not_of(kPunctuation) - first + 1));
}

void add_hits(std::vector<const Product*>& found, const Catalogue& catalogue,
              const std::string& keyword) {
  std::size_t hits = 0;
  for (const Product& product : catalogue.products()) {
    if (hits == kMaxProducts || found.size() == kMaxProducts) return;
    if (!product.in_stock) continue;
    if (!product.mentions(keyword)) continue;
    ++hits;
    if (std::find(found.begin(), found.end(), &product) == found.end()) found.push_back(&product);
  }
}

}  // namespace

std::vector<std::string> search_keywords(std::string_view query) {
  std::vector<std::string> keywords;
  for (const std::string& word : split_on_whitespace(Poco::UTF8::toLower(std::string(query)))) {
    if (is_stop_word(word) || code_point_count(word) <= kLongestIgnoredWord) continue;
    keywords.push_back(without_outer_punctuation(word));
  }
  return keywords;
}

std::vector<const Product*> matching_products(const Catalogue& catalogue, std::string_view query) {
  std::vector<std::string> keywords = search_keywords(query);
  if (keywords.empty()) keywords.emplace_back();
  if (keywords.size() > kMaxKeywords) keywords.resize(kMaxKeywords);
  std::vector<const Product*> found;
  for (const std::string& keyword : keywords) add_hits(found, catalogue, keyword);
  return found;
}

}  // namespace cartpilot::sandbox
