// CheckoutService: a checkout's way from created to confirmed, faithful to the service.
//
// Faithful includes its weak spots: items given at creation are dropped, a quote in the wrong state
// still opens a merchant session, only totals are compared after an approval, and expiry is looked
// at after the merchant was asked. docs/sandbox.md lists them. Guarded by the application's lock.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sandbox/merchant/merchants.h"
#include "sandbox/service/orders.h"
#include "sandbox/store/store.h"

namespace cartpilot::sandbox {

class CheckoutService {
 public:
  /// `strict` closes two of the weak spots: a confirmation looks at the expiry before the merchant
  /// is asked, and any change of what was frozen needs a new approval.
  CheckoutService(SandboxStore& store, Merchants& merchants, OrderService& orders,
                  const Clock& clock, bool strict)
      : store_(store), merchants_(merchants), orders_(orders), clock_(clock), strict_(strict) {}

  // The calls that return text return the checkout as the API shows it.

  /// A key seen before returns the checkout made with it, as it is now, whatever else is asked.
  /// Throws Refusal{404 OFFER_NOT_FOUND}.
  std::string create(const std::string& offer_id, const std::optional<std::string>& key);

  /// Throws Refusal{404 CHECKOUT_NOT_FOUND}, as do all calls below.
  std::string text(const std::string& id);

  /// Asks the merchant for prices. After an approval request a different total takes the checkout
  /// back to quoted; an equal one leaves its status. Throws Refusal: INVALID_STATE, QUOTE_FAILED,
  /// MERCHANT_NOT_FOUND, MERCHANT_ERROR (all 400).
  std::string quote(const std::string& id, const std::vector<ItemRequest>& items,
                    const std::optional<std::string>& customer_email);

  /// Freezes the receipt. Throws Refusal: CHECKOUT_EXPIRED, APPROVAL_REQUEST_FAILED (400).
  std::string request_approval(const std::string& id);

  /// Throws Refusal: CHECKOUT_EXPIRED, APPROVAL_FAILED (400).
  std::string approve(const std::string& id, const std::string& approved_by);

  struct Confirmation {
    Checkout checkout;
    std::optional<std::string> order_id;  ///< nullopt when the checkout was confirmed before
  };
  /// Buys. `overtaken` says that the request came while the checkout was still unconfirmed: when it
  /// has been confirmed since, the race is lost. Throws Refusal: NOT_APPROVED, QUOTE_REQUIRED,
  /// MERCHANT_NOT_FOUND, MERCHANT_ERROR, CHECKOUT_EXPIRED, CONFIRM_FAILED (400),
  /// REAPPROVAL_REQUIRED (409; the checkout stays approved).
  Confirmation confirm(const std::string& id, bool overtaken);

  /// False also when there is no such checkout.
  bool is_confirmed(const std::string& id);

 private:
  Checkout get(const std::string& id);
  Merchant& merchant_of(const Checkout& checkout) const;
  bool expired(const Checkout& checkout) const { return clock_() > checkout.expires_at; }
  bool needs_approval_again(const Checkout& checkout) const;
  void accept_quote(Checkout& checkout, const MerchantSession& session);
  MerchantSession ask_to_sell(const Checkout& checkout);

  SandboxStore& store_;
  Merchants& merchants_;
  OrderService& orders_;
  const Clock& clock_;
  const bool strict_;
};

}  // namespace cartpilot::sandbox
