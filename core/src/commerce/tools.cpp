#include "commerce/tools.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "commerce/failure.h"
#include "commerce/json_fields.h"

namespace cartpilot::commerce {
namespace {

constexpr std::int64_t kDefaultPageSize = 20;
// Beyond every list there is, and far from where a server would overflow.
constexpr std::int64_t kMaxPage = 1'000'000;
constexpr std::size_t kMaxReplacements = 1'000;

/// Models fill optional parameters with "" when they mean "none".
std::optional<std::string> text_if_any(const JsonFields& arguments, const char* key) {
  auto text = arguments.optional_text(key);
  if (text && text->empty()) text.reset();
  return text;
}

std::int64_t page_in(const JsonFields& arguments) {
  return std::clamp<std::int64_t>(arguments.optional_integer("page").value_or(1), 1, kMaxPage);
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
      {"create_intent", create_intent},       {"get_offer_details", get_offer_details},
      {"create_checkout", create_checkout},   {"get_checkout", get_checkout},
      {"quote_checkout", quote_checkout},     {"request_approval", request_approval},
      {"get_order_status", get_order_status}, {"list_orders", list_orders},
  };
  return table;
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
  if (handler == handlers().end() && name != "get_intent_offers") {
    return tool_error("UNKNOWN_FUNCTION", fmt::format("CartPilot has no function {}", name));
  }
  try {
    const JsonFields fields(arguments, "arguments");
    if (name == "get_intent_offers") return {true, get_intent_offers(fields, context)};
    return {true, handler->second(client_, fields, context)};
  } catch (const CartPilotError& error) {
    return tool_outcome_of(error);
  } catch (const Error& error) {
    // Not about CartPilot, so about the arguments, or this program is not whole.
    const bool arguments_are_wrong =
        error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kProtocol;
    return tool_error(arguments_are_wrong ? "INVALID_ARGUMENTS" : "INTERNAL_ERROR", error.what());
  }
}

Json CartPilotTools::get_intent_offers(const JsonFields& arguments, const CallContext& context) {
  const std::string asked_for = arguments.text("intent_id");
  const std::int64_t page = page_in(arguments);
  const std::int64_t page_size = page_size_in(arguments);
  const std::string intent_id = replacement_of(asked_for);
  Answer<OfferPage> offers = client_.get_intent_offers(intent_id, page, page_size, context);
  // Every merchant that answers makes an offer, if only an empty one. None at all means that no
  // merchant could be reached, and CartPilot asks only once.
  if (offers.value.total > 0 || !claim(intent_id)) return std::move(offers.raw);
  try {
    const Intent intent = client_.get_intent(intent_id, context).value;
    if (!intent.offers_collected) {
      // Nobody was asked yet, so CartPilot itself will try again.
      release(intent_id);
      return std::move(offers.raw);
    }
    const std::string fresh =
        client_.create_intent(intent.query, intent.session_id, {}, context).value.id;
    replace(intent_id, fresh);
    return client_.get_intent_offers(fresh, page, page_size, context).raw;
  } catch (const CartPilotError&) {
    // The first answer is still true.
    return std::move(offers.raw);
  }
}

std::string CartPilotTools::replacement_of(const std::string& intent_id) {
  const std::lock_guard lock(mutex_);
  const auto found = replacements_.find(intent_id);
  return found == replacements_.end() || found->second.empty() ? intent_id : found->second;
}

bool CartPilotTools::claim(const std::string& intent_id) {
  const std::lock_guard lock(mutex_);
  if (replacements_.size() >= kMaxReplacements) replacements_.clear();
  return replacements_.emplace(intent_id, "").second;
}

void CartPilotTools::release(const std::string& intent_id) {
  const std::lock_guard lock(mutex_);
  replacements_.erase(intent_id);
}

void CartPilotTools::replace(const std::string& intent_id, const std::string& fresh) {
  const std::lock_guard lock(mutex_);
  replacements_[intent_id] = fresh;
  // The new one is never replaced in turn.
  replacements_.emplace(fresh, "");
}

ToolOutcome tool_outcome_of(const CartPilotError& error) {
  return tool_error(error.error_code, described(error));
}

}  // namespace cartpilot::commerce
