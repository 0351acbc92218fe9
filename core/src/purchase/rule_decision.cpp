// The part of PurchaseGate for rules: what they say about a receipt, and how the record names them.
#include <fmt/format.h>

#include "purchase/gate.h"
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
