#include "commerce/receipt.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "cartpilot/error.h"
#include "commerce/currency.h"

namespace cartpilot::commerce {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  Error error(ErrorCode::kInvalidArgument, "the receipt cannot be trusted: " + what);
  error.reason = "receipt";
  throw error;
}

/// What a person must be able to see whole. Nothing is ever shortened on a receipt, so a field
/// that is too long to show is a reason not to ask.
void check_identity(std::string_view name, const std::string& value, bool may_be_empty = false) {
  if (value.empty() && !may_be_empty) refuse(fmt::format("{} is empty", name));
  if (value.size() > kMaxIdentityBytes) {
    refuse(fmt::format("{} has {} bytes, more than the {} that can be shown whole", name,
                       value.size(), kMaxIdentityBytes));
  }
}

const Money& present(const std::optional<Money>& money, std::string_view name) {
  if (!money) refuse(fmt::format("{} is missing", name));
  return *money;
}

void check_line(std::size_t number, const CheckoutItem& item, const FrozenReceipt::Item& frozen,
                const std::string& currency) {
  const std::string line = fmt::format("line {}", number);
  check_identity(line + " product id", item.product_id);
  check_identity(line + " variant id", item.variant_id.value_or(""), true);
  check_identity(line + " sku", item.sku, true);
  check_identity(line + " title", item.title);
  if (item.product_id != frozen.product_id || item.variant_id != frozen.variant_id ||
      item.sku != frozen.sku || item.title != frozen.title || item.quantity != frozen.quantity ||
      item.unit_price != Money{frozen.unit_price_cents, frozen.currency}) {
    refuse(line + " of the frozen receipt is not the line of the checkout");
  }
  if (item.quantity < 1 || item.quantity > kMaxQuantity) {
    refuse(
        fmt::format("{} has quantity {}, allowed are 1 to {}", line, item.quantity, kMaxQuantity));
  }
  if (item.unit_price.currency != currency || item.line_total.currency != currency) {
    refuse(line + " is in another currency than the total");
  }
  if (item.unit_price.minor < 0) refuse(line + " has a negative price");
  if (multiply(item.unit_price, item.quantity) != item.line_total) {
    refuse(line + " is not its unit price times its quantity");
  }
}

void check_totals(const Checkout& checkout, const FrozenReceipt& frozen) {
  const Money& subtotal = present(checkout.subtotal, "the subtotal");
  const Money& tax = present(checkout.tax, "the tax");
  const Money& shipping = present(checkout.shipping, "the shipping");
  const Money& total = present(checkout.total, "the total");
  const std::string& currency = frozen.currency;
  if (subtotal != Money{frozen.subtotal_cents, currency} ||
      tax != Money{frozen.tax_cents, currency} ||
      shipping != Money{frozen.shipping_cents, currency} ||
      total != Money{frozen.total_cents, currency}) {
    refuse("the frozen amounts are not the amounts of the checkout");
  }
  if (tax.minor < 0 || shipping.minor < 0) refuse("tax or shipping is negative");
  if (total.minor <= 0) refuse("the total is not above zero");
  Money sum{0, currency};
  for (const CheckoutItem& item : checkout.items) sum = add(sum, item.line_total);
  if (sum != subtotal) refuse("the lines do not add up to the subtotal");
  if (add(add(subtotal, tax), shipping) != total) {
    refuse("subtotal, tax and shipping do not add up to the total");
  }
}

/// A missing field and an empty one must not serialise alike.
std::string optional_netstring(const std::optional<std::string>& field) {
  return field ? netstring("1") + netstring(*field) : netstring("0");
}

std::string digest_of(const Receipt& receipt) {
  const Checkout& checkout = receipt.checkout;
  const FrozenReceipt& frozen = receipt.frozen;
  const auto number = [](auto value) { return netstring(std::to_string(value)); };
  std::string text = netstring("cp-consent-1") + netstring(receipt.api_origin) +
                     netstring(checkout.id) + netstring(checkout.merchant_id) +
                     optional_netstring(checkout.merchant_checkout_id) + netstring(frozen.hash) +
                     optional_netstring(checkout.receipt_hash) + netstring(frozen.currency) +
                     number(frozen.subtotal_cents) + number(frozen.tax_cents) +
                     number(frozen.shipping_cents) + number(frozen.total_cents) +
                     netstring(receipt.payment_method) + netstring(checkout.expires_at) +
                     number(frozen.items.size());
  for (const FrozenReceipt::Item& item : frozen.items) {
    text += netstring(item.product_id) + optional_netstring(item.variant_id) + netstring(item.sku) +
            netstring(item.title) + number(item.unit_price_cents) + number(item.quantity) +
            netstring(item.currency);
  }
  return base::sha256_hex(text);
}

}  // namespace

Receipt make_receipt(const std::string& api_origin, const std::string& payment_method,
                     const Checkout& checkout) {
  if (!checkout.frozen_receipt) refuse("CartPilot has not frozen it");
  const FrozenReceipt& frozen = *checkout.frozen_receipt;
  check_identity("the checkout id", checkout.id);
  check_identity("the merchant", checkout.merchant_id);
  check_identity("the merchant's session", checkout.merchant_checkout_id.value_or(""));
  check_identity("the currency", frozen.currency);
  if (!decimals_of(frozen.currency)) {
    refuse(
        fmt::format("its currency {} is not one this program knows, so its amounts cannot be shown",
                    dump_json(Json(frozen.currency))));
  }
  check_identity("the payment method", payment_method);
  if (checkout.items.empty()) refuse("it has no lines");
  if (checkout.items.size() > kMaxReceiptLines) {
    refuse(fmt::format("it has {} lines, more than the {} that can be shown", checkout.items.size(),
                       kMaxReceiptLines));
  }
  if (checkout.items.size() != frozen.items.size()) {
    refuse("the frozen receipt has another number of lines than the checkout");
  }
  try {
    for (std::size_t i = 0; i < checkout.items.size(); ++i) {
      check_line(i + 1, checkout.items[i], frozen.items[i], frozen.currency);
    }
    check_totals(checkout, frozen);
  } catch (const Error& error) {
    if (error.reason == "receipt") throw;
    refuse(error.what());  // overflow, or two currencies in one sum
  }
  Receipt receipt{api_origin, payment_method, checkout, frozen, ""};
  receipt.digest = digest_of(receipt);
  return receipt;
}

bool frozen_hash_fits(const FrozenReceipt& frozen) {
  std::string text = fmt::format("{}|{}|", frozen.total_cents, frozen.currency);
  for (std::size_t i = 0; i < frozen.items.size(); ++i) {
    const FrozenReceipt::Item& item = frozen.items[i];
    text += fmt::format("{}{}:{}:{}:{}", i == 0 ? "" : "|", item.product_id,
                        item.variant_id.value_or(""), item.quantity, item.unit_price_cents);
  }
  return base::sha256_hex(text).substr(0, 16) == frozen.hash;
}

std::string netstring(std::string_view field) { return fmt::format("{}:{},", field.size(), field); }

}  // namespace cartpilot::commerce
