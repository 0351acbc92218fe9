#include "purchase/policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "cartpilot/json.h"
#include "commerce/currency.h"

namespace cartpilot::purchase {
namespace {

/// As JSON and not too long, so that odd bytes cannot spoil the message.
std::string shown(std::string_view text) {
  return dump_json(Json(std::string(text.substr(0, 60))));
}

/// The limit as the front end calls it, in parentheses.
std::string named(const std::string& name) { return name.empty() ? "" : " (" + name + ")"; }

std::optional<std::string> over(const commerce::Money& limit, const commerce::Money& total,
                                std::int64_t spent, std::string_view what,
                                const std::string& name) {
  if (!limit.currency.empty() && limit.currency != total.currency) {
    return fmt::format("the total is in {}, the limit of {} in {}{}", total.currency, what,
                       limit.currency, named(name));
  }
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(spent, total.minor, &sum) && sum <= limit.minor) return std::nullopt;
  const commerce::Money bound{limit.minor, total.currency};
  if (spent == 0) {
    return fmt::format("{} is more than the {} that {} may cost{}", commerce::format_money(total),
                       commerce::format_money(bound), what, named(name));
  }
  return fmt::format("{} and the {} spent already are more than the {} that {} may cost{}",
                     commerce::format_money(total), commerce::format_money({spent, total.currency}),
                     commerce::format_money(bound), what, named(name));
}

}  // namespace

std::optional<std::string> over_limit(const SpendLimits& limits, const commerce::Money& total,
                                      const Spent& spent) {
  if (auto why = over(limits.order, total, 0, "one purchase", limits.names.order)) return why;
  if (auto why =
          over(limits.session, total, spent.session, "this conversation", limits.names.session)) {
    return why;
  }
  return over(limits.day, total, spent.day, "24 hours", limits.names.day);
}

std::optional<std::string> outside_permission(const PurchasePolicy& policy,
                                              const commerce::Money& total,
                                              const std::string& merchant_id) {
  if (total.currency != policy.up_to.currency) {
    return fmt::format("the total is in {}, the permission in {}", total.currency,
                       policy.up_to.currency);
  }
  if (total.minor > policy.up_to.minor) {
    return fmt::format("{} is more than the permitted {}", commerce::format_money(total),
                       commerce::format_money(policy.up_to));
  }
  if (std::find(policy.merchants.begin(), policy.merchants.end(), merchant_id) ==
      policy.merchants.end()) {
    return fmt::format("merchant {} is not among the permitted {}", shown(merchant_id),
                       fmt::join(policy.merchants, ", "));
  }
  return std::nullopt;
}

std::optional<std::string> outside_limits(const PurchasePolicy& policy,
                                          const commerce::Money& total) {
  if (!commerce::decimals_of(total.currency)) {
    return fmt::format("currency {} is not one this program knows", shown(total.currency));
  }
  if (total.minor > policy.hard_cap_minor) {
    return fmt::format("{} is more than the {} any single purchase may cost",
                       commerce::format_money(total),
                       commerce::format_money({policy.hard_cap_minor, total.currency}));
  }
  return std::nullopt;
}

}  // namespace cartpilot::purchase
