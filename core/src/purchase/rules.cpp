#include "purchase/rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/local_time.h"
#include "cartpilot/error.h"
#include "cartpilot/json.h"
#include "text/ascii.h"

namespace cartpilot::purchase {
namespace {

constexpr char kBelow = '>';

/// Names from outside as JSON and not too long, so that odd bytes cannot spoil the message.
std::string in_quotes(std::string_view text) {
  return dump_json(Json(std::string(text.substr(0, 60))));
}

/// Plain ASCII, for the record.
std::string plain(const std::string& text) {
  return Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
}

/// "Electronics > Audio" as {"electronics", "audio"}.
std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(kBelow, begin), path.size());
    segments.push_back(text::lower_case(text::trimmed(path.substr(begin, end - begin))));
    begin = end + 1;
  }
  return segments;
}

bool lies_below(const std::string& path, const std::string& category) {
  const std::vector<std::string> whole = segments_of(path);
  const std::vector<std::string> above = segments_of(category);
  return above.size() <= whole.size() && std::equal(above.begin(), above.end(), whole.begin());
}

/// The currency that a rule holds for, "" = every one.
std::string currency_of(const Rule& rule) {
  if (rule.up_to) return rule.up_to->currency;
  return rule.above ? rule.above->currency : rule.currency;
}

std::optional<std::string> wrong_total(const Rule& rule, const commerce::Money& total) {
  const std::string currency = currency_of(rule);
  if (!currency.empty() && total.currency != currency) {
    return fmt::format("the total is in {}, the rule in {}", in_quotes(total.currency), currency);
  }
  if (rule.up_to && total.minor > rule.up_to->minor) {
    return fmt::format("{} is more than {}", commerce::format_money(total),
                       commerce::format_money(*rule.up_to));
  }
  if (rule.above && total.minor <= rule.above->minor) {
    return fmt::format("{} is not more than {}", commerce::format_money(total),
                       commerce::format_money(*rule.above));
  }
  return std::nullopt;
}

std::optional<std::string> wrong_merchant(const Rule& rule, const std::string& merchant) {
  const std::vector<std::string>& named = rule.merchants;
  if (named.empty() || std::find(named.begin(), named.end(), merchant) != named.end()) {
    return std::nullopt;
  }
  return fmt::format("merchant {} is not among {}", in_quotes(merchant), fmt::join(named, ", "));
}

/// One line is enough to ask or deny; to allow, every line must be named.
std::optional<std::string> wrong_category(
    const Rule& rule, const std::vector<std::optional<std::string>>& categories) {
  if (rule.categories.empty()) return std::nullopt;
  std::optional<std::string> outside;
  bool inside = false;
  bool unknown = categories.empty();
  for (const std::optional<std::string>& category : categories) {
    if (!category || category->empty()) {
      unknown = true;
    } else if (std::any_of(rule.categories.begin(), rule.categories.end(),
                           [&](const auto& named) { return lies_below(*category, named); })) {
      inside = true;
    } else {
      outside = fmt::format("category {} is not among {}", in_quotes(*category),
                            fmt::join(rule.categories, ", "));
    }
  }
  if (rule.action == RuleAction::kDeny && unknown) return std::nullopt;
  if (rule.action == RuleAction::kAllow && unknown) return "the category of an item is not known";
  if (rule.action == RuleAction::kAllow && outside) return outside;
  if (inside) return std::nullopt;
  return outside.value_or("the category of an item is not known");
}

std::string clock_text(int minute) { return fmt::format("{:02}:{:02}", minute / 60, minute % 60); }

