#include "offline/utterance.h"

#include <algorithm>
#include <array>

#include "offline/words.h"

namespace cartpilot::offline {

namespace {

constexpr std::size_t kMaxWordsOfAWish = 8;

using Words = std::vector<Word>;

bool has(const Words& words, std::initializer_list<std::string_view> wanted) {
  return std::any_of(words.begin(), words.end(),
                     [&](const Word& word) { return is_one_of(word.lower, wanted); });
}

/// Every word is known and at least one says the thing itself.
bool is_only(const Words& words, std::initializer_list<std::string_view> core,
             std::initializer_list<std::string_view> around) {
  return has(words, core) && std::all_of(words.begin(), words.end(), [&](const Word& word) {
           return is_one_of(word.lower, core) || is_one_of(word.lower, around);
         });
}

bool says_yes(const Words& words) {
  return is_only(words,
                 {"yes",     "y",       "yeah",       "yep",     "yup",      "ok",     "okay",
                  "sure",    "confirm", "confirmed",  "approve", "approved", "agreed", "agree",
                  "proceed", "ahead",   "absolutely", "perfect", "deal",     "ja"},
                 {"please",   "i",      "do",    "it",    "that",    "this", "the",   "now",
                  "then",     "thanks", "thank", "you",   "buy",     "go",   "place", "order",
                  "purchase", "want",   "would", "like",  "to",      "is",   "fine",  "good",
                  "looks",    "sounds", "great", "right", "correct", "and",  "with",  "them",
                  "of",       "course", "let's", "lets",  "us"}) ||
         is_only(words, {"buy", "purchase", "order"},
                 {"it", "them", "that", "please", "now", "this"}) ||
         is_only(words, {"do", "looks", "sounds"},
                 {"it", "good", "great", "fine", "please", "right"});
}

bool says_no(const Words& words) {
  return is_only(
      words,
      {"no", "n", "nope", "nah", "cancel", "stop", "don't", "dont", "not", "abort", "forget",
       "never", "nevermind", "drop", "nothing", "nein", "changed"},
      {"thanks", "thank",    "you",      "please", "it",   "that",  "this", "them",  "the", "my",
       "plan",   "checkout", "purchase", "order",  "buy",  "do",    "i",    "want",  "to",  "mind",
       "now",    "all",      "of",       "a",      "wait", "let's", "lets", "after", "for"});
}

bool is_hex_or_dash(char c) { return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

/// Order ids are lower-case UUIDs.
bool is_uuid(const std::string& word) {
  return word.size() == 36 && std::all_of(word.begin(), word.end(), is_hex_or_dash) &&
         std::count(word.begin(), word.end(), '-') == 4;
}

void read_order_question(const Words& words, Utterance& utterance) {
  for (const Word& word : words) {
    if (is_uuid(word.lower)) utterance.order_id = word.lower;
    if (is_one_of(word.lower, {"pending", "confirmed", "shipped", "delivered", "cancelled",
                               "canceled", "refunded"})) {
      utterance.order_status = word.lower == "canceled" ? "cancelled" : word.lower;
    }
  }
  const bool order = has(words, {"order", "order's", "purchase", "package", "parcel", "delivery"});
  utterance.lists_orders =
      has(words, {"orders", "purchases"}) || (order && has(words, {"history", "list"}));
  if (utterance.lists_orders) return;
  const bool tracking =
      has(words, {"status", "track", "tracking", "where", "where's", "wheres", "arrive", "arrived",
                  "shipped", "delivered", "when", "order's"});
  utterance.asks_for_order = (order && tracking) || !utterance.order_id.empty() ||
                             is_only(words, {"status", "tracking"},
                                     {"the", "what", "is", "what's", "please", "now", "it"});
  utterance.changes_order =
      order && !utterance.asks_for_order && has(words, {"cancel", "refund", "return", "undo"});
}

/// "second" and "2nd" -> 2.
std::optional<std::int64_t> ordinal(const std::string& word) {
  static constexpr std::array<std::string_view, 10> kNames = {
      "first", "second",  "third",  "fourth", "fifth",
      "sixth", "seventh", "eighth", "ninth",  "tenth"};
  const auto* const name = std::find(kNames.begin(), kNames.end(), word);
  if (name != kNames.end()) return name - kNames.begin() + 1;
  if (word.size() < 3) return std::nullopt;
  if (!is_one_of(word.substr(word.size() - 2), {"st", "nd", "rd", "th"})) return std::nullopt;
  return whole_number(word.substr(0, word.size() - 2));
}

bool is_beside_a_choice(const std::string& word) {
  return is_one_of(
      word,
      {"the",    "a",      "an",     "one",    "ones",  "please",  "i",      "i'll",     "ill",
       "want",   "would",  "like",   "me",     "from",  "by",      "with",   "ok",       "okay",
       "yes",    "and",    "then",   "now",    "for",   "my",      "to",     "let's",    "lets",
       "us",     "we",     "of",     "pieces", "piece", "pcs",     "units",  "unit",     "is",
       "need",   "can",    "you",    "could",  "have",  "cart",    "select", "product",  "item",
       "items",  "in",     "stock",  "go",     "no",    "instead", "rather", "actually", "but",
       "just",   "thanks", "option", "number", "nr",    "result",  "it's",   "i'd",      "price",
       "priced", "at",     "be",     "will",   "so",    "well",    "only",   "times"});
}

Choice read_choice(const Words& words) {
  Choice choice;
  const auto lower = [&](std::size_t at) {
    return at < words.size() ? words[at].lower : std::string();
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i].lower;
    const std::string next = lower(i + 1);
    if (is_one_of(word, {"number", "no", "nr", "option", "item", "#"}) && whole_number(next)) {
      choice.number = whole_number(next);
      ++i;
    } else if (word.front() == '#' && whole_number(word.substr(1))) {
      choice.number = whole_number(word.substr(1));
    } else if (ordinal(word)) {
      choice.number = ordinal(word);
    } else if (word.size() > 1 && word.back() == 'x' &&
               whole_number(word.substr(0, word.size() - 1))) {
      choice.quantity = whole_number(word.substr(0, word.size() - 1));
    } else if (const auto count = whole_number(word);
               count && is_one_of(next, {"of", "x", "pieces", "piece", "pcs", "units", "times"})) {
      choice.quantity = count;
      if (next == "x") ++i;
    } else if (word == "couple" && next == "of") {
      choice.quantity = 2;
    } else if (count && word != "one") {
      // "buy 2 headphones" counts, "buy 2" points at the list.
      const bool at_end = i + 1 == words.size() || is_beside_a_choice(next);
      (at_end ? choice.number : choice.quantity) = count;
    } else if (is_one_of(word, {"cheapest", "lowest", "least"})) {
      choice.cheapest = true;
    } else if (is_one_of(word, {"priciest", "dearest"}) ||
               (word == "most" && next == "expensive")) {
      choice.dearest = true;
    } else if (word == "last") {
      choice.last = true;
    } else if (is_one_of(word, {"it", "them", "that", "this", "those", "these"})) {
      choice.points = true;
    } else if (is_one_of(word,
                         {"buy", "take", "order", "get", "purchase", "pick", "choose", "add"})) {
      choice.buys = true;
    } else if (word == "merchant" && next.size() == 1) {
      choice.words.push_back("merchant-" + next);
      ++i;
    } else if (word == "expensive" || is_beside_a_choice(word)) {
      if (is_one_of(word, {"one", "ones"})) choice.points = true;
    } else {
      choice.words.push_back(word);
    }
  }
  return choice;
}

/// Nothing but a greeting, or a question about something else than goods.
bool reads_as_help(const Words& words, const Wish& wish) {
  if (wish.words.empty()) return true;
  if (is_only(words, {"help", "hi", "hello", "hey", "thanks", "thank", "bye", "goodbye"},
              {"you", "me", "please", "there", "much", "very", "can", "how", "again"})) {
    return true;
  }
  if (wish.asked) return false;
  if (has(words, {"have", "available"})) return false;
  return wish.words.size() > kMaxWordsOfAWish ||
         is_one_of(words.front().lower,
                   {"what", "what's", "why", "who", "how", "when", "which", "where", "is", "are",
                    "am", "was", "does", "did", "tell", "explain", "help"});
}

}  // namespace

bool asks_to_go_on(std::string_view text) {
  return is_only(split_words(text), {"continue", "again", "retry", "on"},
                 {"please", "go", "try", "it", "that", "do", "just"});
}

Utterance read_utterance(std::string_view text) {
  Utterance utterance;
  const Words words = split_words(text);
  utterance.helpless = words.empty();
  if (words.empty()) return utterance;
  utterance.yes = says_yes(words);
  utterance.no = !utterance.yes && says_no(words);
  read_order_question(words, utterance);
  utterance.choice = read_choice(words);
  utterance.wish = parse_wish(text);
  utterance.helpless = reads_as_help(words, utterance.wish);
  return utterance;
}

}  // namespace cartpilot::offline
