// The part of PurchaseGate that decides about a receipt: limits, rules, flags, and when a person is
// asked.
#include <fmt/format.h>

#include "purchase/gate.h"
#include "purchase/keys.h"
#include "purchase/rule_facts.h"

namespace cartpilot::purchase {

RuleVerdict PurchaseGate::rule_verdict(const commerce::Receipt& receipt,
                                       const CallContext& context) const {
  const PurchaseRules& rules = policy_.rules;
  if (rules.rules.empty()) return {};
  const RuleFacts facts = facts_about(receipt.checkout, receipt.total(), journal_.now_unix_ms(),
                                      rules, client_, context);
  // Counted again, under the lock, when the confirm is recorded.
  return judge(rules, facts, [&](const std::string& rule) {
    return journal_.rule_uses(rule, cartpilot().text());
  });
}

/// Why no limit leaves anything, and what can be done.
std::optional<std::string> PurchaseGate::gap() const {
  auto why = journal_.gap_against(session_id_);
  if (why) *why += remedy_text(policy_.remedies, Remedy::kLookedAtOrders, "; ");
  return why;
}

/// What limits, rules and flags decide by themselves; nullopt = a person is asked, perhaps because
/// of `rule`.
std::optional<PurchaseGate::Decision> PurchaseGate::decide_without_person(
    const commerce::Receipt& receipt, std::optional<Rule>& asking, const CallContext& context) {
  const std::string basket = basket_of(receipt.checkout.merchant_id, items_of(receipt.checkout));
  Decision refused{false, "refused", "policy", "APPROVAL_REFUSED_BY_POLICY", PurchaseEnd::kRefused,
                   ""};
  if (const auto outside = outside_limits(policy_, receipt.total())) {
    refused.reason = *outside;
    return refused;
  }
  // Looked at again, under the lock, when the confirm is recorded.
  auto over = gap();
  if (!over) {
    over = over_limit(policy_.limits, receipt.total(),
                      journal_.spent(receipt.frozen.currency, session_id_, cartpilot().text()));
  }
  if (over) {
    refused.error_code = "OVER_LIMIT";
    refused.reason = *over;
    return refused;
  }
  const RuleVerdict verdict = rule_verdict(receipt, context);
  refused.rule = verdict.rule;
  if (verdict.action == RuleAction::kDeny) {
    refused.reason = fmt::format("{} in {} forbids it", shown(*verdict.rule), policy_.rules.file);
    return refused;
  }
  if (verdict.action == RuleAction::kAllow) {
    // Looked at again, under the lock, when the confirm is recorded.
    const auto repeated = repeated_under(*verdict.rule, basket);
    if (!repeated) {
      Decision yes{true, "approved", "policy", "", PurchaseEnd::kBought, shown(*verdict.rule)};
      yes.channel = "policy";
      yes.rule = verdict.rule;
      return yes;
    }
    if (policy_.mode == ApprovalMode::kNever) {
      refused.error_code = "REPEATED_BASKET";
      refused.reason = *repeated;
      return refused;
    }
  }
  asking = verdict.rule;
  switch (policy_.mode) {
    case ApprovalMode::kNever:
      refused.reason = policy_.permission_text.empty()
                           ? "nothing may be bought here"
                           : "refused because of " + policy_.permission_text;
      if (verdict.rule) refused.reason += ", and " + shown(*verdict.rule) + " wants a question";
      refused.reason += remedy_text(policy_.remedies, Remedy::kAllowPurchases, "; ");
      return refused;
    case ApprovalMode::kUpTo:
      if (const auto outside =
              outside_permission(policy_, receipt.total(), receipt.checkout.merchant_id)) {
        refused.reason = fmt::format("{} ({})", *outside, policy_.permission_text);
        return refused;
      }
      // Looked at again, under the lock, when the confirm is recorded.
      if (const auto repeated = repeated_without_permission(basket)) {
        refused.error_code = "REPEATED_BASKET";
        refused.reason = *repeated;
        return refused;
      }
      return Decision{
          true, "approved", "policy", "", PurchaseEnd::kBought, policy_.permission_text, "policy"};
    case ApprovalMode::kAsk: break;
  }
  return std::nullopt;
}

PurchaseGate::Decision PurchaseGate::decide(ApprovalQuestion question,
                                            const commerce::Receipt& receipt,
                                            std::chrono::milliseconds left,
                                            const CallContext& context) {
  std::optional<Rule> asking;
  std::optional<Decision> decided = decide_without_person(receipt, asking, context);
  if (policy_.dry_run) return rehearsed(decided, asking);
  if (decided) return *std::move(decided);
  if (asking) {
    const bool asks = asking->action == RuleAction::kAsk;
    question.notes.push_back(asks ? "decided by " + shown(*asking)
                                  : shown(*asking) + " holds for no repetition");
  }
  Decision decision = ask(std::move(question), left, context);
  decision.rule = std::move(asking);
  return decision;
}

/// What would have been decided, and that it was not.
PurchaseGate::Decision PurchaseGate::rehearsed(const std::optional<Decision>& decided,
                                               const std::optional<Rule>& asking) const {
  Decision dry{false, "refused", "policy", "DRY_RUN", PurchaseEnd::kDryRun, "dry run: "};
  const auto nobody = approver_.unavailable();
  if (decided && decided->approved) {
    dry.reason += "without it this would be approved by " + decided->reason;
  } else if (decided) {
    dry.reason += "without it this would be refused: " + decided->reason;
  } else if (nobody) {
    dry.reason += "without it this would be refused: " + *nobody;
  } else {
    dry.reason += "without it you would be asked";
    if (asking) dry.reason += " because of " + shown(*asking);
  }
  return dry;
}

/// Who agreed, or will when the person is asked and says yes, for the record.
std::string PurchaseGate::agreed_by(const Decision& decision) const {
  const bool allowed = decision.approved && decision.by == "policy";
  if (!decision.rule) return allowed ? "policy: " + policy_.permission_text : "human";
  if (allowed) return rule_record(*decision.rule);
  return fmt::format("human (rule {})", decision.rule->name);
}

/// A yes in advance is one to a basket: nobody agreed to the same again.
std::optional<std::string> PurchaseGate::repeated_under(const Rule& rule,
                                                        const std::string& basket) const {
  const auto repeated = repetition_of(basket);
  if (!repeated) return std::nullopt;
  return fmt::format("{}; rule {} allows a basket once in 24 hours", *repeated, rule.name);
}

}  // namespace cartpilot::purchase
