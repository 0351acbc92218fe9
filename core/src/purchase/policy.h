// PurchasePolicy: what may be bought without asking, if anything.
//
// Given by the front end and never changed by a model, a plugin or CartPilot. Plain values and
// functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commerce/money.h"
#include "purchase/remedy.h"
#include "purchase/rules.h"

namespace cartpilot::purchase {

enum class ApprovalMode { kNever, kAsk, kUpTo };

/// How much may be spent, whoever says yes. A limit with a currency holds for that currency and
/// refuses every other; one without holds for each currency by itself. Nothing is ever converted.
struct SpendLimits {
  commerce::Money order{1'000'000, ""};    ///< one purchase
  commerce::Money session{2'000'000, ""};  ///< all purchases of one conversation
  commerce::Money day{2'000'000, ""};      ///< all purchases of the last 24 hours

  /// What the front end calls them, for whoever wants to change one; "" = nothing.
  struct Names {
    std::string order;
    std::string session;
    std::string day;
  } names{};
};

/// What was spent already, in minor units of the currency in question. Purchases whose outcome is
/// unknown count.
struct Spent {
  std::int64_t session = 0;
  std::int64_t day = 0;

  friend bool operator==(const Spent&, const Spent&) = default;
};

struct PurchasePolicy {
  ApprovalMode mode = ApprovalMode::kNever;
  commerce::Money up_to;               ///< kUpTo: largest total of one purchase
  std::vector<std::string> merchants;  ///< kUpTo: the only merchants it holds for
  int allow_repeat = 0;                ///< kUpTo: further identical baskets that one run may buy
  std::string permission_text;         ///< in the words it was given in, for the record; not
                                       ///< empty under kUpTo
  bool dry_run = false;  ///< say what would be decided, and send neither approve nor confirm
  PurchaseRules rules;   ///< of the person, beforehand; `mode` is for what they leave open
  SpendLimits limits;
  Remedies remedies;  ///< of the front end

  /// Hard cap of any one purchase, whoever says yes, in minor units of any currency: 10,000.00 USD,
  /// 1,000,000 JPY, 1,000.000 KWD.
  std::int64_t hard_cap_minor = 1'000'000;
  /// The host's setting; a model's argument of that name is thrown away.
  std::string payment_method = "test_card";
};

/// Why `total` on top of what was `spent` goes over a limit; nullopt when it does not.
std::optional<std::string> over_limit(const SpendLimits& limits, const commerce::Money& total,
                                      const Spent& spent);

/// Why the permission of kUpTo does not cover a purchase; nullopt when it does.
std::optional<std::string> outside_permission(const PurchasePolicy& policy,
                                              const commerce::Money& total,
                                              const std::string& merchant_id);

/// Limits that hold whoever says yes: the hard cap, and a known currency. nullopt when all is well.
std::optional<std::string> outside_limits(const PurchasePolicy& policy,
                                          const commerce::Money& total);

}  // namespace cartpilot::purchase
