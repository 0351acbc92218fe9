#include "terminal/shop_lines.h"

#include <fmt/format.h>

#include "commerce/money.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kMaxRows = 20;

const Json& member(const Json& object, const char* key) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

std::string money_in(const Json& object, const char* key) {
  const Json& money = member(object, key);
  const Json& amount = member(money, "amount");
  const std::string currency = string_or(money, "currency");
  if (!amount.is_number_integer() || currency.empty()) return "";
  return commerce::format_money({amount.get<std::int64_t>(), currency});
}

std::string counted(std::int64_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string quoted(const Json& object, const char* key, const char* before) {
  const std::string text = string_or(object, key);
  return text.empty() ? "" : fmt::format("{}\"{}\"", before, text);
}

std::string merchant_of(const Json& object) {
  const std::string name = string_or(member(object, "metadata"), "merchant_name");
  return name.empty() ? string_or(object, "merchant_id") : name;
}

}  // namespace

std::string sentence_of(const std::string& function, const Json& arguments) {
  if (function == "create_intent") return "Noting what you want" + quoted(arguments, "query", ": ");
  if (function == "get_intent_offers") return "Searching the shops";
  if (function == "get_offer_details") return "Reading an offer";
  if (function == "create_checkout") return "Opening a checkout";
  if (function == "get_checkout") return "Looking at the checkout";
  if (function == "quote_checkout") return "Asking the merchant for the price";
  if (function == "request_approval") return "Preparing the receipt";
  if (function == "approve_checkout") return "Asking for approval";
  if (function == "confirm_checkout") return "Placing the order";
  if (function == "get_order_status") return "Looking at the order";
  if (function == "list_orders") return "Listing the orders";
  return "";
}

std::string outcome_of(const std::string& function, const Json& result) {
  if (function == "get_intent_offers" || function == "list_orders") {
    const Json& total = member(result, "total");
    if (!total.is_number_integer()) return "";
    return function == "list_orders" ? counted(total.get<std::int64_t>(), "order", "orders")
                                     : counted(total.get<std::int64_t>(), "offer", "offers");
  }
  if (function == "get_offer_details") {
    const std::string merchant = merchant_of(result);
    const std::string products =
        counted(static_cast<std::int64_t>(member(result, "items").size()), "product", "products");
    return merchant.empty() ? products : fmt::format("{} of {}", products, merchant);
  }
  if (function == "quote_checkout") return money_in(result, "total");
  if (function == "get_checkout" || function == "get_order_status") {
    return string_or(result, "status");
  }
  return "";
}

Table offers_table(const Json& result) {
  Table table;
  std::size_t left_out = 0;
  for (const Json& offer : member(result, "items")) {
    for (const Json& item : member(offer, "items")) {
      const std::string price = money_in(item, "price");
      if (price.empty()) continue;
      if (table.rows.size() == kMaxRows + 1) {
        ++left_out;
        continue;
      }
      if (table.rows.empty()) {
        table.rows.push_back({{"#", true},
                              {"Product", false},
                              {"Price", true},
                              {"Stock", true},
                              {"Merchant", false},
                              {"Rating", true}});
      }
      const Json& stock = member(item, "quantity_available");
      const Json& rating = member(item, "rating");
      table.rows.push_back(
          {{std::to_string(table.rows.size()), true},
           {string_or(item, "title"), false},
           {price, true},
           {stock.is_number_integer() ? std::to_string(stock.get<std::int64_t>()) : "", true},
           {merchant_of(offer), false},
           {rating.is_number() ? fmt::format("{:.1f}", rating.get<double>()) : "", true}});
    }
  }
  if (left_out > 0) {
    table.rows.push_back(
        {{"", true}, {fmt::format("and {} more", left_out), false}, {}, {}, {}, {}});
  }
  return table;
}

std::vector<CardLine> card_of(const std::string& function, const Json& result, bool sandbox) {
  const bool order = function == "get_order_status";
  if (!order && function != "quote_checkout") return {};
  const std::string total = money_in(result, "total");
  if (total.empty()) return {};
  std::vector<CardLine> card;
  const std::string number = order ? string_or(result, "merchant_order_id") : "";
  card.push_back({fmt::format("{}{} at {}", order ? "Order" : "Checkout",
                              number.empty() ? "" : " " + number, merchant_of(result))});
  for (const Json& item : member(result, "items")) {
    card.push_back({fmt::format("  {} x {}, {} each", integer_or(item, "quantity"),
                                string_or(item, "title"), money_in(item, "unit_price"))});
  }
  for (const char* part : {"tax", "shipping"}) {
    const std::string amount = money_in(result, part);
    if (!amount.empty()) card.push_back({fmt::format("  {} {}", part, amount)});
  }
  card.push_back(
      {fmt::format("  total {}{}", total, sandbox ? " (SANDBOX, no real money)" : ""), true});
  const std::string status = string_or(result, "status");
  if (order && !status.empty()) card.push_back({"  " + status});
  return card;
}

}  // namespace cartpilot::host
