#include "cli/file_permission.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "cartpilot/error.h"
#include "cli/owner_only.h"
#include "cli/purchase_rules.h"
#include "cli/settings.h"

namespace cartpilot::host {
namespace {

/// Or says what would be bought.
bool may_buy(const std::string& command) {
  return command == "chat" || command == "tools call" || command == "tools handle" ||
         command == "mcp" || command == "serve" || command == "purchases explain";
}

/// "rules coffee (allow), big (deny)", as far as they count in this run.
std::string names_of(const purchase::PurchaseRules& rules) {
  std::vector<std::string> names;
  for (const purchase::Rule& rule : rules.rules) {
    if (rules.deny_only && rule.action != purchase::RuleAction::kDeny) continue;
    names.push_back(fmt::format("{} ({})", rule.name, purchase::rule_action_name(rule.action)));
  }
  return names.empty() ? "" : fmt::format("rules {}", fmt::join(names, ", "));
}

}  // namespace

FilePermission with_file_permission(const Arguments& arguments) {
  FilePermission result{arguments, "", {}};
  if (!may_buy(arguments.command)) return result;
  const SettingsFile file = read_settings_file(arguments, process_environment());
  const auto text = [&](const std::string& name) {
    const auto found = file.values.find("purchases." + name);
    return found == file.values.end() ? std::string()
                                      : fmt::format("{}", fmt::join(found->second.texts, ","));
  };
  purchase::PurchaseRules& rules = result.rules;
  rules.file = file.path.string();
  rules.rules = parse_rules(file.text, rules.file);
  const auto first = file.values.lower_bound("purchases.");
  const bool has_settings = first != file.values.end() && first->first.starts_with("purchases.");
  if (!has_settings && rules.rules.empty()) return result;
  const int line = has_settings ? first->second.line : rules.rules.front().line;
  if (const std::string why = why_not_owner_only(file.path); !why.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}, line {}: [purchases] is obeyed only where nobody else can write, "
                            "but {}",
                            file.path.string(), line, why));
  }
  Arguments& a = result.arguments;
  std::vector<std::string> said;
  rules.deny_only = !a.approve.empty() || text("approve") == "never";
  if (!rules.rules.empty() && a.approve.empty() && text("approve").starts_with("up-to")) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}, line {}: rules stand beside approve = \"ask\" only; write what "
                            "up-to permits as a rule of its own",
                            file.path.string(), line));
  }
  if (a.approve.empty() && a.merchants.empty() && !a.allow_repeat) {
    a.approve = text("approve");
    a.merchants = text("merchants");
    if (const std::string repeats = text("allow_repeat"); !repeats.empty()) {
      a.allow_repeat = std::stoi(repeats);
    }
    if (a.approve.empty() && (!a.merchants.empty() || a.allow_repeat)) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{}, line {}: merchants and allow_repeat need approve beside them",
                              file.path.string(), line));
    }
    if (!a.approve.empty()) said.push_back("approve " + a.approve);
    if (!a.merchants.empty()) said.push_back("merchants " + a.merchants);
    if (a.allow_repeat) said.push_back(fmt::format("allow_repeat {}", *a.allow_repeat));
  }
  const std::array limits = {std::pair(&a.limit_order, "limit_order"),
                             std::pair(&a.limit_session, "limit_session"),
                             std::pair(&a.limit_day, "limit_day")};
  for (const auto& [limit, name] : limits) {
    if (!limit->empty()) continue;
    *limit = text(name);
    if (!limit->empty()) said.push_back(fmt::format("{} {}", name, *limit));
  }
  if (const std::string names = names_of(rules); !names.empty()) said.push_back(names);
  if (!said.empty()) {
    result.announcement =
        fmt::format("purchases, from {}: {}", file.path.string(), fmt::join(said, "; "));
  }
  return result;
}

}  // namespace cartpilot::host
