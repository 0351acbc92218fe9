#include "commerce/offer_check.h"

#include <algorithm>
#include <array>

#include "formats/formats.h"
#include "text/ascii.h"

namespace cartpilot::commerce {
namespace {

struct CurrencyWord {
  std::string_view word;
  std::string_view code;
};

constexpr std::array<CurrencyWord, 12> kCurrencyWords = {{{"$", "USD"},
                                                          {"usd", "USD"},
                                                          {"dollar", "USD"},
                                                          {"dollars", "USD"},
                                                          {"bucks", "USD"},
                                                          {"€", "EUR"},
                                                          {"eur", "EUR"},
                                                          {"euro", "EUR"},
                                                          {"euros", "EUR"},
                                                          {"£", "GBP"},
                                                          {"gbp", "GBP"},
                                                          {"pounds", "GBP"}}};

// "under 5 kg" limits something else than the price.
constexpr std::array<std::string_view, 34> kUnits = {
    "kg",    "g",      "gram",   "grams",   "lb",      "lbs",   "pound", "oz",    "m",
    "cm",    "mm",     "inch",   "inches",  "feet",    "ft",    "l",     "ml",    "gb",
    "tb",    "w",      "watt",   "watts",   "hours",   "days",  "weeks", "years", "minutes",
    "items", "pieces", "people", "persons", "players", "pages", "stars"};

// A word of limit, perhaps a sign, a number, perhaps a currency.
constexpr const char* kLimit =
    R"((?i)\b(?:under|below|less than|cheaper than|no more than|not more than|at most|up to|)"
    R"(max(?:imum)?(?: of)?)\s*(\$|€|£|usd|eur|gbp)?\s*)"
    R"(([0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,9})(\.[0-9]{1,2})?(?![0-9.,]*[0-9%])\s*)"
    R"((\$|€|£|[a-z]+)?)";

std::string currency_of(const std::string& word) {
  const std::string lower = text::lower_case(word);
  for (const CurrencyWord& known : kCurrencyWords) {
    if (known.word == lower) return std::string(known.code);
  }
  return "";
}

bool is_past(const std::string& instant, std::int64_t now_unix_ms) {
  const std::optional<std::int64_t> unix_ms = formats::unix_ms_of_iso_date(instant);
  return unix_ms && now_unix_ms > *unix_ms;
}

}  // namespace

std::optional<Money> price_limit_in(std::string_view wish) {
  static const std::unique_ptr<formats::Pattern> expression = formats::compile_pattern(kLimit);
  const auto found = expression->match(std::string(wish));
  if (!found || found->size() < 3) return std::nullopt;  // not UTF-8, or no limit in it
  std::vector<std::string> parts = *found;
  parts.resize(5);
  std::string number = parts[2] + parts[3];
  number.erase(std::remove(number.begin(), number.end(), ','), number.end());
  std::string currency = currency_of(parts[1]);
  if (currency.empty()) {
    currency = currency_of(parts[4]);
    const std::string word = text::lower_case(parts[4]);
    if (std::find(kUnits.begin(), kUnits.end(), word) != kUnits.end()) return std::nullopt;
  }
  if (currency.empty()) currency = "USD";
  return Money{parse_minor(number, currency), currency};
}

std::optional<Money> price_limit_of(const Offer& offer) {
  return price_limit_in(string_or(offer.metadata, "query"));
}

std::vector<const OfferItem*> items_over(const Offer& offer, const Money& limit) {
  std::vector<const OfferItem*> over;
  for (const OfferItem& item : offer.items) {
    const bool fits = item.price.currency == limit.currency && item.price.minor <= limit.minor;
    if (!fits) over.push_back(&item);
  }
  return over;
}

bool has_expired(const Offer& offer, std::int64_t now_unix_ms) {
  return offer.is_expired || (offer.expires_at && is_past(*offer.expires_at, now_unix_ms));
}

bool has_expired(const Checkout& checkout, std::int64_t now_unix_ms) {
  return checkout.status != "confirmed" && is_past(checkout.expires_at, now_unix_ms);
}

}  // namespace cartpilot::commerce
