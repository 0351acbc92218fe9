#include "sandbox/service/checkouts.h"

#include <fmt/format.h>

#include "base/random.h"
#include "sandbox/service/identifiers.h"
#include "sandbox/wire/refusal.h"

namespace cartpilot::sandbox {
namespace {

std::string expired_message(const Checkout& checkout) {
  return fmt::format("Checkout {} has expired", checkout.id);
}

// Written as the service writes it: a Python list of quoted names.
std::string allowed_transitions(CheckoutStatus status) {
  std::string list;
  for (const CheckoutStatus next : next_states(status)) {
    list += fmt::format("{}'{}'", list.empty() ? "" : ", ", name(next));
  }
  return "[" + list + "]";
}

void require_transition(const Checkout& checkout, CheckoutStatus to, const char* error_code) {
  if (may_become(checkout.status, to)) return;
  throw Refusal(400, error_code,
                fmt::format("Cannot transition Checkout({}) from '{}' to '{}'."
                            " Allowed transitions: {}",
                            checkout.id, name(checkout.status), name(to),
                            allowed_transitions(checkout.status)));
}

bool takes_quotes(CheckoutStatus status) {
  using enum CheckoutStatus;
  return status == kCreated || status == kQuoted || status == kAwaitingApproval ||
         status == kApproved;
}

void record(Checkout& checkout, Micros now, const char* action, std::optional<CheckoutStatus> from,
            Json details, std::optional<std::string> actor = std::nullopt) {
  checkout.audit_trail.push_back(
      {now, action, from, checkout.status, std::move(actor), std::move(details)});
}

// Covers what is bought at which unit price, and the total; not the checkout, tax or shipping.
std::string frozen_hash(const Checkout& checkout) {
  std::string text = fmt::format("{}|{}|", checkout.totals.total_cents, kCurrency);
  const char* separator = "";
  for (const LineItem& item : checkout.items) {
    text += fmt::format("{}{}:{}:{}:{}", separator, item.product_id, item.variant_id.value_or(""),
                        item.quantity, item.unit_price_cents);
    separator = "|";
  }
  return short_hash(text);
}

Refusal merchant_error(const Merchant& merchant, const std::string& text) {
  return Refusal(400, "MERCHANT_ERROR", fmt::format("[{}] {}", merchant.id(), text));
}

Refusal confirm_refusal(const Merchant& merchant, const MerchantRefusal& refusal) {
  if (refusal.status == 409) {
    const std::string text = fmt::format("{}: {}", refusal.code, refusal.what());
    if (refusal.code != "PRICE_CHANGED") return merchant_error(merchant, text);
    return Refusal(409, "REAPPROVAL_REQUIRED", fmt::format("[{}] {}", merchant.id(), text));
  }
  if (refusal.status == 404) return merchant_error(merchant, refusal.what());
  return merchant_error(merchant, "Failed to confirm checkout: " + refusal.body());
}

}  // namespace

std::string CheckoutService::create(const std::string& offer_id,
                                    const std::optional<std::string>& key) {
  if (key) {
    if (std::optional<std::string> known = store_.checkout_text_by_key(*key)) return *known;
  }
  const std::optional<std::string> merchant_id = store_.merchant_of_offer(offer_id);
  if (!merchant_id) throw Refusal(404, "OFFER_NOT_FOUND", "Offer not found: " + offer_id);
  Checkout checkout;
  checkout.id = base::random_uuid();
  checkout.offer_id = offer_id;
  checkout.merchant_id = *merchant_id;
  checkout.expires_at = clock_() + kDay;
  checkout.created_at = clock_();
  checkout.updated_at = clock_();
  record(checkout, clock_(), "checkout_created", std::nullopt,
         {{"offer_id", offer_id}, {"merchant_id", *merchant_id}});
  return store_.add(checkout, key);
}

std::string CheckoutService::text(const std::string& id) {
  std::optional<std::string> found = store_.checkout_text(id);
  if (!found) throw Refusal(404, "CHECKOUT_NOT_FOUND", "Checkout not found: " + id);
  return std::move(*found);
}

Checkout CheckoutService::get(const std::string& id) {
  std::optional<Checkout> checkout = store_.find_checkout(id);
  if (!checkout) throw Refusal(404, "CHECKOUT_NOT_FOUND", "Checkout not found: " + id);
  return std::move(*checkout);
}

Merchant& CheckoutService::merchant_of(const Checkout& checkout) const {
  Merchant* merchant = merchants_.find(checkout.merchant_id);
  if (merchant == nullptr || merchant->state() == MerchantState::kDisabled) {
    throw Refusal(400, "MERCHANT_NOT_FOUND", "Merchant not found: " + checkout.merchant_id);
  }
  return *merchant;
}

std::string CheckoutService::quote(const std::string& id, const std::vector<ItemRequest>& items,
                                   const std::optional<std::string>& customer_email) {
  Checkout checkout = get(id);
  if (!takes_quotes(checkout.status)) {
    throw Refusal(400, "INVALID_STATE",
                  fmt::format("Cannot quote checkout in state: {}", name(checkout.status)));
  }
  Merchant& merchant = merchant_of(checkout);
  if (merchant.state() == MerchantState::kUnreachable) {
    throw merchant_error(merchant, "Quote request failed: All connection attempts failed");
  }
  MerchantSession session;
  try {
    session = merchant.quote(items, customer_email);
  } catch (const MerchantRefusal& refusal) {
    throw merchant_error(merchant, "Failed to create quote: " + refusal.body());
  }
  if (expired(checkout)) throw Refusal(400, "QUOTE_FAILED", expired_message(checkout));
  if (checkout.status == CheckoutStatus::kQuoted) {
    require_transition(checkout, CheckoutStatus::kQuoted, "QUOTE_FAILED");
  }
  accept_quote(checkout, session);
  return store_.save(checkout);
}

bool CheckoutService::needs_approval_again(const Checkout& checkout) const {
  if (!checkout.frozen_receipt) return false;
  const FrozenReceipt& frozen = *checkout.frozen_receipt;
  if (frozen.totals.total_cents != checkout.totals.total_cents) return true;
  // Both merchants sell in one currency, so items and total are all there is to compare.
  return strict_ && !(frozen.items == checkout.items);
}

void CheckoutService::accept_quote(Checkout& checkout, const MerchantSession& session) {
  const CheckoutStatus before = checkout.status;
  checkout.items = session.items;
  checkout.totals = session.totals;
  checkout.merchant_checkout_id = session.id;
  checkout.receipt_hash = session.receipt_hash;
  const std::int64_t new_total = checkout.totals.total_cents;
  if (before == CheckoutStatus::kCreated) {
    checkout.status = CheckoutStatus::kQuoted;
    record(checkout, clock_(), "quote_received", before,
           {{"total_cents", new_total}, {"merchant_checkout_id", session.id}});
  } else if (needs_approval_again(checkout)) {
    checkout.status = CheckoutStatus::kQuoted;
    record(checkout, clock_(), "price_changed_reapproval_required", before,
           {{"original_total_cents", checkout.frozen_receipt->totals.total_cents},
            {"new_total_cents", new_total}});
    checkout.frozen_receipt.reset();
  }
  checkout.updated_at = clock_();
}

std::string CheckoutService::request_approval(const std::string& id) {
  Checkout checkout = get(id);
  if (expired(checkout)) throw Refusal(400, "CHECKOUT_EXPIRED", expired_message(checkout));
  require_transition(checkout, CheckoutStatus::kAwaitingApproval, "APPROVAL_REQUEST_FAILED");
  checkout.frozen_receipt =
      FrozenReceipt{frozen_hash(checkout), checkout.items, checkout.totals, clock_()};
  checkout.status = CheckoutStatus::kAwaitingApproval;
  checkout.updated_at = clock_();
  record(checkout, clock_(), "approval_requested", CheckoutStatus::kQuoted,
         {{"frozen_receipt_hash", checkout.frozen_receipt->hash},
          {"total_cents", checkout.totals.total_cents}});
  return store_.save(checkout);
}

std::string CheckoutService::approve(const std::string& id, const std::string& approved_by) {
  Checkout checkout = get(id);
  if (expired(checkout)) throw Refusal(400, "CHECKOUT_EXPIRED", expired_message(checkout));
  require_transition(checkout, CheckoutStatus::kApproved, "APPROVAL_FAILED");
  checkout.status = CheckoutStatus::kApproved;
  checkout.approved_by = approved_by;
  checkout.approved_at = clock_();
  checkout.updated_at = clock_();
  record(checkout, clock_(), "approved", CheckoutStatus::kAwaitingApproval,
         {{"total_cents", checkout.totals.total_cents}}, approved_by);
  return store_.save(checkout);
}

bool CheckoutService::is_confirmed(const std::string& id) {
  return store_.checkout_status(id) == name(CheckoutStatus::kConfirmed);
}

MerchantSession CheckoutService::ask_to_sell(const Checkout& checkout) {
  if (!checkout.merchant_checkout_id) {
    throw Refusal(400, "QUOTE_REQUIRED", "No merchant checkout ID - quote required first");
  }
  Merchant& merchant = merchant_of(checkout);
  if (merchant.state() == MerchantState::kUnreachable) {
    throw merchant_error(merchant, "Confirm request failed: All connection attempts failed");
  }
  try {
    return merchant.confirm(*checkout.merchant_checkout_id);
  } catch (const MerchantRefusal& refusal) {
    throw confirm_refusal(merchant, refusal);
  }
}

CheckoutService::Confirmation CheckoutService::confirm(const std::string& id, bool overtaken) {
  Checkout checkout = get(id);
  if (checkout.status == CheckoutStatus::kConfirmed) {
    if (!overtaken) return {std::move(checkout), std::nullopt};
    throw Refusal(400, "CONFIRM_FAILED",
                  fmt::format("Checkout {} is already confirmed with order {}", checkout.id,
                              checkout.merchant_order_id.value_or("")));
  }
  if (checkout.status != CheckoutStatus::kApproved) {
    throw Refusal(400, "NOT_APPROVED",
                  fmt::format("Checkout must be approved before confirmation (current: {})",
                              name(checkout.status)));
  }
  if (checkout.frozen_receipt &&
      checkout.frozen_receipt->totals.total_cents != checkout.totals.total_cents) {
    throw Refusal(409, "REAPPROVAL_REQUIRED", "Price has changed, re-approval required");
  }
  if (strict_ && expired(checkout)) {
    throw Refusal(400, "CHECKOUT_EXPIRED", expired_message(checkout));
  }
  const MerchantSession session = ask_to_sell(checkout);
  // Too late to spare the buyer the merchant's charge, as in the service.
  if (expired(checkout)) throw Refusal(400, "CHECKOUT_EXPIRED", expired_message(checkout));
  checkout.status = CheckoutStatus::kConfirmed;
  checkout.merchant_order_id = session.merchant_order_id;
  checkout.confirmed_at = clock_();
  checkout.updated_at = clock_();
  record(checkout, clock_(), "confirmed", CheckoutStatus::kApproved,
         {{"merchant_order_id", session.merchant_order_id.value_or("")},
          {"total_cents", checkout.totals.total_cents}});
  store_.save(checkout);
  std::string order_id = orders_.create(checkout);
  return {std::move(checkout), std::move(order_id)};
}

}  // namespace cartpilot::sandbox
