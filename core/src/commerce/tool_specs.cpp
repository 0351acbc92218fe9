// The declarations of the 11 functions. Names, parameters, types, defaults, enums and limits are
// CartPilot's published function set; the descriptions are ours and tell a model when to use each
// function and what comes next.
#include "commerce/tools.h"

namespace cartpilot::commerce {
namespace {

Json text(const char* description) { return {{"type", "string"}, {"description", description}}; }

Json text(const char* description, const char* fallback) {
  return {{"type", "string"}, {"description", description}, {"default", fallback}};
}

Json integer(const char* description, int fallback) {
  return {{"type", "integer"}, {"description", description}, {"default", fallback}};
}

Json items(const char* description) {
  return {
      {"type", "array"},
      {"description", description},
      {"items",
       {{"type", "object"},
        {"properties",
         {{"product_id", text("product_id of an item in the offer.")},
          {"variant_id", text("Variant of the product. Leave it out unless the offer names one.")},
          {"quantity",
           {{"type", "integer"},
            {"description", "How many pieces; a whole number."},
            {"minimum", 1}}}}},
        {"required", Json::array({"product_id", "quantity"})}}},
  };
}

Json object(Json properties, const std::vector<std::string>& required) {
  Json schema = {{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = required;
  return schema;
}

Json checkout_id() { return text("The checkout's id, from create_checkout."); }

Json page() { return integer("Which page, counted from 1.", 1); }

Json page_size() { return integer("Entries per page, at most 100.", 20); }

std::vector<ToolSpec> search_specs() {
  return {
      {"create_intent",
       "Begin here whenever the person wants to find or buy something. Stores their wish and "
       "returns an intent with an id; then call get_intent_offers with that id. CartPilot matches "
       "words only: it does not understand price limits, so compare prices with the limit "
       "yourself.",
       object(
           {{"query", text("The wish in plain words, 1 to 500 characters, for example \"wireless "
                           "headphones\".")},
            {"session_id", text("Id of the conversation. Leave it out; the program fills it in.")}},
           {"query"}),
       EffectClass::kWrite},
      {"get_intent_offers",
       "Ask the merchants for offers on an intent, right after create_intent. Returns one offer "
       "per merchant with products, prices in the smallest unit of their currency (8638 is 86.38 "
       "USD, and 8638 JPY) and stock; an offer may be empty. Show the "
       "person the products that fit the wish and let them choose; get_offer_details shows one "
       "offer again, create_checkout takes the choice further. Offers expire after about an hour.",
       object({{"intent_id", text("The intent's id, from create_intent.")},
               {"page", page()},
               {"page_size", page_size()}},
              {"intent_id"}),
       EffectClass::kRead},
      {"get_offer_details",
       "Look at one offer in full: every product with price, stock, rating and description, and "
       "whether the offer has expired. Use it to answer questions about products or to compare "
       "offers; it may be called for several offers at once.",
       object({{"offer_id", text("The offer's id, from get_intent_offers.")}}, {"offer_id"}),
       EffectClass::kRead},
  };
}

std::vector<ToolSpec> checkout_specs() {
  return {
      {"create_checkout",
       "Open a checkout once the person has picked products of one offer. Nothing is bought and no "
       "price is fixed yet; call quote_checkout with the same items next.",
       object({{"offer_id", text("The offer the products come from.")},
               {"items", items("The products the person picked.")},
               {"idempotency_key", text("Leave it out; the program sets its own.")}},
              {"offer_id", "items"}),
       EffectClass::kWrite},
      {"get_checkout",
       "Look up a checkout: status, items, totals, and the merchant's order number once it is "
       "bought. Use it to see where a purchase stands, above all after an error or a timeout.",
       object({{"checkout_id", checkout_id()}}, {"checkout_id"}), EffectClass::kRead},
      {"quote_checkout",
       "Get the binding price of a checkout from the merchant: items, tax, shipping and total. "
       "Send the items again, also when they did not change. Use it after create_checkout, and "
       "once more when a price has changed. Tell the person the total, then call "
       "request_approval.",
       object({{"checkout_id", checkout_id()},
               {"items", items("All products of the checkout, as in create_checkout.")},
               {"customer_email", text("The person's e-mail address, if they gave one.")}},
              {"checkout_id", "items"}),
       EffectClass::kWrite},
      {"request_approval",
       "Freeze the quoted receipt so that the person can agree to exactly this purchase. Use it "
       "after quote_checkout, before asking whether to buy. Next comes approve_checkout, once the "
       "person wants to buy.",
       object({{"checkout_id", checkout_id()}}, {"checkout_id"}), EffectClass::kWrite},
      {"approve_checkout",
       "Ask for the person's consent to the frozen receipt, only after they said they want to buy. "
       "The program itself shows them the receipt and asks; the answer tells whether they agreed. "
       "A refusal is final: do not ask again unless they bring it up. After consent call "
       "confirm_checkout.",
       object({{"checkout_id", checkout_id()},
               {"approved_by", text("Who agrees; the program decides this itself.", "user")}},
              {"checkout_id"}),
       EffectClass::kMoney},
      {"confirm_checkout",
       "Place the order for an approved checkout. This spends the person's money, so the program "
       "itself makes sure they agreed to this very receipt, and asks them if they have not. "
       "Returns the order number. After an error do not simply call it again: do what the message "
       "says.",
       object({{"checkout_id", checkout_id()},
               {"payment_method", text("How to pay.", "test_card")},
               {"idempotency_key", text("Leave it out; the program sets its own.")}},
              {"checkout_id"}),
       EffectClass::kMoney},
  };
}

std::vector<ToolSpec> order_specs() {
  return {
      {"get_order_status",
       "Look up one order: status, items, totals, tracking number and carrier. Use it when the "
       "person asks where their order is.",
       object({{"order_id", text("The order's id, from confirm_checkout or list_orders; not the "
                                 "merchant's order number.")}},
              {"order_id"}),
       EffectClass::kRead},
      {"list_orders",
       "List orders, newest first, if wished only those of one status or merchant. Use it when the "
       "person asks what they bought, or to find the id of an order; get_order_status then shows "
       "one in full.",
       object({{"page", page()},
               {"page_size", page_size()},
               {"status",
                {{"type", "string"},
                 {"description", "Only orders in this status."},
                 {"enum", Json::array({"pending", "confirmed", "shipped", "delivered", "cancelled",
                                       "refunded"})}}},
               {"merchant_id", text("Only orders from this merchant, for example merchant-a.")}},
              {}),
       EffectClass::kRead},
  };
}

}  // namespace

std::vector<ToolSpec> cartpilot_tool_specs() {
  std::vector<ToolSpec> specs = search_specs();
  for (auto* more : {&checkout_specs, &order_specs}) {
    for (ToolSpec& spec : (*more)()) specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace cartpilot::commerce
