#include "offline/shopper.h"

#include <algorithm>
#include <optional>

#include "offline/answer_fields.h"
#include "offline/replies.h"
#include "offline/shelf.h"
#include "offline/shopping_history.h"
#include "offline/utterance.h"
#include "offline/words.h"

namespace cartpilot::offline {

namespace {

constexpr const char* kCannotChangeOrders =
    "I cannot cancel, return or refund a placed order: CartPilot offers no function for that here. "
    "Ask the merchant.\n";

Step say(std::string text) { return {std::move(text), {}}; }
Step call(std::string function, Json arguments) {
  return {"", {{std::move(function), std::move(arguments)}}};
}

/// What was agreed to no longer holds: quote again, ask again.
bool wants_new_quote(const Exchange& exchange) {
  return is_one_of(string_or(exchange.content(), "error_code"),
                   {"PRICE_CHANGED", "REAPPROVAL_REQUIRED", "RECEIPT_CHANGED"});
}

class Shopper {
 public:
  explicit Shopper(const std::vector<Message>& messages)
      : history_(messages),
        turn_(history_.current_turn()),
        searched_(history_.earlier_search()),
        plan_(history_.plan()) {
    if (!history_.texts().empty()) heard_ = read_utterance(history_.texts().back());
    if (searched_) shelf_ = make_shelf(*searched_, history_.texts()[searched_->turn]);
  }

  Step next() const {
    if (history_.texts().empty()) return say(replies::help());
    if (heard_.lists_orders || heard_.asks_for_order) return tell_about_orders();
    if (heard_.yes) return agreed();
    if (heard_.no) return refused();
    if (heard_.changes_order) return say(kCannotChangeOrders);
    if (auto step = try_choice()) return *std::move(step);
    const bool only_a_limit = heard_.wish.words.empty() && heard_.wish.limit.given() && searched_;
    if (only_a_limit || !heard_.helpless) return search();
    return say(replies::help());
  }

 private:
  bool plan_is(Plan::Stage stage) const { return plan_ && plan_->stage == stage; }

  // A wish: search, look into the two best offers, show the shelf.

  Step search() const {
    if (turn_.empty()) {
      const std::string& query = heard_.wish.query;
      return call("create_intent", {{"query", query.empty() ? searched_->query : query}});
    }
    const Exchange& last = turn_.back();
    if (last.is("get_offer_details")) return show_shelf();
    if (!last.ok()) return say(replies::failure(last));
    if (last.is("create_intent")) {
      return call("get_intent_offers", {{"intent_id", string_or(last.content(), "id")}});
    }
    Step step;
    const auto found = history_.current_search();
    if (found) {
      for (const std::string& id : best_offers(*found, history_.texts().back())) {
        step.calls.emplace_back("get_offer_details", Json{{"offer_id", id}});
      }
    }
    return step.calls.empty() ? show_shelf() : step;
  }

  Step show_shelf() const {
    const Search found = history_.current_search().value_or(Search{});
    std::vector<std::string> notes;
    const auto unread = std::count_if(turn_.begin(), turn_.end(), [](const Exchange& exchange) {
      return exchange.is("get_offer_details") && !exchange.ok();
    });
    if (unread > 0) {
      notes.emplace_back("I could not read the newest details of every offer: prices may differ.");
    }
    return say(replies::shelf_list(make_shelf(found, history_.texts().back()), notes));
  }

  // A choice: make a checkout, quote it, freeze it, ask.

  /// nullopt when the person does not speak of the shelf.
  std::optional<Step> try_choice() const {
    const Choice& choice = heard_.choice;
    if (heard_.wish.limit.given()) return std::nullopt;
    if (choice.words.empty()) {
      if (!choice.evident()) return std::nullopt;
      if (shelf_.shown.empty()) return say(replies::not_on_the_list(shelf_));
      const bool which = choice.number || choice.cheapest || choice.dearest || choice.last;
      if (!which) return choose_what_is_meant();
    }
    const std::vector<const ShelfItem*> candidates = chosen_from(shelf_, choice);
    if (candidates.empty()) {
      const bool about_the_shelf = choice.words.empty();
      return about_the_shelf ? std::optional(say(replies::not_on_the_list(shelf_))) : std::nullopt;
    }
    const bool says_more_than_the_wish =
        std::any_of(choice.words.begin(), choice.words.end(), [&](const std::string& word) {
          return std::find(shelf_.wish.words.begin(), shelf_.wish.words.end(), word) ==
                 shelf_.wish.words.end();
        });
    if (!choice.evident() && !says_more_than_the_wish) return std::nullopt;
    if (candidates.size() > 1) return say(replies::which_one(candidates, shelf_));
    return prepare(*candidates.front());
  }

