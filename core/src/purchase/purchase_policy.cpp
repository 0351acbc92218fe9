#include "purchase/purchase_policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "cartpilot/error.h"
#include "cartpilot/json.h"

namespace cartpilot::purchase {
namespace {

constexpr std::string_view kUpToPrefix = "up-to:";
constexpr std::size_t kMaxMerchantBytes = 64;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

/// As JSON and not too long, so that odd bytes cannot spoil the message.
std::string shown(std::string_view text) {
  return dump_json(Json(std::string(text.substr(0, 60))));
}

bool is_merchant_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxMerchantBytes &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-';
         });
}

std::vector<std::string> parse_merchants(std::string_view list) {
  std::vector<std::string> merchants;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string_view id = list.substr(begin, end - begin);
    if (!is_merchant_id(id)) {
      refuse(
          fmt::format("--merchants {}: {} is no merchant id; write them like "
                      "merchant-a,merchant-b, without spaces",
                      shown(list), shown(id)));
    }
    merchants.emplace_back(id);
    begin = end + 1;
  }
  return merchants;
}

commerce::Money parse_bound(std::string_view approve, const PurchasePolicy& policy) {
  const std::string_view rest = approve.substr(kUpToPrefix.size());
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) {
    refuse(fmt::format("--approve {}: the currency is missing; write it like up-to:150:USD",
                       shown(approve)));
  }
  commerce::Money bound;
  try {
    bound.minor = commerce::parse_minor(rest.substr(0, colon));
  } catch (const Error& error) {
    refuse(fmt::format("--approve {}: {}", shown(approve), error.what()));
  }
  bound.currency = rest.substr(colon + 1);
  if (std::find(policy.currencies.begin(), policy.currencies.end(), bound.currency) ==
      policy.currencies.end()) {
    refuse(fmt::format("--approve {}: the currency must be one of {}", shown(approve),
                       fmt::join(policy.currencies, ", ")));
  }
  if (bound.minor <= 0) {
    refuse(
        fmt::format("--approve {}: the amount must be above zero; --approve never forbids every "
                    "purchase",
                    shown(approve)));
  }
  if (bound.minor > policy.hard_cap_minor) {
    refuse(fmt::format("--approve {}: no single purchase may exceed {}", shown(approve),
                       commerce::format_minor(policy.hard_cap_minor)));
  }
  return bound;
}

}  // namespace

PurchasePolicy parse_policy(std::string_view approve, std::string_view merchants) {
  PurchasePolicy policy;
  policy.flag_text = fmt::format("--approve {}", approve);
  if (approve == "ask" || approve == "never") {
    if (!merchants.empty()) {
      refuse(
          fmt::format("--merchants only goes with --approve up-to:AMOUNT:CUR; with --approve {} "
                      "it would restrict nothing",
                      approve));
    }
    policy.mode = approve == "ask" ? ApprovalMode::kAsk : ApprovalMode::kNever;
    return policy;
  }
  if (approve.substr(0, kUpToPrefix.size()) != kUpToPrefix) {
    refuse(fmt::format("--approve {}: expected ask, never or up-to:AMOUNT:CUR (like up-to:150:USD)",
                       shown(approve)));
  }
  policy.mode = ApprovalMode::kUpTo;
  policy.up_to = parse_bound(approve, policy);
  if (merchants.empty()) {
    refuse(
        fmt::format("--approve {} needs --merchants with the merchants it holds for, like "
                    "--merchants merchant-a,merchant-b",
                    shown(approve)));
  }
  policy.merchants = parse_merchants(merchants);
  policy.flag_text += fmt::format(" --merchants {}", merchants);
  return policy;
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
  if (std::find(policy.currencies.begin(), policy.currencies.end(), total.currency) ==
      policy.currencies.end()) {
    return fmt::format("currency {} is not one of {}", shown(total.currency),
                       fmt::join(policy.currencies, ", "));
  }
  if (total.minor > policy.hard_cap_minor) {
    return fmt::format("{} is more than the {} any single purchase may cost",
                       commerce::format_money(total),
                       commerce::format_minor(policy.hard_cap_minor));
  }
  return std::nullopt;
}

}  // namespace cartpilot::purchase
