#include "cli/purchase_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cartpilot/error.h"
#include "cartpilot/json.h"
#include "commerce/currency.h"
#include "commerce/identity.h"

namespace cartpilot::host {
namespace {

using purchase::ApprovalMode;
using purchase::PurchasePolicy;
using purchase::Remedy;
using purchase::SpendLimits;

constexpr std::string_view kUpToPrefix = "up-to:";
constexpr std::size_t kMaxMerchantBytes = 64;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

/// As JSON and not too long, so that odd bytes cannot spoil the message.
std::string shown(std::string_view text) {
  return dump_json(Json(std::string(text.substr(0, 60))));
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

}  // namespace

bool is_merchant_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxMerchantBytes &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-';
         });
}

commerce::Money parse_amount(std::string_view text, const std::string& given,
                             std::string_view example) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    refuse(fmt::format("{}: the currency is missing; write it like {}", given, example));
  }
  commerce::Money amount;
  amount.currency = text.substr(colon + 1);
  if (!commerce::decimals_of(amount.currency)) {
    refuse(fmt::format("{}: {} is not a currency this program knows; write it like {}", given,
                       shown(amount.currency), example));
  }
  try {
    amount.minor = commerce::parse_minor(text.substr(0, colon), amount.currency);
  } catch (const Error& error) {
    refuse(fmt::format("{}: {}", given, error.what()));
  }
  if (amount.minor <= 0) {
    refuse(fmt::format("{}: the amount must be above zero", given));
  }
  return amount;
}

commerce::Money parse_bound(std::string_view text, const std::string& given,
                            std::string_view example) {
  commerce::Money bound = parse_amount(text, given, example);
  const std::int64_t cap = PurchasePolicy().hard_cap_minor;
  if (bound.minor > cap) {
    refuse(fmt::format("{}: no single purchase may exceed {}", given,
                       commerce::format_money({cap, bound.currency})));
  }
  return bound;
}

std::string flag_remedy(Remedy remedy, const std::string& about) {
  switch (remedy) {
    case Remedy::kAllowPurchases:
      return "run cartpilot on a terminal and answer its question (--approve ask), or allow "
             "purchases beforehand with --approve up-to:AMOUNT:CUR --merchants LIST, like "
             "--approve up-to:150:USD --merchants merchant-a";
    case Remedy::kAnswerQuestion:
      return fmt::format("ask them to run `cartpilot approve {}` on a terminal of their own",
                         about);
    case Remedy::kBeAsked: return "run cartpilot on a terminal, with --approve ask";
    case Remedy::kAllowRepeat: return "start with --allow-repeat N to let it buy N more";
    case Remedy::kRecordOutcome:
      return fmt::format("run `cartpilot purchases resolve {} --bought` or --not-bought", about);
    case Remedy::kNewRecord:
      return "look through `cartpilot purchases list` and start a new record with --new-journal "
             "(the old one is kept aside)";
    case Remedy::kLookedAtOrders:
      return "look at `cartpilot tools call list_orders`, then run `cartpilot purchases resolve "
             "--gap`";
    case Remedy::kReachCartPilot: {
      const auto cartpilot = commerce::CartPilotIdentity::from_text(about);
      if (cartpilot.is_sandbox()) return "--sandbox, or with the --api-url of that sandbox";
      return "--api-url " + (cartpilot.url().empty() ? about : cartpilot.url());
    }
    case Remedy::kReachOtherSandbox: return "the --api-url of that sandbox";
    case Remedy::kUseOtherAccount: return "set CARTPILOT_API_KEY to that one";
    case Remedy::kAllowPlugin:
      return fmt::format("if you trust it with yours, pass --allow-money-tools {}", about);
  }
  return "";
}

PurchasePolicy parse_policy(std::string_view approve, std::string_view merchants) {
  PurchasePolicy policy;
  policy.remedies = flag_remedy;
  policy.permission_text = fmt::format("--approve {}", approve);
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
  policy.up_to = parse_bound(approve.substr(kUpToPrefix.size()),
                             fmt::format("--approve {}", shown(approve)), "up-to:150:USD");
  if (merchants.empty()) {
    refuse(
        fmt::format("--approve {} needs --merchants with the merchants it holds for, like "
                    "--merchants merchant-a,merchant-b",
                    shown(approve)));
  }
  policy.merchants = parse_merchants(merchants);
  policy.permission_text += fmt::format(" --merchants {}", merchants);
  return policy;
}

void allow_repeats(PurchasePolicy& policy, int times) {
  if (policy.mode != ApprovalMode::kUpTo) {
    refuse(
        "--allow-repeat only goes with --approve up-to:AMOUNT:CUR; a person is asked about a "
        "repeated basket");
  }
  policy.allow_repeat = times;
  policy.permission_text += fmt::format(" --allow-repeat {}", times);
}

SpendLimits parse_limits(std::string_view order, std::string_view session, std::string_view day) {
  SpendLimits limits;
  limits.names = {"--limit-order", "--limit-session", "--limit-day"};
  const auto given = [](std::string_view flag, std::string_view text) {
    return fmt::format("{} {}", flag, shown(text));
  };
  if (!order.empty()) limits.order = parse_bound(order, given("--limit-order", order), "150:USD");
  if (!session.empty()) {
    limits.session = parse_amount(session, given("--limit-session", session), "300:USD");
  }
  if (!day.empty()) limits.day = parse_amount(day, given("--limit-day", day), "300:USD");
  return limits;
}

}  // namespace cartpilot::host
