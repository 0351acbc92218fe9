// The shelf: what a search found, sorted and held against the wish, as the person sees it.
//
// CartPilot matches words and ignores prices, so the shelf keeps what the wish is about, applies
// the price limit and puts the cheapest first. The same history gives the same shelf every time:
// that is what "the second one" in a later turn relies on. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "offline/shopping_history.h"
#include "offline/utterance.h"
#include "offline/wish_parser.h"

namespace cartpilot::offline {

struct ShelfItem {
  std::string offer_id;
  std::string merchant_id;
  std::string merchant_name;
  std::string product_id;
  std::string title;
  std::string described_by;  ///< title, brand, category and merchant in lower case, to search in
  std::int64_t price_minor = 0;
  std::string currency;
  std::int64_t stock = 0;
  bool expired = false;  ///< the offer's hour is over
};

struct Shelf {
  Wish wish;
  std::vector<ShelfItem> shown;    ///< in the order of their numbers
  std::size_t offers = 0;          ///< merchants that answered
  std::size_t matching = 0;        ///< items that are what was asked for, at any price
  std::size_t over_limit = 0;      ///< of these, outside the price limit
  std::size_t other_currency = 0;  ///< of these, priced in another currency than the limit
  std::size_t unrelated = 0;       ///< found by a word only, and left out
  bool fits = false;               ///< `shown` meets the wish; else it is what comes closest
};

/// `text` is what the person said when the search began.
Shelf make_shelf(const Search& search, const std::string& text);

/// Ids of the (at most) two offers worth a closer look: with the cheapest matching items.
std::vector<std::string> best_offers(const Search& search, const std::string& text);

/// The items of the shelf a choice may mean. Empty: none, or a number that is not on the list.
std::vector<const ShelfItem*> chosen_from(const Shelf& shelf, const Choice& choice);

}  // namespace cartpilot::offline
