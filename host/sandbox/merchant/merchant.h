// Merchant: one of the two shops behind the API, with its catalogue, prices, sessions and webhooks.
//
// Runs inside the sandbox. Its sessions live in the store; so do changed prices and stock, which a
// restart therefore keeps. Guarded by the application's lock.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sandbox/merchant/catalogue.h"
#include "sandbox/merchant/webhooks.h"
#include "sandbox/service/chaos.h"
#include "sandbox/store/records.h"
#include "sandbox/store/store.h"

namespace cartpilot::sandbox {

/// Whether CartPilot can reach a merchant, and whether it knows it at all.
enum class MerchantState { kUp, kUnreachable, kDisabled };

class Merchant {
 public:
  struct Profile {
    std::string id;
    std::string name;
    std::string url;
    int seed = 0;
    StockRanges stock;
    bool has_chaos = false;
  };

  /// `chaos_seed` is for a merchant with chaos. Its webhooks go into `outbox`.
  Merchant(Profile profile, SandboxStore& store, const Clock& clock, std::uint64_t chaos_seed,
           std::vector<OutgoingWebhook>& outbox);

  const std::string& id() const { return profile_.id; }
  const std::string& name() const { return profile_.name; }
  const std::string& url() const { return profile_.url; }
  void set_url(const std::string& url) { profile_.url = url; }
  MerchantState state() const { return state_; }
  void set_state(MerchantState state) { state_ = state; }
  const Catalogue& catalogue() const { return catalogue_; }
  /// nullptr for a merchant without.
  Chaos* chaos() { return chaos_.get(); }
  MerchantWebhooks& webhooks() { return webhooks_; }
  std::int64_t session_count() { return store_.session_count(profile_.id); }

  /// Opens a session with today's prices, or returns the one opened with this key. Every line is
  /// checked against the stock by itself; no sale ever lowers it. Throws
  /// MerchantRefusal{400 QUOTE_FAILED}.
  MerchantSession quote(const std::vector<ItemRequest>& items,
                        const std::optional<std::string>& customer_email,
                        const std::optional<std::string>& key = std::nullopt);

  /// A session; one whose time is over is turned into an expired one first. Throws
  /// MerchantRefusal{404 CHECKOUT_NOT_FOUND}.
  MerchantSession session(const std::string& session_id);

  /// Sells what the session holds; a session already confirmed answers the same again. Chaos
  /// strikes here. Throws MerchantRefusal: 404 CHECKOUT_NOT_FOUND, 400 CHECKOUT_EXPIRED,
  /// 409 INVALID_STATE, 409 OUT_OF_STOCK, 409 PRICE_CHANGED. After the last two the session has
  /// failed for good.
  MerchantSession confirm(const std::string& session_id);

  // The changes below are kept in the store. They throw Error{kNotFound} for an unknown product or
  // variant.

  /// Throws Error{kInvalidArgument} for a price that is not positive or beyond a million dollars.
  void change_price(const std::string& product_id, std::int64_t cents);
  void empty_stock(const std::string& product_id);
  void empty_variant(const std::string& product_id, const std::string& variant_id);
  /// Moves the price by fifteen per cent, cut to whole cents, to 99 cents at least.
  struct PriceChange {
    std::int64_t old_cents = 0;
    std::int64_t new_cents = 0;
  };
  PriceChange shift_price(const std::string& product_id, bool up);
  /// The catalogue's price; in stock again, ten pieces and five of each variant.
  void reset_goods(const std::string& product_id);
  /// All goods reset, all sessions forgotten, chaos off.
  void reset();

  /// Takes everything from the store again, after a transaction was rolled back.
  void reload();

 private:
  MerchantSession find(const std::string& session_id);
  LineItem price(const ItemRequest& item) const;
  bool has_stock(const LineItem& item) const;
  void let_chaos_strike(const MerchantSession& session);
  void sell_out(const LineItem& item);
  Product& product(const std::string& product_id);
  void save_goods(const Product& product);
  void reset_goods(Product& changed, const Catalogue& original);
  void apply_stored_goods();
  [[noreturn]] void fail(MerchantSession& session, const std::string& reason,
                         const std::string& message);

  Profile profile_;
  SandboxStore& store_;
  const Clock& clock_;
  Catalogue catalogue_;
  MerchantState state_ = MerchantState::kUp;
  std::unique_ptr<Chaos> chaos_;
  MerchantWebhooks webhooks_;
};

/// merchant-a: everything in stock. merchant-b: little stock, some variants sold out, chaos.
Merchant::Profile merchant_a_profile();
Merchant::Profile merchant_b_profile();

}  // namespace cartpilot::sandbox
