#include "offline/wish_parser.h"

#include <algorithm>
#include <initializer_list>

#include "offline/words.h"

namespace cartpilot::offline {

namespace {

// CartPilot takes 500 characters; a wish that long has lost its meaning anyway.
constexpr std::size_t kMaxQueryBytes = 200;

enum class Bound { kNone, kAtMost, kAtLeast };

struct Amount {
  std::int64_t hundredths = 0;
  std::string currency;
  std::size_t words = 1;       ///< how many words it takes
  Bound bound = Bound::kNone;  ///< of a sign written before it: "<$50"
};

bool can_open_a_wish(const std::string& word) {
  return is_one_of(
      word,
      {"i",        "i'd",     "id",        "i'm",      "im",        "i'll",     "we",      "need",
       "want",     "would",   "like",      "love",     "to",        "buy",      "get",     "find",
       "me",       "us",      "my",        "please",   "can",       "could",    "you",     "your",
       "looking",  "look",    "for",       "search",   "searching", "show",     "some",    "a",
       "an",       "the",     "new",       "order",    "purchase",  "do",       "does",    "have",
       "any",      "got",     "give",      "is",       "there",     "are",      "shop",    "hi",
       "hello",    "hey",     "something", "anything", "now",       "then",     "also",    "ok",
       "okay",     "well",    "and",       "but",      "rather",    "actually", "maybe",   "cheap",
       "cheapest", "cheaper", "sell",      "no",       "not",       "yes",      "instead", "what",
       "about",    "how",     "good",      "best",     "just",      "pair",     "of"});
}

bool can_close_a_wish(const std::string& word) {
  return is_one_of(word,
                   {"please",  "thanks", "thank", "you", "now",    "for",    "me",      "with",
                    "and",     "or",     "a",     "an",  "the",    "budget", "price",   "of",
                    "my",      "that",   "is",    "are", "costs",  "cost",   "costing", "priced",
                    "instead", "which",  "at",    "in",  "to",     "i",      "have",    "can",
                    "spend",   "only",   "but",   "it",  "should", "be",     "maximum", "max"});
}

/// Words CartPilot's search ignores, and so do we when we compare.
bool carries_meaning(const std::string& word) {
  if (word.size() <= 2 &&
      !std::any_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return false;
  }
  return !can_open_a_wish(word) &&
         !is_one_of(word, {"with", "in", "on", "at", "some", "any", "need", "from", "that", "was",
                           "be", "has", "will", "more", "less", "expensive", "around", "by"});
}

bool begins_an_aside(const std::string& word) {
  return is_one_of(word, {"for", "with", "in", "from", "by", "that", "which", "without", "on"});
}

class Reader {
 public:
  explicit Reader(std::string_view text) : words_(split_words(text)), used_(words_.size(), false) {}

  Wish run() {
    Wish wish;
    for (std::size_t i = 0; i < words_.size();) i = read_price(i, wish.limit);
    wish.asked =
        wish.limit.given() || std::any_of(words_.begin(), words_.end(), [](const Word& word) {
          return is_one_of(word.lower,
                           {"need", "want", "find", "looking", "search", "buy", "get", "show",
                            "order", "purchase", "sell", "any", "shop", "like"});
        });
    read_query(wish);
    return wish;
  }

 private:
  std::string lower(std::size_t at) const {
    return at < words_.size() ? words_[at].lower : std::string();
  }
  std::string before(std::size_t at, std::size_t distance) const {
    return at >= distance ? lower(at - distance) : std::string();
  }

  /// "$100", "100 dollars", "USD 100", "$ 100", "100€", "100".
  std::optional<Amount> amount_at(std::size_t at) const {
    std::string text = lower(at);
    Amount amount;
    if (text.size() > 1 && (text.front() == '<' || text.front() == '>')) {
      amount.bound = text.front() == '<' ? Bound::kAtMost : Bound::kAtLeast;
      text.erase(0, text[1] == '=' ? 2 : 1);
    }
    for (const char* sign : {"us$", "$", "€", "£", "¥", "usd", "eur", "gbp", "jpy"}) {
      const std::string mark = sign;
      if (text == mark) {
        const auto hundredths = amount_in_hundredths(lower(at + 1));
        if (!hundredths) return std::nullopt;
        return Amount{*hundredths, currency_code(mark), 2};
      }
      if (text.size() <= mark.size()) continue;
      if (text.rfind(mark, 0) == 0) {
        amount.currency = currency_code(mark);
        text.erase(0, mark.size());
        break;
      }
      if (text.compare(text.size() - mark.size(), mark.size(), mark) == 0) {
        amount.currency = currency_code(mark);
        text.erase(text.size() - mark.size());
        break;
      }
    }
    const auto hundredths = amount_in_hundredths(text);
    if (!hundredths) return std::nullopt;
    amount.hundredths = *hundredths;
    if (amount.currency.empty()) {
      amount.currency = currency_code(lower(at + 1));
      if (!amount.currency.empty()) amount.words = 2;
    }
    return amount;
  }

