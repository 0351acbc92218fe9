// cartpilot purchases explain: which rule would decide about a checkout, and why no other does.
// Looks only: nothing is written, and CartPilot gets no request that changes anything.
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/commands.h"
#include "commerce/client.h"
#include "purchase/keys.h"
#include "purchase/rule_facts.h"
#include "terminal/output.h"
#include "text/terminal_text.h"

namespace cartpilot::host {
namespace {

using purchase::Rule;
using purchase::RuleAction;

struct Explained {
  commerce::Checkout checkout;
  purchase::RuleFacts facts;
  purchase::RuleVerdict verdict;
  std::vector<std::string> why_not;  ///< of each rule, "" = it matches
  bool repeated = false;             ///< the same basket was bought in the last 24 hours
};

Explained explained(CommandServices& services, const purchase::PurchaseRules& rules) {
  commerce::ClientOptions options = services.cartpilot();
  const commerce::CartPilotClient client(options, services.http());
  const Interrupt interrupt;
  const auto answer = client.get_checkout(services.arguments().name, interrupt);
  Explained found;
  found.checkout = answer.value;
  if (!found.checkout.total) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("the checkout is {} and has no total yet; rules are judged once "
                            "quote_checkout has told the price",
                            found.checkout.status));
  }
  options = client.options();
  options.sandbox_id = answer.sandbox_id;
  purchase::PurchaseJournal& journal = services.journal();
  const std::string cartpilot = purchase::identity_of(options, journal.install_secret()).text();
  found.facts = purchase::facts_about(found.checkout, *found.checkout.total, journal.now_unix_ms(),
                                      rules, client, interrupt);
  const purchase::RuleUses uses = [&](const std::string& rule) {
    return journal.rule_uses(rule, cartpilot);
  };
  found.verdict = purchase::judge(rules, found.facts, uses);
  for (const Rule& rule : rules.rules) {
    found.why_not.push_back(purchase::why_no_match(rule, found.facts, uses).value_or(""));
  }
  const std::string basket =
      purchase::basket_of(found.checkout.merchant_id, purchase::items_of(found.checkout));
  found.repeated = journal.bought_in_a_day(basket, cartpilot).has_value();
  return found;
}

std::string decision_text(const Explained& found) {
  const purchase::RuleVerdict& verdict = found.verdict;
  if (!verdict.rule) return "no rule matches, so you are asked";
  const std::string rule = purchase::shown(*verdict.rule);
  if (verdict.action == RuleAction::kDeny) return rule + ": it is refused";
  if (verdict.action == RuleAction::kAsk) return rule + ": you are asked";
  if (!found.repeated) return rule + ": it is bought without a question";
  return rule + ", but the same basket was bought in the last 24 hours: you are asked";
}

Json json_of(const Explained& found, const purchase::PurchaseRules& rules) {
  Json categories = Json::array();
  for (const auto& category : found.facts.categories) {
    categories.push_back(category ? Json(*category) : Json());
  }
  Json judged = Json::array();
  for (std::size_t i = 0; i < rules.rules.size(); ++i) {
    const Rule& rule = rules.rules[i];
    const std::string& why = found.why_not[i];
    judged.push_back({{"name", rule.name},
                      {"action", purchase::rule_action_name(rule.action)},
                      {"rule", purchase::described(rule)},
                      {"line", rule.line},
                      {"matches", why.empty()},
                      {"why_not", why.empty() ? Json() : Json(why)}});
  }
  const auto& rule = found.verdict.rule;
  return {{"checkout_id", found.checkout.id},
          {"status", found.checkout.status},
          {"merchant_id", found.facts.merchant},
          {"total", found.facts.total.minor},
          {"currency", found.facts.total.currency},
          {"categories", categories},
          {"decision", purchase::rule_action_name(found.verdict.action)},
          {"rule", rule ? Json(rule->name) : Json()},
          {"repeated", found.repeated},
          {"file", rules.file},
          {"rules", judged}};
}

}  // namespace

int run_purchases_explain(CommandServices& services) {
  const purchase::PurchaseRules& rules = services.rules();
  const Explained found = explained(services, rules);
  if (services.arguments().json) {
    out_json(json_of(found, rules));
    return kOk;
  }
  out_row(fmt::format("checkout        {}, {}", text::field(found.checkout.id),
                      text::field(found.checkout.status)));
  out_row(fmt::format("total           {} at {}", commerce::format_money(found.facts.total),
                      text::field(found.facts.merchant)));
  if (purchase::need_categories(rules)) {
    for (const auto& category : found.facts.categories) {
      out_row(fmt::format("category        {}", category ? text::field(*category) : "not known"));
    }
  }
  out_row(fmt::format("decides         {}", decision_text(found)));
  for (std::size_t i = 0; i < rules.rules.size(); ++i) {
    const Rule& rule = rules.rules[i];
    const std::string& why = found.why_not[i];
    const bool decides = found.verdict.rule && found.verdict.rule->name == rule.name;
    out_row(fmt::format("  {:<13} {}", rule.name,
                        decides       ? "decides"
                        : why.empty() ? "matches, but another one decides"
                                      : "does not match: " + text::field(why, 1'000)));
  }
  return kOk;
}

}  // namespace cartpilot::host
