#include "offline/shelf.h"

#include <algorithm>
#include <tuple>

#include "offline/answer_fields.h"
#include "offline/words.h"

namespace cartpilot::offline {

namespace {

constexpr std::size_t kShown = 10;
constexpr std::size_t kShownAsClosest = 3;
constexpr std::size_t kLookedInto = 2;

std::vector<ShelfItem> items_of(const Json& offer) {
  std::vector<ShelfItem> items;
  const std::string merchant_id = string_or(offer, "merchant_id");
  const std::string merchant_name =
      string_or(field(offer, "metadata"), "merchant_name", merchant_id);
  for (const Json& entry : list(offer, "items")) {
    const Json& price = field(entry, "price");
    ShelfItem item;
    item.offer_id = string_or(offer, "id");
    item.merchant_id = merchant_id;
    item.merchant_name = one_line(merchant_name);
    item.product_id = string_or(entry, "product_id");
    item.title = one_line(string_or(entry, "title", "(no title)"));
    item.currency = string_or(price, "currency");
    item.stock = integer_or(entry, "quantity_available");
    item.expired = field(offer, "is_expired") == true;
    item.described_by =
        to_lower(item.title + " " + string_or(entry, "brand") + " " +
                 string_or(entry, "category_path") + " " + merchant_name + " " + merchant_id);
    // An item without a whole number of cents cannot be sold.
    const Json& amount = field(price, "amount");
    const auto cents = amount.is_number_integer() ? cartpilot::whole_number(amount) : std::nullopt;
    if (item.product_id.empty() || !cents) continue;
    item.price_minor = *cents;
    items.push_back(std::move(item));
  }
  return items;
}

std::vector<ShelfItem> all_items(const Search& search) {
  std::vector<ShelfItem> items;
  for (const Json* offer : search.offers) {
    for (ShelfItem& item : items_of(*offer)) items.push_back(std::move(item));
  }
  std::sort(items.begin(), items.end(), [](const ShelfItem& a, const ShelfItem& b) {
    return std::tie(a.price_minor, a.merchant_id, a.title, a.product_id) <
           std::tie(b.price_minor, b.merchant_id, b.title, b.product_id);
  });
  return items;
}

/// What was searched for is in the query; what it may cost, in what the person said.
Wish wish_of(const Search& search, const std::string& text) {
  Wish wish = parse_wish(search.query);
  const Wish said = parse_wish(text);
  if (said.limit.given()) wish.limit = said.limit;
  return wish;
}

bool is_the_thing(const ShelfItem& item, const Wish& wish) {
  return wish.thing.empty() || mentions(item.described_by, wish.thing);
}

/// Priced in one that the limit does not name, or whose decimals nobody knows.
bool other_currency(const ShelfItem& item, const PriceLimit& limit) {
  return limit.given() && (!currency_decimals(item.currency) ||
                           (!limit.currency.empty() && limit.currency != item.currency));
}

/// How far a price is from the limit; 0 when it is within.
std::int64_t distance(const ShelfItem& item, const PriceLimit& limit) {
  const auto above = [&](std::optional<std::int64_t> bound) {
    return bound ? compared_with_hundredths(item.price_minor, item.currency, *bound).value_or(0)
                 : 0;
  };
  if (limit.at_least && above(limit.at_least) < 0) return -above(limit.at_least);
  if (limit.at_most && above(limit.at_most) > 0) return above(limit.at_most);
  return 0;
}

bool within(const ShelfItem& item, const PriceLimit& limit) {
  return !other_currency(item, limit) && distance(item, limit) == 0;
}

}  // namespace

Shelf make_shelf(const Search& search, const std::string& text) {
  Shelf shelf;
  shelf.wish = wish_of(search, text);
  shelf.offers = search.offers.size();
  std::vector<ShelfItem> outside;
  for (ShelfItem& item : all_items(search)) {
    if (!is_the_thing(item, shelf.wish)) {
      ++shelf.unrelated;
      continue;
    }
    ++shelf.matching;
    if (within(item, shelf.wish.limit)) {
      shelf.shown.push_back(std::move(item));
    } else {
      ++(other_currency(item, shelf.wish.limit) ? shelf.other_currency : shelf.over_limit);
      outside.push_back(std::move(item));
    }
  }
  shelf.fits = !shelf.shown.empty();
  if (!shelf.fits) {
    std::stable_sort(outside.begin(), outside.end(), [&](const ShelfItem& a, const ShelfItem& b) {
      return distance(a, shelf.wish.limit) < distance(b, shelf.wish.limit);
    });
    shelf.shown = std::move(outside);
  }
  const std::size_t most = shelf.fits ? kShown : kShownAsClosest;
  if (shelf.shown.size() > most) shelf.shown.resize(most);
  return shelf;
}

std::vector<std::string> best_offers(const Search& search, const std::string& text) {
  const Wish wish = wish_of(search, text);
  struct Rank {
    int group;  ///< 0: within the limit, 1: the thing, 2: anything
    std::int64_t price;
    std::string offer_id;
  };
  std::vector<Rank> ranks;
  for (const Json* offer : search.offers) {
    std::optional<Rank> best;
    for (const ShelfItem& item : items_of(*offer)) {
      const int group = !is_the_thing(item, wish) ? 2 : (within(item, wish.limit) ? 0 : 1);
      Rank rank{group, item.price_minor, item.offer_id};
      if (!best || std::tie(rank.group, rank.price) < std::tie(best->group, best->price)) {
        best = std::move(rank);
      }
    }
    if (best) ranks.push_back(*std::move(best));
  }
  std::stable_sort(ranks.begin(), ranks.end(), [](const Rank& a, const Rank& b) {
    return std::tie(a.group, a.price) < std::tie(b.group, b.price);
  });
  std::vector<std::string> ids;
  for (const Rank& rank : ranks) {
    if (ids.size() < kLookedInto) ids.push_back(rank.offer_id);
  }
  return ids;
}

std::vector<const ShelfItem*> chosen_from(const Shelf& shelf, const Choice& choice) {
  std::vector<const ShelfItem*> items;
  for (const ShelfItem& item : shelf.shown) {
    if (std::all_of(choice.words.begin(), choice.words.end(),
                    [&](const std::string& word) { return mentions(item.described_by, word); })) {
      items.push_back(&item);
    }
  }
  if (items.empty()) return items;
  if (choice.number) {
    // "the second Fabrikam" counts among the Fabrikams; a bare number among all.
    if (*choice.number < 1 || *choice.number > static_cast<std::int64_t>(items.size())) return {};
    return {items[static_cast<std::size_t>(*choice.number - 1)]};
  }
  if (choice.cheapest || choice.dearest || choice.last) {
    const auto by_price = [](const ShelfItem* a, const ShelfItem* b) {
      return a->price_minor < b->price_minor;
    };
    if (choice.cheapest) return {*std::min_element(items.begin(), items.end(), by_price)};
    if (choice.dearest) return {*std::max_element(items.begin(), items.end(), by_price)};
    return {items.back()};
  }
  return items;
}

}  // namespace cartpilot::offline
