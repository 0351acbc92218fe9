#include "app/own_purchases.h"

#include <algorithm>
#include <set>
#include <utility>

#include "cartpilot/tool.h"

namespace cartpilot::app {
namespace {

constexpr std::int64_t kPageSize = 20;
/// Orders that are asked for one by one, where only those of one status are wanted.
constexpr std::size_t kMaxLookedAt = 200;

/// The order as CartPilot lists it.
Json summary_of(const Json& order) {
  Json summary = Json::object();
  for (const char* name : {"id", "merchant_id", "merchant_order_id", "status", "total"}) {
    const auto found = order.find(name);
    summary[name] = found == order.end() ? Json(nullptr) : *found;
  }
  const auto items = order.find("items");
  summary["item_count"] = items != order.end() && items->is_array() ? items->size() : 0;
  const auto customer = order.find("customer");
  summary["customer_email"] =
      customer != order.end() && customer->is_object() ? string_or(*customer, "email") : "";
  summary["created_at"] = string_or(order, "created_at");
  return summary;
}

}  // namespace

OwnPurchases::OwnPurchases(ToolSet& tools, OpenState open_state, std::string cartpilot)
    : tools_(tools), open_state_(std::move(open_state)), cartpilot_(std::move(cartpilot)) {}

std::vector<purchase::Attempt> OwnPurchases::ordered() {
  const auto state = open_state_();
  std::vector<purchase::Attempt> attempts = purchase::PurchaseJournal(*state).list();
  std::erase_if(attempts, [&](const purchase::Attempt& attempt) {
    return attempt.order_id.empty() || attempt.cartpilot != cartpilot_;
  });
  return attempts;
}

bool OwnPurchases::owns_order(const std::string& order_id) {
  const auto attempts = ordered();
  return std::any_of(attempts.begin(), attempts.end(), [&](const purchase::Attempt& attempt) {
    return attempt.order_id == order_id;
  });
}

bool OwnPurchases::owns_checkout(const std::string& checkout_id) {
  const auto state = open_state_();
  return purchase::PurchaseJournal(*state).made_checkout(checkout_id, cartpilot_);
}

ToolOutcome OwnPurchases::call(const std::string& name, const Json& arguments,
                               const CallContext& context) {
  if (name == "list_orders") return list_orders(arguments, context);
  if (name == "get_order_status" && !owns_order(string_or(arguments, "order_id"))) {
    return tool_error("ORDER_NOT_FOUND", "there is no such order of this person");
  }
  const std::string checkout = string_or(arguments, "checkout_id");
  if (!checkout.empty() && !owns_checkout(checkout)) {
    return tool_error("CHECKOUT_NOT_FOUND", "there is no such checkout of this person");
  }
  return tools_.call(name, arguments, context);
}

ToolOutcome OwnPurchases::list_orders(const Json& arguments, const CallContext& context) {
  const std::string status = string_or(arguments, "status");
  const std::string merchant = string_or(arguments, "merchant_id");
  const auto page = static_cast<std::size_t>(integer_or(arguments, "page", 1));
  const auto size = static_cast<std::size_t>(integer_or(arguments, "page_size", kPageSize));
  std::vector<std::string> ids;
  std::set<std::string> seen;
  for (const purchase::Attempt& attempt : ordered()) {
    if (!merchant.empty() && attempt.merchant_id != merchant) continue;
    if (seen.insert(attempt.order_id).second) ids.push_back(attempt.order_id);
  }
  const std::size_t begin = (page - 1) * size;
  Json items = Json::array();
  std::size_t fitting = status.empty() ? ids.size() : 0;
  if (!status.empty() && ids.size() > kMaxLookedAt) ids.resize(kMaxLookedAt);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (status.empty() && (i < begin || i >= begin + size)) continue;
    const ToolOutcome found = tools_.call("get_order_status", {{"order_id", ids[i]}}, context);
    if (!found.ok) return found;
    if (!status.empty()) {
      if (string_or(found.content, "status") != status) continue;
      const std::size_t place = fitting++;
      if (place < begin || place >= begin + size) continue;
    }
    items.push_back(summary_of(found.content));
  }
  return {true,
          {{"total", fitting},
           {"page", page},
           {"page_size", size},
           {"has_more", fitting > begin + size},
           {"items", std::move(items)}}};
}

}  // namespace cartpilot::app
