// Rules: what a person has decided about purchases beforehand.
//
// A rule allows, asks or denies, and matches by total, currency, merchant, category of what is
// bought, time of day and, where it allows, by how often it has been used. Any matching deny
// decides; else the first other rule that matches; else a person is asked. Rules never loosen a
// limit. Where a rule depends on something that is not known, an allow or ask rule does not match
// and a deny does.
//
// Plain values and functions; any thread. Where rules are written is the front end's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commerce/money.h"

namespace cartpilot::purchase {

enum class RuleAction { kAllow, kAsk, kDeny };

std::string_view rule_action_name(RuleAction action);

/// From one minute of the day up to another, not included; over midnight when `to` is not later.
struct RuleHours {
  int from = 0;      ///< minutes since midnight
  int to = 0;        ///< up to 24 * 60
  std::string zone;  ///< "Europe/Paris"; "" = this machine's

  friend bool operator==(const RuleHours&, const RuleHours&) = default;
};

/// What is empty restricts nothing.
struct Rule {
  std::string name;  ///< [A-Za-z0-9_-]{1,40}; unique
  RuleAction action = RuleAction::kAsk;
  std::optional<commerce::Money> up_to;  ///< totals up to it, in its currency only
  std::optional<commerce::Money> above;  ///< totals above it, in its currency only
  std::string currency;
  std::vector<std::string> merchants;
  std::vector<std::string> categories;  ///< "Electronics > Audio" is also what lies below it
  std::optional<RuleHours> between;
  std::int64_t per_day = 0;  ///< kAllow: purchases in 24 hours
  int line = 0;              ///< where it stands

  friend bool operator==(const Rule&, const Rule&) = default;
};

struct PurchaseRules {
  std::vector<Rule> rules;
  std::string file;  ///< where they stand
  /// The person said something else for this run: only rules that deny count.
  bool deny_only = false;

  friend bool operator==(const PurchaseRules&, const PurchaseRules&) = default;
};

/// What a purchase is, for a rule.
struct RuleFacts {
  commerce::Money total;
  std::string merchant;
  /// Of each line of the receipt; nullopt where none is known.
  std::vector<std::optional<std::string>> categories;
  std::int64_t unix_ms = 0;  ///< now
};

/// How many purchases the rule of that name allowed in the last 24 hours.
using RuleUses = std::function<std::int64_t(const std::string& rule)>;

/// What decides; without a rule the person is asked.
struct RuleVerdict {
  RuleAction action = RuleAction::kAsk;
  std::optional<Rule> rule;
};

/// Why the rule does not match; nullopt when it does.
std::optional<std::string> why_no_match(const Rule& rule, const RuleFacts& facts,
                                        const RuleUses& uses);

RuleVerdict judge(const PurchaseRules& rules, const RuleFacts& facts, const RuleUses& uses);

/// Whether a rule asks for categories, which CartPilot has to be asked about.
bool need_categories(const PurchaseRules& rules);

/// "allow up to 15.00 USD at merchant-a, 2 in 24 hours".
std::string described(const Rule& rule);

/// "rule coffee (allow up to ...)".
std::string shown(const Rule& rule);

/// How the record names who agreed; see also rule_record_prefix().
std::string rule_record(const Rule& rule);

/// What every rule_record() of the rule of that name begins with, however the rule was changed.
std::string rule_record_prefix(const std::string& rule);

}  // namespace cartpilot::purchase