std::optional<std::string> wrong_time(const Rule& rule, std::int64_t unix_ms) {
  if (!rule.between) return std::nullopt;
  const RuleHours& hours = *rule.between;
  int minute = 0;
  try {
    minute = base::minute_of_day(unix_ms, hours.zone);
  } catch (const std::exception& error) {
    if (rule.action == RuleAction::kDeny) return std::nullopt;
    return fmt::format("the time of day is not known ({})", error.what());
  }
  const bool over_midnight = hours.to <= hours.from;
  const bool late_enough = minute >= hours.from;
  const bool early_enough = minute < hours.to;
  if (over_midnight ? late_enough || early_enough : late_enough && early_enough) {
    return std::nullopt;
  }
  return fmt::format("it is {} there, not between {} and {}", clock_text(minute),
                     clock_text(hours.from), clock_text(hours.to));
}

std::optional<std::string> used_up(const Rule& rule, const RuleUses& uses) {
  if (rule.action != RuleAction::kAllow) return std::nullopt;
  const std::int64_t used = uses(rule.name);
  if (used < rule.per_day) return std::nullopt;
  return fmt::format("it allowed {} of {} purchases in 24 hours", used, rule.per_day);
}

}  // namespace

std::string_view rule_action_name(RuleAction action) {
  switch (action) {
    case RuleAction::kAllow: return "allow";
    case RuleAction::kAsk: return "ask";
    case RuleAction::kDeny: return "deny";
  }
  return "";
}

std::optional<std::string> why_no_match(const Rule& rule, const RuleFacts& facts,
                                        const RuleUses& uses) {
  if (auto why = wrong_total(rule, facts.total)) return why;
  if (auto why = wrong_merchant(rule, facts.merchant)) return why;
  if (auto why = wrong_category(rule, facts.categories)) return why;
  if (auto why = wrong_time(rule, facts.unix_ms)) return why;
  return used_up(rule, uses);
}

RuleVerdict judge(const PurchaseRules& rules, const RuleFacts& facts, const RuleUses& uses) {
  const auto first = [&](auto counts) -> std::optional<Rule> {
    for (const Rule& rule : rules.rules) {
      if (counts(rule.action) && !why_no_match(rule, facts, uses)) return rule;
    }
    return std::nullopt;
  };
  if (auto deny = first([](RuleAction action) { return action == RuleAction::kDeny; })) {
    return {RuleAction::kDeny, std::move(deny)};
  }
  if (rules.deny_only) return {};
  auto found = first([](RuleAction action) { return action != RuleAction::kDeny; });
  if (!found) return {};
  const RuleAction action = found->action;
  return {action, std::move(found)};
}

bool need_categories(const PurchaseRules& rules) {
  return std::any_of(rules.rules.begin(), rules.rules.end(),
                     [](const Rule& rule) { return !rule.categories.empty(); });
}

std::string described(const Rule& rule) {
  std::string text(rule_action_name(rule.action));
  if (rule.above) text += " above " + commerce::format_money(*rule.above);
  if (rule.up_to) text += " up to " + commerce::format_money(*rule.up_to);
  if (!rule.up_to && !rule.above && !rule.currency.empty()) text += " in " + rule.currency;
  if (!rule.merchants.empty()) text += fmt::format(" at {}", fmt::join(rule.merchants, " or "));
  for (const std::string& category : rule.categories) {
    text += (&category == &rule.categories.front() ? " for " : " or ") + plain(category);
  }
  if (rule.between) {
    text += fmt::format(" between {} and {}{}", clock_text(rule.between->from),
                        clock_text(rule.between->to),
                        rule.between->zone.empty() ? "" : " in " + rule.between->zone);
  }
  if (rule.per_day > 0) text += fmt::format(", {} in 24 hours", rule.per_day);
  return text;
}

std::string shown(const Rule& rule) {
  return fmt::format("rule {} ({})", rule.name, described(rule));
}

std::string rule_record_prefix(const std::string& rule) {
  return fmt::format("policy: rule {} (", rule);
}

std::string rule_record(const Rule& rule) {
  return fmt::format("{}{})", rule_record_prefix(rule.name), described(rule));
}

}  // namespace cartpilot::purchase
