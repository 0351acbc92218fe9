#include "cli/purchase_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <map>
#include <sstream>

#include "base/local_time.h"
#include "cartpilot/error.h"
#include "cartpilot/json.h"
#include "cli/purchase_flags.h"
#include "commerce/currency.h"
#include "text/ascii.h"
#include "text/near_names.h"

namespace cartpilot::host {
namespace {

using purchase::Rule;
using purchase::RuleAction;

constexpr std::size_t kLongestName = 40;
constexpr std::size_t kLongestCategory = 200;
constexpr std::int64_t kMaxPerDay = 1000;
constexpr int kMinutesOfDay = 24 * 60;

const std::vector<std::string>& keys_of_rules() {
  static const std::vector<std::string> keys = {"name",     "action",    "up_to",      "above",
                                                "currency", "merchants", "categories", "between",
                                                "zone",     "per_day"};
  return keys;
}

std::string shown_text(std::string_view text) {
  return dump_json(Json(std::string(text.substr(0, 60))));
}

bool is_rule_name(const std::string& name) {
  return name.size() <= kLongestName && is_merchant_id(name);
}

/// "08:00" as minutes since midnight; "24:00" is the end of the day. nullopt for anything else.
std::optional<int> minute_in(std::string_view text) {
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) {
    return std::nullopt;
  }
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (minute > 59 || hour * 60 + minute > kMinutesOfDay) return std::nullopt;
  return hour * 60 + minute;
}

/// One table of [[purchases.rules]].
class RuleReader {
 public:
  RuleReader(const toml::table& table, std::size_t number, const std::string& file)
      : table_(table), file_(file), shown_(fmt::format("rule {}", number)) {
    rule_.line = static_cast<int>(table.source().begin.line);
    const std::string name = table["name"].value_or(std::string());
    if (is_rule_name(name)) shown_ = "rule " + name;
  }

  Rule read() {
    check_keys();
    rule_.name = text("name");
    if (!is_rule_name(rule_.name)) {
      wrong("name", fmt::format("{} is no name; up to {} of A-Z, a-z, 0-9, _ and -",
                                shown_text(rule_.name), kLongestName));
    }
    read_action();
    read_amounts();
    read_merchants();
    read_categories();
    read_hours();
    read_count();
    if (rule_.action == RuleAction::kAllow) check_bounds();
    return rule_;
  }

 private:
  [[noreturn]] void wrong(const std::string& key, const std::string& what) const {
    const toml::node* node = table_.get(key);
    const int line = node == nullptr ? rule_.line : static_cast<int>(node->source().begin.line);
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}, line {}: {}: {}: {}", file_, line, shown_, key, what));
  }

  void check_keys() const {
    const std::vector<std::string>& known = keys_of_rules();
    for (const auto& [key, value] : table_) {
      const std::string name(key.str());
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const std::vector<std::string> near = text::near_names(name, known);
      wrong(is_rule_name(name) ? name : shown_text(name),
            near.empty() ? fmt::format("no key of a rule; known are {}", fmt::join(known, ", "))
                         : fmt::format("no key of a rule; did you mean '{}'?", near.front()));
    }
  }

  bool has(const std::string& key) const { return table_.contains(key); }

