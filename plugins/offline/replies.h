// What the offline shopper says. Pure functions from what is known to plain English text.
#pragma once

#include <string>
#include <vector>

#include "offline/shelf.h"
#include "offline/shopping_history.h"

namespace cartpilot::offline::replies {

std::string help();

/// The numbered list, or why there is none. `notes` are lines to add at the end.
std::string shelf_list(const Shelf& shelf, const std::vector<std::string>& notes);

std::string which_one(const std::vector<const ShelfItem*>& candidates, const Shelf& shelf);
std::string not_on_the_list(const Shelf& shelf);
std::string too_few(const ShelfItem& item, std::int64_t wanted);

/// Lines, tax, shipping and total of a checkout. "" when it has no total yet.
std::string receipt(const Json& checkout, const std::string& merchant);

/// The receipt and the question.
std::string ask_to_buy(const Json& checkout, const std::string& merchant);

/// The same after the price or the basket changed; `before` may be null.
std::string ask_again(const Json& checkout, const Json* before, const std::string& merchant);

/// After a confirm. `order` is get_order_status's answer or null, `note` why it is missing.
std::string bought(const Json& confirmation, const Json* order, const std::string& merchant,
                   const std::string& note);

std::string order_status(const Json& order);
std::string order_list(const Json& page, const std::string& status);

/// What a failed call means, in one or two sentences.
std::string failure(const Exchange& exchange);

/// "86.38 USD" of {"amount","currency"}; "?" when it is no price.
std::string price(const Json& price);

}  // namespace cartpilot::offline::replies
