#include "offline/replies.h"

#include <fmt/format.h>

#include "offline/answer_fields.h"
#include "offline/words.h"

namespace cartpilot::offline::replies {

namespace {

std::string plural(std::size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string limit_text(const PriceLimit& limit) {
  // Without a currency of its own the limit is read in the prices' currency.
  const auto amount = [&](std::int64_t hundredths) {
    return hundredths_text(hundredths, limit.currency);
  };
  if (limit.at_least && limit.at_most) {
    return fmt::format("between {} and {}", amount(*limit.at_least), amount(*limit.at_most));
  }
  if (limit.at_least) return fmt::format("from {}", amount(*limit.at_least));
  return fmt::format("up to {}", amount(limit.at_most.value_or(0)));
}

std::string list_of(const std::vector<ShelfItem>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const ShelfItem& item = items[i];
    text += fmt::format(
        "{}. {}, {}, {}, {}\n", i + 1, item.title, money_text(item.price_minor, item.currency),
        item.merchant_name,
        item.stock > 0 ? fmt::format("{} in stock", item.stock) : std::string("out of stock"));
  }
  return text;
}

std::string outside_text(const Shelf& shelf) {
  std::string text;
  if (shelf.over_limit > 0) {
    text +=
        fmt::format("{} outside that price.", plural(shelf.over_limit, "other is", "others are"));
  }
  if (shelf.other_currency > 0) {
    if (!text.empty()) text += ' ';
    text += fmt::format("{} priced in another currency.",
                        plural(shelf.other_currency, "other is", "others are"));
  }
  return text;
}

}  // namespace

std::string price(const Json& price) {
  const Json& amount = field(price, "amount");
  const auto cents = amount.is_number_integer() ? cartpilot::whole_number(amount) : std::nullopt;
  if (!cents) return "?";
  return money_text(*cents, one_line(string_or(price, "currency")));
}

std::string help() {
  return "I am the offline demo: simple rules, no model. Tell me\n"
         "- what you need: \"I need wireless headphones under $100\"\n"
         "- which one to buy: \"the second one\", \"2 of the cheapest\"\n"
         "- \"yes\" or \"no\" when I ask\n"
         "- \"where is my order\" or \"list my orders\"\n";
}

std::string shelf_list(const Shelf& shelf, const std::vector<std::string>& notes) {
  const std::string query = one_line(shelf.wish.query.empty() ? "that" : shelf.wish.query);
  std::string text;
  if (shelf.offers == 0) {
    text = fmt::format(
        "No shop answered for {}. They may be down just now: ask me again in a moment.\n", query);
  } else if (shelf.matching == 0) {
    text = fmt::format("I found no {} at the {} that answered. Try other words.\n", query,
                       plural(shelf.offers, "shop", "shops"));
  } else if (!shelf.fits) {
    text = fmt::format("I found no {} {}. {}Closest:\n{}", query, limit_text(shelf.wish.limit),
                       shelf.other_currency > 0 ? outside_text(shelf) + " " : "",
                       list_of(shelf.shown));
    text += "Say which one if it may cost that, or tell me another limit.\n";
  } else {
    text = fmt::format("{}{}:\n{}", query,
                       shelf.wish.limit.given() ? " " + limit_text(shelf.wish.limit) : "",
                       list_of(shelf.shown));
    const std::size_t within = shelf.matching - shelf.over_limit - shelf.other_currency;
    if (within > shelf.shown.size()) {
      text += fmt::format("{} not shown.\n",
                          plural(within - shelf.shown.size(), "dearer one is", "dearer ones are"));
    }
    if (const std::string outside = outside_text(shelf); !outside.empty()) text += outside + "\n";
    text += shelf.shown.size() == 1 ? "Say \"buy it\" to have it prepared.\n"
                                    : "Which one? For example \"the cheapest\" or \"number 2\".\n";
  }
  for (const std::string& note : notes) text += note + "\n";
  return text;
}

std::string which_one(const std::vector<const ShelfItem*>& candidates, const Shelf& shelf) {
  std::string text = "Which one do you mean?\n";
  for (const ShelfItem* item : candidates) {
    text += fmt::format("{}. {}, {}, {}\n", item - shelf.shown.data() + 1, item->title,
                        money_text(item->price_minor, item->currency), item->merchant_name);
  }
  return text + "Say its number, for example \"number 2\" or \"2 of number 1\".\n";
}

std::string not_on_the_list(const Shelf& shelf) {
  if (shelf.shown.empty()) {
    return "I have not shown you anything yet. Tell me what you need, for example \"wireless "
           "headphones under $100\".\n";
  }
  return fmt::format("That is not on the list, which has {}:\n{}",
                     plural(shelf.shown.size(), "entry", "entries"), list_of(shelf.shown));
}

std::string too_few(const ShelfItem& item, std::int64_t wanted) {
  if (wanted < 1) return "How many? Say for example \"2 of the first\".\n";
  if (item.stock <= 0) {
    return fmt::format("{} is out of stock at {}. Pick another one.\n", item.title,
                       item.merchant_name);
  }
  return fmt::format("{} has only {} of {}, you asked for {}. How many shall it be?\n",
                     item.merchant_name, item.stock, item.title, wanted);
}

std::string receipt(const Json& checkout, const std::string& merchant) {
  if (!field(checkout, "total").is_object()) return "";
  std::string text = fmt::format("From {}:\n", one_line(merchant));
  for (const Json& item : list(checkout, "items")) {
    text += fmt::format("  {} x {}, {} each\n", integer_or(item, "quantity"),
                        one_line(string_or(item, "title")), price(field(item, "unit_price")));
  }
  return text + fmt::format("  tax {}, shipping {}\n  total {}\n", price(field(checkout, "tax")),
                            price(field(checkout, "shipping")), price(field(checkout, "total")));
}

std::string ask_to_buy(const Json& checkout, const std::string& merchant) {
  return receipt(checkout, merchant) + "Nothing is bought yet. Shall I buy this? (yes or no)\n";
}

std::string ask_again(const Json& checkout, const Json* before, const std::string& merchant) {
  const std::string now = price(field(checkout, "total"));
  const std::string then = before == nullptr ? now : price(field(*before, "total"));
  const std::string change =
      then == now ? fmt::format("Something changed in the meantime; the total is still {}.", now)
                  : fmt::format("The price changed: the total was {}, now it is {}.", then, now);
  return fmt::format("{} Nothing was bought.\n{}Shall I buy it like this? (yes or no)\n", change,
                     receipt(checkout, merchant));
}

std::string bought(const Json& confirmation, const Json* order, const std::string& merchant,
                   const std::string& note) {
  const std::string number = string_or(confirmation, "merchant_order_id");
  std::string text = fmt::format("Bought at {} for {}.\n", one_line(merchant),
                                 price(field(confirmation, "total")));
  text += number.empty() ? "The merchant has given no order number yet.\n"
                         : fmt::format("Merchant order number: {}\n", one_line(number));
  if (order != nullptr) {
    text += fmt::format("Order status: {}\n", one_line(string_or(*order, "status", "unknown")));
  }
  if (!note.empty()) text += note + "\n";
  return text;
}

std::string order_status(const Json& order) {
  std::string text = fmt::format(
      "Order {} is {}, total {}.\n",
      one_line(string_or(order, "merchant_order_id", string_or(order, "id"))),
      one_line(string_or(order, "status", "in an unknown state")), price(field(order, "total")));
  if (const std::string number = string_or(order, "tracking_number"); !number.empty()) {
    text +=
        fmt::format("Tracking: {} {}\n", one_line(string_or(order, "carrier")), one_line(number));
  }
  if (const std::string reason = string_or(order, "cancelled_reason"); !reason.empty()) {
    text += fmt::format("Cancelled: {}\n", one_line(reason));
  }
  return text;
}

std::string order_list(const Json& page, const std::string& status) {
  const Json& orders = list(page, "items");
  const std::string kind = status.empty() ? "" : status + " ";
  if (orders.empty()) return fmt::format("There are no {}orders.\n", kind);
  const std::int64_t total = integer_or(page, "total", static_cast<std::int64_t>(orders.size()));
  std::string text =
      fmt::format("{} {}{}, newest first:\n", total, kind, total == 1 ? "order" : "orders");
  for (const Json& order : orders) {
    text += fmt::format("- {}, {}, {}, {}\n",
                        one_line(string_or(order, "merchant_order_id", string_or(order, "id"))),
                        one_line(string_or(order, "merchant_id")), price(field(order, "total")),
                        one_line(string_or(order, "status")));
  }
  return text;
}

}  // namespace cartpilot::offline::replies
