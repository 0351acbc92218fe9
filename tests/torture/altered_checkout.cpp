#include "torture/altered_checkout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "torture/fault_cartpilot.h"

namespace cartpilot::torture {
namespace {

constexpr std::array<std::string_view, 8> kKinds = {
    "swap_item",   "swap_in_gap", "swap_currency",  "swap_merchant",
    "split_total", "zero_quote",  "frozen_differs", "more_pieces"};

void replace_strings(Json& value, const std::string& member, const std::string& text) {
  if (value.is_array()) {
    for (Json& element : value) replace_strings(element, member, text);
  } else if (value.is_object()) {
    for (auto& [name, child] : value.items()) {
      if (name == member && child.is_string()) {
        child = text;
      } else {
        replace_strings(child, member, text);
      }
    }
  }
}

/// A re-quote opens a new session at the merchant.
void requote(Json& checkout, const Json& alteration) {
  checkout["merchant_checkout_id"] = alteration.at("session");
  checkout["receipt_hash"] = string_or(alteration, "session").substr(0, 16);
}

void other_item(Json& checkout) {
  if (!checkout.at("items").is_array() || checkout.at("items").empty()) return;
  Json& item = checkout["items"][0];
  item["product_id"] = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";
  item["sku"] = "OTHER-0001";
  item["title"] = "Something else";
}

}  // namespace

bool is_alteration(std::string_view kind) {
  return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

void wear(Json& checkout, const Json& alteration) {
  const std::string kind = string_or(alteration, "kind");
  const bool quoted = checkout.at("total").is_object();
  if (kind == "unaware" || kind == "expired") {
    checkout = alteration.at("view");
  } else if (kind == "requoted") {
    checkout = alteration.at("view");
    other_item(checkout);
    requote(checkout, alteration);
    checkout["status"] = "quoted";
    checkout["frozen_receipt"] = nullptr;
  } else if (!quoted) {
    return;
  } else if (kind == "swap_item" || kind == "swap_in_gap") {
    other_item(checkout);
    requote(checkout, alteration);
  } else if (kind == "swap_currency") {
    const Json frozen = checkout.at("frozen_receipt");
    replace_strings(checkout, "currency", "GBP");
    checkout["frozen_receipt"] = frozen;
    requote(checkout, alteration);
  } else if (kind == "swap_merchant") {
    checkout["merchant_id"] = "merchant-z";
  } else if (kind == "split_total") {
    checkout["tax"]["amount"] = checkout.at("tax").at("amount").get<std::int64_t>() - 1;
    checkout["shipping"]["amount"] = checkout.at("shipping").at("amount").get<std::int64_t>() + 1;
  } else if (kind == "zero_quote") {
    for (const char* member : {"subtotal", "tax", "shipping", "total"}) {
      checkout[member]["amount"] = 0;
    }
    for (Json& item : checkout["items"]) {
      item["unit_price"]["amount"] = 0;
      item["line_total"]["amount"] = 0;
      item["quantity"] = 1;
    }
    Json& frozen = checkout["frozen_receipt"];
    if (!frozen.is_object()) return;
    for (const char* member : {"subtotal_cents", "tax_cents", "shipping_cents", "total_cents"}) {
      frozen[member] = 0;
    }
    for (Json& item : frozen["items"]) {
      item["unit_price_cents"] = 0;
      item["quantity"] = 1;
    }
  } else if (kind == "frozen_differs") {
    if (checkout.at("frozen_receipt").is_object()) {
      checkout["frozen_receipt"]["items"][0]["product_id"] = "00ff00ff00ff00ff00ff00ff00ff00ff";
    }
  } else if (kind == "more_pieces") {
    requote(checkout, alteration);
    Json& item = checkout["items"][0];
    item["quantity"] = item.at("quantity").get<std::int64_t>() + 1;
  }
}

std::string fresh_session_id(int number) {
  return fmt::format("{:08x}-0000-4000-8000-00000000f00d", number);
}

Json items_to_quote(const Json& checkout) {
  Json items = Json::array();
  for (const Json& item : checkout.at("items")) {
    items.push_back({{"product_id", item.at("product_id")},
                     {"variant_id", item.at("variant_id")},
                     {"quantity", item.at("quantity")}});
  }
  return {{"items", items}};
}

std::optional<std::string> injected_text(const std::vector<Fault>& faults) {
  for (const Fault& fault : faults) {
    if (fault.kind == "inject") return string_or(fault.detail, "text");
  }
  return std::nullopt;
}

void add_to_titles(Json& answer, const std::string& text) {
  if (answer.is_array()) {
    for (Json& element : answer) add_to_titles(element, text);
  } else if (answer.is_object()) {
    for (auto& [name, child] : answer.items()) {
      if (name == "title" && child.is_string()) {
        child = child.get<std::string>() + text;
      } else {
        add_to_titles(child, text);
      }
    }
  }
}

}  // namespace cartpilot::torture
