#include "purchase/keys.h"

#include <algorithm>

#include "base/digest.h"
#include "base/outside.h"
#include "cartpilot/error.h"
#include "commerce/receipt.h"

namespace cartpilot::purchase {
namespace {

using commerce::netstring;

constexpr std::size_t kKeyHexDigits = 32;

}  // namespace

commerce::CartPilotIdentity identity_of(const commerce::ClientOptions& client,
                                        const std::string& salt) {
  if (!client.sandbox_id.empty()) return commerce::CartPilotIdentity::sandbox(client.sandbox_id);
  auto identity = commerce::CartPilotIdentity::real(client.base_url, client.api_key, salt);
  base::Outside* const outside = base::outside_here();
  return outside == nullptr
             ? identity
             : commerce::CartPilotIdentity::from_text(outside->keyed(identity.text()));
}

std::string canonical_items(const std::vector<commerce::ItemRequest>& items) {
  std::vector<std::string> lines;
  lines.reserve(items.size());
  for (const commerce::ItemRequest& item : items) {
    // An empty variant and none at all name the same article.
    lines.push_back(netstring(item.product_id) + netstring(item.variant_id.value_or("")) +
                    netstring(std::to_string(item.quantity)));
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += netstring(line);
  return text;
}

std::vector<commerce::ItemRequest> requested_items(const Json& arguments) {
  std::vector<commerce::ItemRequest> items;
  const auto found = arguments.is_object() ? arguments.find("items") : arguments.end();
  if (!arguments.is_object() || found == arguments.end() || !found->is_array()) return items;
  for (const Json& entry : *found) {
    commerce::ItemRequest item;
    item.product_id = string_or(entry, "product_id");
    const std::string variant = string_or(entry, "variant_id");
    if (!variant.empty()) item.variant_id = variant;
    item.quantity = integer_or(entry, "quantity", 1);
    items.push_back(std::move(item));
  }
  return items;
}

std::vector<commerce::ItemRequest> items_of(const commerce::Checkout& checkout) {
  std::vector<commerce::ItemRequest> items;
  for (const commerce::CheckoutItem& item : checkout.items) {
    items.push_back({item.product_id, item.variant_id, item.quantity});
  }
  return items;
}

std::string basket_of(const std::string& merchant_id,
                      const std::vector<commerce::ItemRequest>& items) {
  return base::sha256_hex(netstring(merchant_id) + canonical_items(items));
}

std::string derive_key(const std::string& secret, std::string_view operation,
                       std::string_view session, std::string_view subject, std::int64_t ordinal) {
  const std::string text = netstring(operation) + netstring(session) + netstring(subject) +
                           netstring(std::to_string(ordinal));
  std::string key = base::hmac_sha256_hex(secret, text).substr(0, kKeyHexDigits);
  // A replay has another installation's secret.
  base::Outside* const outside = base::outside_here();
  return outside == nullptr ? key : outside->keyed(key);
}

}  // namespace cartpilot::purchase
