#include "commerce/cartpilot_tools.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "commerce/json_fields.h"

namespace cartpilot::commerce {
namespace {

constexpr std::int64_t kDefaultPageSize = 20;
constexpr std::int64_t kMaxPageSize = 100;

/// Models fill optional parameters with "" when they mean "none".
std::optional<std::string> text_if_any(const JsonFields& arguments, const char* key) {
  auto text = arguments.optional_text(key);
  if (text && text->empty()) text.reset();
  return text;
}

std::int64_t page_in(const JsonFields& arguments) {
  return std::max<std::int64_t>(arguments.optional_integer("page").value_or(1), 1);
}

std::int64_t page_size_in(const JsonFields& arguments) {
  const auto asked = arguments.optional_integer("page_size").value_or(kDefaultPageSize);
  return std::clamp<std::int64_t>(asked, 1, kMaxPageSize);
}

ItemRequest read_item(const JsonFields& item) {
  return {.product_id = item.text("product_id"),
          .variant_id = text_if_any(item, "variant_id"),
          .quantity = item.integer("quantity")};
}

using Handler = Json (*)(const CartPilotClient&, const JsonFields&, const CallContext&);

Json create_intent(const CartPilotClient& client, const JsonFields& arguments,
                   const CallContext& context) {
  return client
      .create_intent(arguments.text("query"), text_if_any(arguments, "session_id"), {}, context)
      .raw;
}

Json get_intent_offers(const CartPilotClient& client, const JsonFields& arguments,
                       const CallContext& context) {
  return client
      .get_intent_offers(arguments.text("intent_id"), page_in(arguments), page_size_in(arguments),
                         context)
      .raw;
}

Json get_offer_details(const CartPilotClient& client, const JsonFields& arguments,
                       const CallContext& context) {
  return client.get_offer(arguments.text("offer_id"), context).raw;
}

Json create_checkout(const CartPilotClient& client, const JsonFields& arguments,
                     const CallContext& context) {
  const std::string key = arguments.optional_text("idempotency_key").value_or("");
  return client
      .create_checkout(arguments.text("offer_id"), arguments.list("items", read_item), key,
                       {.idempotency_key = key}, context)
      .raw;
}

Json get_checkout(const CartPilotClient& client, const JsonFields& arguments,
                  const CallContext& context) {
  return client.get_checkout(arguments.text("checkout_id"), context).raw;
}

Json quote_checkout(const CartPilotClient& client, const JsonFields& arguments,
                    const CallContext& context) {
  return client
      .quote(arguments.text("checkout_id"), arguments.list("items", read_item),
             text_if_any(arguments, "customer_email"), {}, context)
      .raw;
}

Json request_approval(const CartPilotClient& client, const JsonFields& arguments,
                      const CallContext& context) {
  return client.request_approval(arguments.text("checkout_id"), {}, context).raw;
}

Json get_order_status(const CartPilotClient& client, const JsonFields& arguments,
                      const CallContext& context) {
  return client.get_order(arguments.text("order_id"), context).raw;
}

Json list_orders(const CartPilotClient& client, const JsonFields& arguments,
                 const CallContext& context) {
  const OrderFilter filter{.page = page_in(arguments),
                           .page_size = page_size_in(arguments),
                           .status = text_if_any(arguments, "status"),
                           .merchant_id = text_if_any(arguments, "merchant_id")};
  return client.list_orders(filter, context).raw;
}

/// Everything but money.
const std::map<std::string, Handler, std::less<>>& handlers() {
  static const std::map<std::string, Handler, std::less<>> table = {
      {"create_intent", create_intent},
      {"get_intent_offers", get_intent_offers},
      {"get_offer_details", get_offer_details},
      {"create_checkout", create_checkout},
      {"get_checkout", get_checkout},
      {"quote_checkout", quote_checkout},
      {"request_approval", request_approval},
      {"get_order_status", get_order_status},
      {"list_orders", list_orders},
  };
  return table;
}

std::string advice_for(const std::string& merchant_code) {
  if (merchant_code == "OUT_OF_STOCK") {
    return "tell the person it is sold out and offer another product";
  }
  if (merchant_code == "PRICE_CHANGED") {
    return "quote the checkout again and show the person the new total";
  }
  if (merchant_code == "INVALID_STATE") {
    return "this quote can no longer be bought; quote the checkout again or make a new one";
  }
  if (merchant_code == "QUOTE_FAILED") {
    return "check product_id, variant_id and quantity against the offer";
  }
  return "tell the person";
}

}  // namespace

std::vector<ToolSpec> CartPilotTools::list() const { return cartpilot_tool_specs(); }

ToolOutcome CartPilotTools::call(const std::string& name, const Json& arguments,
                                 const CallContext& context) {
  if (name == "approve_checkout" || name == "confirm_checkout") {
    return tool_error("GATE_REQUIRED",
                      fmt::format("{} is carried out by the program after the person has agreed, "
                                  "never directly",
                                  name));
  }
  const auto handler = handlers().find(name);
  if (handler == handlers().end()) {
    return tool_error("UNKNOWN_FUNCTION", fmt::format("CartPilot has no function {}", name));
  }
  try {
    return {true, handler->second(client_, JsonFields(arguments, "arguments"), context)};
  } catch (const CartPilotError& error) {
    return tool_outcome_of(error);
  } catch (const Error& error) {
    // The client throws CartPilotError only, so this is about reading the arguments.
    return tool_error("INVALID_ARGUMENTS", error.what());
  }
}

ToolOutcome tool_outcome_of(const CartPilotError& error) {
  std::string message = error.what();
  if (!error.merchant_code.empty()) {
    message += fmt::format(" (the merchant said {}: {})", error.merchant_code,
                           advice_for(error.merchant_code));
  }
  if (!error.request_id.empty()) message += fmt::format(" [request {}]", error.request_id);
  return tool_error(error.error_code, message);
}

}  // namespace cartpilot::commerce