  /// A text that is there and not empty.
  std::string text(const std::string& key) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) wrong(key, "is missing");
    return text_in(key, *node);
  }

  std::string text_in(const std::string& key, const toml::node& node) const {
    const auto* value = node.as_string();
    if (value == nullptr || value->get().empty()) {
      wrong(key, "must be a text in quotes, and not an empty one");
    }
    const std::string& text = value->get();
    if (std::any_of(text.begin(), text.end(),
                    [](unsigned char c) { return c < 0x20 || c == 0x7F; })) {
      wrong(key, "holds control characters");
    }
    return text;
  }

  std::vector<std::string> list(const std::string& key) const {
    if (!has(key)) return {};
    const toml::array* array = table_.get(key)->as_array();
    if (array == nullptr || array->empty()) {
      wrong(key, "must be a list of texts in quotes, and not an empty one: [\"a\", \"b\"]");
    }
    std::vector<std::string> texts;
    for (const toml::node& node : *array) texts.push_back(text_in(key, node));
    return texts;
  }

  void read_action() {
    const std::string action = text("action");
    for (const RuleAction known : {RuleAction::kAllow, RuleAction::kAsk, RuleAction::kDeny}) {
      if (action != purchase::rule_action_name(known)) continue;
      rule_.action = known;
      return;
    }
    wrong("action", shown_text(action) + " is not allow, ask or deny");
  }

  void read_amounts() {
    const auto amount = [&](const std::string& key, auto parse) -> std::optional<commerce::Money> {
      if (!has(key)) return std::nullopt;
      const std::string value = text(key);
      try {
        return parse(value, shown_text(value), "50.00:USD");
      } catch (const Error& error) {
        wrong(key, error.what());
      }
    };
    rule_.up_to = amount("up_to", parse_bound);
    rule_.above = amount("above", parse_amount);
    if (has("currency")) {
      rule_.currency = text("currency");
      if (!commerce::decimals_of(rule_.currency)) {
        wrong("currency", shown_text(rule_.currency) + " is not a currency this program knows");
      }
    }
    if (rule_.up_to) check_currency("up_to", *rule_.up_to);
    if (rule_.above) check_currency("above", *rule_.above);
    if (rule_.up_to && rule_.above) {
      if (rule_.up_to->currency != rule_.above->currency) {
        wrong("above", "is in another currency than up_to, so the rule could never match");
      }
      if (rule_.up_to->minor <= rule_.above->minor) {
        wrong("above", "is not less than up_to, so the rule could never match");
      }
    }
  }

  void check_currency(const std::string& key, const commerce::Money& amount) const {
    if (rule_.currency.empty() || rule_.currency == amount.currency) return;
    wrong(key, fmt::format("is in another currency than {}, so the rule could never match",
                           rule_.currency));
  }

  void read_merchants() {
    rule_.merchants = list("merchants");
    for (const std::string& id : rule_.merchants) {
      if (!is_merchant_id(id)) wrong("merchants", shown_text(id) + " is no merchant id");
    }
  }

  void read_categories() {
    rule_.categories = list("categories");
    for (const std::string& category : rule_.categories) {
      const auto segments = text::words_of(category + ' ', ">");
      const bool has_gap = std::any_of(segments.begin(), segments.end(), [](const auto& segment) {
        return text::trimmed(segment).empty();
      });
      const bool at_end = category.front() == '>' || category.back() == '>';
      if (has_gap || at_end || category.find(">>") != std::string::npos ||
          category.size() > kLongestCategory) {
        wrong("categories",
              shown_text(category) + " is no category; write it like \"Electronics > Audio\"");
      }
    }
  }

  void read_hours() {
    if (!has("between")) {
      if (has("zone")) wrong("zone", "goes with between only");
      return;
    }
    const std::string span = text("between");
    const std::size_t dash = span.find('-');
    const auto from = minute_in(std::string_view(span).substr(0, dash));
    const auto to = dash == std::string::npos ? std::nullopt
                                              : minute_in(std::string_view(span).substr(dash + 1));
    if (!from || !to || *from == kMinutesOfDay || *from == *to) {
      wrong("between", shown_text(span) + " is no time of day; write it like \"08:00-22:00\"");
    }
    rule_.between = purchase::RuleHours{*from, *to, ""};
    if (!has("zone")) return;
    rule_.between->zone = text("zone");
    if (!base::is_time_zone(rule_.between->zone)) {
      wrong("zone", fmt::format("this machine knows no time zone {}; write it like "
                                "\"Europe/Paris\", or leave it out for the local time",
                                shown_text(rule_.between->zone)));
    }
  }

  void read_count() {
    if (!has("per_day")) return;
    if (rule_.action != RuleAction::kAllow) {
      wrong("per_day", "goes with action = \"allow\" only");
    }
    const auto* count = table_.get("per_day")->as_integer();
    if (count == nullptr || count->get() < 1 || count->get() > kMaxPerDay) {
      wrong("per_day", fmt::format("must be a number from 1 to {}", kMaxPerDay));
    }
    rule_.per_day = count->get();
  }

  /// A rule that allows is a yes in advance, so it says to what.
  void check_bounds() const {
    constexpr const char* kNeeded =
        "is missing; a rule that allows needs up_to, merchants and per_day";
    if (!rule_.up_to) wrong("up_to", kNeeded);
    if (rule_.merchants.empty()) wrong("merchants", kNeeded);
    if (rule_.per_day == 0) wrong("per_day", kNeeded);
  }

  const toml::table& table_;
  const std::string& file_;
  std::string shown_;  ///< of the rule, in errors
  Rule rule_;
};

[[noreturn]] void no_list_of_rules(const std::string& file, const toml::node& node) {
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("{}, line {}: rules stand in tables of their own: [[purchases.rules]]",
                          file, node.source().begin.line));
}

}  // namespace

std::vector<Rule> parse_rules(const std::string& text, const std::string& file) {
  const toml::table table = toml::parse(text, file);
  const toml::node* node = table.at_path("purchases.rules").node();
  if (node == nullptr) return {};
  const toml::array* array = node->as_array();
  if (array == nullptr) no_list_of_rules(file, *node);
  std::vector<Rule> rules;
  std::map<std::string, int> lines;
  for (const toml::node& one : *array) {
    const toml::table* below = one.as_table();
    if (below == nullptr) no_list_of_rules(file, one);
    Rule rule = RuleReader(*below, rules.size() + 1, file).read();
    const auto [first, is_new] = lines.emplace(rule.name, rule.line);
    if (!is_new) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{}, line {}: rule {}: name: is used in line {} already", file,
                              rule.line, rule.name, first->second));
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::string rules_text(const std::vector<Rule>& rules) {
  const auto amount = [](const commerce::Money& money) {
    return fmt::format("{}:{}", commerce::format_minor(money.minor, money.currency),
                       money.currency);
  };
  const auto array = [](const std::vector<std::string>& texts) {
    toml::array result;
    for (const std::string& text : texts) result.push_back(text);
    return result;
  };
  toml::array tables;
  for (const Rule& rule : rules) {
    toml::table table;
    table.insert("name", rule.name);
    table.insert("action", std::string(purchase::rule_action_name(rule.action)));
    if (rule.up_to) table.insert("up_to", amount(*rule.up_to));
    if (rule.above) table.insert("above", amount(*rule.above));
    if (!rule.currency.empty()) table.insert("currency", rule.currency);
    if (!rule.merchants.empty()) table.insert("merchants", array(rule.merchants));
    if (!rule.categories.empty()) table.insert("categories", array(rule.categories));
    if (rule.between) {
      table.insert("between", fmt::format("{:02}:{:02}-{:02}:{:02}", rule.between->from / 60,
                                          rule.between->from % 60, rule.between->to / 60,
                                          rule.between->to % 60));
      if (!rule.between->zone.empty()) table.insert("zone", rule.between->zone);
    }
    if (rule.per_day > 0) table.insert("per_day", rule.per_day);
    tables.push_back(std::move(table));
  }
  std::ostringstream text;
  text << toml::table{{"purchases", toml::table{{"rules", std::move(tables)}}}};
  return text.str();
}

}  // namespace cartpilot::host