  /// "2 of them", "that one": the planned item, or the only one shown.
  Step choose_what_is_meant() const {
    if (plan_is(Plan::Stage::kOpen) && plan_->items.size() == 1) {
      const std::string product_id = string_or(plan_->items[0], "product_id");
      for (const ShelfItem& item : shelf_.shown) {
        if (item.product_id == product_id) return prepare(item);
      }
    }
    if (shelf_.shown.size() == 1) return prepare(shelf_.shown.front());
    std::vector<const ShelfItem*> all;
    for (const ShelfItem& item : shelf_.shown) all.push_back(&item);
    return say(replies::which_one(all, shelf_));
  }

  Step prepare(const ShelfItem& item) const {
    const std::int64_t quantity = heard_.choice.quantity.value_or(1);
    const Json items = Json::array({Json{{"product_id", item.product_id}, {"quantity", quantity}}});
    if (turn_.empty()) {
      if (quantity < 1 || quantity > item.stock) return say(replies::too_few(item, quantity));
      if (item.expired) {
        return say("That offer has expired. Tell me again what you need, for fresh prices.\n");
      }
      return call("create_checkout", {{"offer_id", item.offer_id}, {"items", items}});
    }
    const Exchange& last = turn_.back();
    if (!last.ok()) return say(replies::failure(last));
    if (last.is("create_checkout")) {
      return call("quote_checkout",
                  {{"checkout_id", string_or(last.content(), "id")}, {"items", items}});
    }
    if (last.is("quote_checkout")) {
      return call("request_approval", {{"checkout_id", string_or(last.content(), "id")}});
    }
    return say(replies::ask_to_buy(last.content(), merchant_of(last.content())));
  }

  /// The name the shelf knows, else the id.
  std::string merchant_of(const Json& checkout) const {
    const std::string id = string_or(checkout, "merchant_id");
    for (const ShelfItem& item : shelf_.shown) {
      if (item.merchant_id == id) return item.merchant_name;
    }
    return id;
  }

  // Yes and no.

  Step refused() const {
    if (plan_is(Plan::Stage::kUnknown)) return say(kStillUnknown);
    if (plan_is(Plan::Stage::kBought)) return say(std::string(kIsBought) + kCannotChangeOrders);
    if (plan_is(Plan::Stage::kOpen)) {
      return say("Fine, I dropped it. Nothing was bought. Tell me if you need something else.\n");
    }
    return say("Fine. Nothing was planned and nothing was bought.\n");
  }

  Step agreed() const {
    if (plan_is(Plan::Stage::kOpen) || plan_is(Plan::Stage::kUnknown)) return buy();
    if (shelf_.shown.size() == 1 && !plan_is(Plan::Stage::kBought)) {
      return prepare(shelf_.shown.front());
    }
    if (plan_is(Plan::Stage::kBought)) {
      return say(std::string(kIsBought) + "Say \"where is my order\" to see how far it is.\n");
    }
    if (shelf_.shown.empty()) {
      return say("There is nothing to agree to yet. Tell me what you need.\n");
    }
    return choose_what_is_meant();
  }

  /// Look once more, approve, confirm, look at the order. What changed is shown and asked again.
  Step buy() const {
    const Json checkout_id = {{"checkout_id", plan_->checkout_id}};
    if (turn_.empty()) return call("get_checkout", checkout_id);
    const Exchange& last = turn_.back();
    if (last.is("get_order_status") || last.is("list_orders")) return tell_what_was_bought(last);
    if (!last.ok()) {
      const bool money = last.is("approve_checkout") || last.is("confirm_checkout");
      if (money && wants_new_quote(last)) return quote_again();
      return say(replies::failure(last));
    }
    if (last.is("get_checkout")) return go_on_from(last.content());
    if (last.is("approve_checkout")) return call("confirm_checkout", checkout_id);
    if (last.is("confirm_checkout")) {
      const std::string order_id = string_or(last.content(), "order_id");
      if (!order_id.empty()) return call("get_order_status", {{"order_id", order_id}});
      return call("list_orders", Json::object());
    }
    if (last.is("quote_checkout") && string_or(last.content(), "status") == "quoted") {
      return call("request_approval", checkout_id);
    }
    return say(replies::ask_again(last.content(), plan_->shown, merchant_of(last.content())));
  }