  /// What the words in front of an amount say about it, and how many they are.
  std::pair<Bound, std::size_t> bound_before(std::size_t at) const {
    const std::string one = before(at, 1);
    const std::string two = before(at, 2);
    const std::string three = before(at, 3);
    const bool negated = is_one_of(three, {"no", "not"});
    if (one == "than") {
      if (two == "more") {
        return negated ? std::pair(Bound::kAtMost, std::size_t{3})
                       : std::pair(Bound::kAtLeast, std::size_t{2});
      }
      if (is_one_of(two, {"less", "cheaper", "lower", "fewer"})) return {Bound::kAtMost, 2};
    }
    if (two == "at" && is_one_of(one, {"most", "maximum"})) return {Bound::kAtMost, 2};
    if (two == "at" && is_one_of(one, {"least", "minimum"})) return {Bound::kAtLeast, 2};
    if (two == "up" && one == "to") return {Bound::kAtMost, 2};
    if (two == "budget" && is_one_of(one, {"of", "is", "about", "around"})) {
      return {Bound::kAtMost, 2};
    }
    if (is_one_of(one, {"over", "above"}) && is_one_of(two, {"no", "not"})) {
      return {Bound::kAtMost, 2};
    }
    if (is_one_of(one, {"under", "below", "max", "maximum", "within", "budget", "<", "<="})) {
      return {Bound::kAtMost, 1};
    }
    if (is_one_of(one, {"over", "above", "minimum", "min", "between", ">", ">="})) {
      return {Bound::kAtLeast, 1};
    }
    if (is_one_of(one, {"for", "around", "about"})) return {Bound::kNone, 1};
    return {Bound::kNone, 0};
  }

  /// "or less", "max", "or more" after an amount.
  std::pair<Bound, std::size_t> bound_after(std::size_t at) const {
    if (is_one_of(lower(at), {"max", "maximum", "tops"})) return {Bound::kAtMost, 1};
    if (lower(at) != "or") return {Bound::kNone, 0};
    if (is_one_of(lower(at + 1), {"less", "under", "below", "cheaper"})) {
      return {Bound::kAtMost, 2};
    }
    if (is_one_of(lower(at + 1), {"more", "above", "over"})) return {Bound::kAtLeast, 2};
    return {Bound::kNone, 0};
  }

  /// Takes the price that begins at `at`, if one does, out of the text. Returns where to go on.
  std::size_t read_price(std::size_t at, PriceLimit& limit) {
    const std::optional<Amount> amount = amount_at(at);
    if (!amount) return at + 1;
    auto [bound, words_before] = bound_before(at);
    const auto [later, words_after] = bound_after(at + amount->words);
    if (bound == Bound::kNone) bound = amount->bound != Bound::kNone ? amount->bound : later;
    const bool second_of_two = is_one_of(before(at, 1), {"and", "to"}) && limit.at_least &&
                               !limit.at_most && last_price_end_ + 1 == at;
    if (second_of_two) {
      bound = Bound::kAtMost;
      words_before = 1;
    }
    if (bound == Bound::kNone) {
      // "from $50 to $100", else a plain price is what the person wants to pay at most.
      const bool from = before(at, 1) == "from";
      if (from) words_before = 1;
      if (amount->currency.empty()) return at + 1;
      bound = from ? Bound::kAtLeast : Bound::kAtMost;
    }
    if (!amount->currency.empty()) limit.currency = amount->currency;
    (bound == Bound::kAtMost ? limit.at_most : limit.at_least) = amount->hundredths;
    const std::size_t begin = at - words_before;
    last_price_end_ = at + amount->words;
    const std::size_t end = last_price_end_ + words_after;
    std::fill(used_.begin() + static_cast<std::ptrdiff_t>(begin),
              used_.begin() + static_cast<std::ptrdiff_t>(std::min(end, used_.size())), true);
    return end;
  }

  void read_query(Wish& wish) const {
    std::vector<const Word*> left;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (!used_[i]) left.push_back(&words_[i]);
    }
    while (!left.empty() && can_open_a_wish(left.front()->lower)) left.erase(left.begin());
    // "two backpacks": how many comes later, when one of them is picked.
    if (left.size() > 1 && whole_number(left.front()->lower) && left[1]->lower.back() == 's') {
      left.erase(left.begin());
    }
    while (!left.empty() && can_close_a_wish(left.back()->lower)) left.pop_back();
    bool in_aside = false;
    for (const Word* word : left) {
      if (wish.query.size() + word->text.size() >= kMaxQueryBytes) break;
      if (!wish.query.empty()) wish.query += ' ';
      wish.query += word->text;
      if (!wish.words.empty() && begins_an_aside(word->lower)) in_aside = true;
      if (!carries_meaning(word->lower)) continue;
      wish.words.push_back(word->lower);
      if (!in_aside) wish.thing = word->lower;
    }
    if (wish.words.empty()) wish.query.clear();
  }

  std::vector<Word> words_;
  std::vector<bool> used_;
  std::size_t last_price_end_ = 0;
};

}  // namespace

Wish parse_wish(std::string_view text) { return Reader(text).run(); }

}  // namespace cartpilot::offline
