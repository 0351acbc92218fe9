// Merchant: one of the two shops behind the API, with its catalogue, prices and sessions.
//
// Runs inside the sandbox; its sessions live in the store, its catalogue in memory. Changed prices
// and emptied stock therefore last as long as the process. Guarded by the application's lock.
#pragma once

#include <string>
#include <vector>

#include "sandbox/catalogue.h"
#include "sandbox/records.h"
#include "sandbox/sandbox_store.h"

namespace cartpilot::sandbox {

class Merchant {
 public:
  struct Profile {
    std::string id;
    std::string name;
    std::string url;
    int seed = 0;
    StockRanges stock;
  };

  Merchant(Profile profile, SandboxStore& store, const Clock& clock);

  const std::string& id() const { return profile_.id; }
  const std::string& name() const { return profile_.name; }
  const std::string& url() const { return profile_.url; }
  const Catalogue& catalogue() const { return catalogue_; }

  /// Opens a session with today's prices. Every line is checked against the stock by itself; no
  /// sale ever lowers it. Throws MerchantRefusal{400 QUOTE_FAILED}.
  MerchantSession quote(const std::vector<ItemRequest>& items,
                        const std::optional<std::string>& customer_email);

  /// Sells what the session holds; a session already confirmed answers the same again. Throws
  /// MerchantRefusal: 404 CHECKOUT_NOT_FOUND, 400 CHECKOUT_EXPIRED, 409 INVALID_STATE,
  /// 409 OUT_OF_STOCK, 409 PRICE_CHANGED. After the last two the session has failed for good.
  MerchantSession confirm(const std::string& session_id);

  /// Throw Error{kNotFound} for an unknown product, Error{kInvalidArgument} for a price that is not
  /// positive or beyond a million dollars.
  void change_price(const std::string& product_id, std::int64_t cents);
  void empty_stock(const std::string& product_id);

 private:
  LineItem price(const ItemRequest& item) const;
  bool has_stock(const LineItem& item) const;
  Product& product(const std::string& product_id);
  [[noreturn]] void fail(MerchantSession& session, const std::string& reason,
                         const std::string& message);

  Profile profile_;
  Catalogue catalogue_;
  SandboxStore& store_;
  const Clock& clock_;
};

/// merchant-a: everything in stock. merchant-b: little stock, some variants sold out.
Merchant::Profile merchant_a_profile();
Merchant::Profile merchant_b_profile();

}  // namespace cartpilot::sandbox