  Step quote_again() const {
    return call("quote_checkout", {{"checkout_id", plan_->checkout_id}, {"items", plan_->items}});
  }

  Step go_on_from(const Json& checkout) const {
    const Json checkout_id = {{"checkout_id", plan_->checkout_id}};
    const std::string status = string_or(checkout, "status");
    if (status == "confirmed") return call("list_orders", Json::object());
    if (plan_is(Plan::Stage::kUnknown)) return say(kStillUnknown);
    if (status == "created") return quote_again();
    if (status == "quoted") return call("request_approval", checkout_id);
    if (status != "awaiting_approval" && status != "approved") {
      return say("That plan has ended; nothing was bought. Pick the item again.\n");
    }
    if (!is_as_shown(checkout)) {
      return say(replies::ask_again(checkout, plan_->shown, merchant_of(checkout)));
    }
    return call("approve_checkout", checkout_id);
  }

  bool is_as_shown(const Json& checkout) const {
    if (plan_->shown == nullptr) return false;
    for (const char* name : {"merchant_id", "items", "subtotal", "tax", "shipping", "total"}) {
      if (field(checkout, name) != field(*plan_->shown, name)) return false;
    }
    return true;
  }

  Step tell_what_was_bought(const Exchange& last) const {
    // The answer to the confirm; when it was confirmed before, the checkout says the same.
    const auto source = std::find_if(turn_.rbegin(), turn_.rend(), [](const Exchange& exchange) {
      return exchange.ok() && (exchange.is("confirm_checkout") || exchange.is("get_checkout"));
    });
    if (source == turn_.rend()) return say(replies::failure(last));
    const Json& confirmation = source->content();
    const Json* order = nullptr;
    if (last.ok() && last.is("get_order_status")) order = &last.content();
    if (last.ok() && last.is("list_orders")) {
      for (const Json& entry : list(last.content(), "items")) {
        const std::string number = string_or(entry, "merchant_order_id");
        if (!number.empty() && number == string_or(confirmation, "merchant_order_id")) {
          order = &entry;
        }
      }
    }
    const std::string note =
        order == nullptr ? "I could not read the order's status just now; ask \"where is my "
                           "order\" later."
                         : "";
    const Json& merchant = plan_->shown != nullptr ? *plan_->shown : confirmation;
    return say(replies::bought(confirmation, order, merchant_of(merchant), note));
  }

  // Orders.

  Step tell_about_orders() const {
    if (turn_.empty()) {
      const std::string id = heard_.order_id.empty() ? history_.last_order_id() : heard_.order_id;
      if (heard_.lists_orders || id.empty()) {
        Json filter = Json::object();
        if (!heard_.order_status.empty()) filter["status"] = heard_.order_status;
        return call("list_orders", std::move(filter));
      }
      return call("get_order_status", {{"order_id", id}});
    }
    const Exchange& last = turn_.back();
    if (!last.ok()) return say(replies::failure(last));
    if (last.is("list_orders")) {
      return say(replies::order_list(last.content(), last.argument("status")));
    }
    return say(replies::order_status(last.content()));
  }

  static constexpr const char* kIsBought = "That is bought already. ";
  static constexpr const char* kStillUnknown =
      "It is still not known whether the purchase went through, so please do not buy it again. The "
      "program is checking; \"cartpilot purchases list\" shows what is known.\n";

  ShoppingHistory history_;
  std::vector<Exchange> turn_;      ///< what was done since the person spoke
  std::optional<Search> searched_;  ///< before this turn
  std::optional<Plan> plan_;        ///< before this turn
  Utterance heard_;
  Shelf shelf_;  ///< what the person sees, empty when nothing was shown
};

}  // namespace

Step next_step(const std::vector<Message>& messages) { return Shopper(messages).next(); }

}  // namespace cartpilot::offline
