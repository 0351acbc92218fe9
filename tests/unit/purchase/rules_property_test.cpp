// Rules drawn at random: no file is weaker than a question without saying allow.
#include <gtest/gtest.h>

#include <random>

#include "purchase/rules.h"

namespace cartpilot::purchase {
namespace {

constexpr std::int64_t kMidnightMs = 1'795'392'000'000;  // 2026-11-23T00:00Z

/// Everything drawn from few values, so that rules often match.
class RandomRules {
 public:
  explicit RandomRules(unsigned seed) : random_(seed) {}

  Rule rule(int number) {
    Rule rule;
    rule.name = "r" + std::to_string(number);
    rule.action = one_of<RuleAction>({RuleAction::kAllow, RuleAction::kAsk, RuleAction::kDeny});
    const std::string currency = one_of<std::string>({"USD", "EUR"});
    if (often()) rule.up_to = commerce::Money{one_of<std::int64_t>({10, 20, 30}), currency};
    if (seldom()) rule.above = commerce::Money{one_of<std::int64_t>({5, 15}), currency};
    if (seldom()) rule.currency = currency;
    if (often()) rule.merchants = {one_of<std::string>({"a", "b"})};
    if (seldom()) rule.categories = {one_of<std::string>({"E", "E > A", "H"})};
    if (seldom()) rule.between = RuleHours{hour(), hour(), "UTC"};
    if (rule.action == RuleAction::kAllow) rule.per_day = one_of<std::int64_t>({1, 2});
    return rule;
  }

  RuleFacts facts() {
    RuleFacts facts;
    facts.total = {one_of<std::int64_t>({5, 10, 11, 20, 25, 31}),
                   one_of<std::string>({"USD", "EUR", "JPY"})};
    facts.merchant = one_of<std::string>({"a", "b", "c"});
    const int lines = one_of<int>({1, 2});
    for (int i = 0; i < lines; ++i) {
      facts.categories.push_back(
          one_of<std::optional<std::string>>({std::nullopt, "E", "E > A", "E > A > H", "H", "Ex"}));
    }
    facts.unix_ms = kMidnightMs + one_of<std::int64_t>({0, 6, 12, 23}) * 3'600'000 + 30 * 60'000;
    return facts;
  }

  std::int64_t uses() { return one_of<std::int64_t>({0, 1, 2}); }
  int size() { return one_of<int>({0, 1, 2, 3, 4, 5}); }

 private:
  template <typename T>
  T one_of(std::vector<T> values) {
    return values[random_() % values.size()];
  }
  bool often() { return random_() % 3 != 0; }
  bool seldom() { return random_() % 4 == 0; }
  int hour() { return one_of<int>({0, 6, 12, 18}) * 60; }

  std::mt19937 random_;
};

/// Whether everything that the rule names is known of this purchase and holds: worked out apart
/// from the program's own way.
bool holds_in_everything(const Rule& rule, const RuleFacts& facts, std::int64_t uses) {
  for (const auto& bound : {rule.up_to, rule.above}) {
    if (bound && bound->currency != facts.total.currency) return false;
  }
  if (rule.currency == "USD" || rule.currency == "EUR") {
    if (rule.currency != facts.total.currency) return false;
  }
  if (rule.up_to && facts.total.minor > rule.up_to->minor) return false;
  if (rule.above && facts.total.minor <= rule.above->minor) return false;
  if (!rule.merchants.empty() && rule.merchants.front() != facts.merchant) return false;
  for (const auto& category : facts.categories) {
    if (rule.categories.empty()) break;
    const std::string& named = rule.categories.front();
    if (!category || (*category != named && !category->starts_with(named + " > "))) return false;
  }
  if (rule.between) {
    bool in = false;
    const int now = static_cast<int>(facts.unix_ms / 60'000 % (24 * 60));
    for (int minute = rule.between->from, left = 24 * 60; left > 0; --left) {
      if (minute == now) in = true;
      minute = (minute + 1) % (24 * 60);
      if (minute == rule.between->to) break;
    }
    if (!in) return false;
  }
  return rule.action != RuleAction::kAllow || uses < rule.per_day;
}

TEST(PurchaseRules, are_never_weaker_than_a_question_without_saying_allow) {
  RandomRules random(20'261'129);
  int allowed = 0;
  int denied = 0;
  for (int round = 0; round < 10'000; ++round) {
    PurchaseRules rules;
    for (int i = random.size(); i > 0; --i) rules.rules.push_back(random.rule(i));
    const RuleFacts facts = random.facts();
    const std::int64_t uses = random.uses();
    const auto verdict = [&](const PurchaseRules& given) {
      return judge(given, facts, [&](const std::string&) { return uses; });
    };
    const RuleVerdict said = verdict(rules);
    const auto is_deny = [](const Rule& rule) { return rule.action == RuleAction::kDeny; };
    // A deny that holds in everything is never overruled, whatever stands before it.
    for (const Rule& rule : rules.rules) {
      if (is_deny(rule) && holds_in_everything(rule, facts, uses)) {
        ASSERT_EQ(said.action, RuleAction::kDeny) << round;
      }
    }
    denied += said.action == RuleAction::kDeny ? 1 : 0;
    if (said.action == RuleAction::kAllow) {
      ++allowed;
      ASSERT_TRUE(said.rule) << round;
      ASSERT_EQ(said.rule->action, RuleAction::kAllow) << round;
      ASSERT_TRUE(holds_in_everything(*said.rule, facts, uses)) << round;
      // No rule before it asks.
      for (const Rule& rule : rules.rules) {
        if (rule.name == said.rule->name) break;
        ASSERT_FALSE(rule.action == RuleAction::kAsk && holds_in_everything(rule, facts, uses))
            << round;
      }
      // Nothing but that a rule says allow leads there.
      std::erase_if(rules.rules,
                    [](const Rule& rule) { return rule.action == RuleAction::kAllow; });
      ASSERT_NE(verdict(rules).action, RuleAction::kAllow) << round;
    }
    // One more deny never makes anything weaker.
    PurchaseRules stricter = rules;
    Rule deny = random.rule(99);
    deny.action = RuleAction::kDeny;
    stricter.rules.push_back(deny);
    ASSERT_TRUE(verdict(stricter).action == verdict(rules).action ||
                verdict(stricter).action == RuleAction::kDeny)
        << round;
  }
  EXPECT_GT(allowed, 300);  // the draws reach all three
  EXPECT_GT(denied, 500);
}

}  // namespace
}  // namespace cartpilot::purchase
