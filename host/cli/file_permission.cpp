#include "cli/file_permission.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "cartpilot/error.h"
#include "cli/owner_only.h"
#include "cli/settings.h"

namespace cartpilot::host {
namespace {

bool may_buy(const std::string& command) {
  return command == "chat" || command == "tools call" || command == "tools handle" ||
         command == "mcp";
}

}  // namespace

FilePermission with_file_permission(const Arguments& arguments) {
  FilePermission result{arguments, ""};
  if (!may_buy(arguments.command)) return result;
  const SettingsFile file = read_settings_file(arguments, process_environment());
  const auto text = [&](const std::string& name) {
    const auto found = file.values.find("purchases." + name);
    return found == file.values.end() ? std::string()
                                      : fmt::format("{}", fmt::join(found->second.texts, ","));
  };
  const auto first = file.values.lower_bound("purchases.");
  if (first == file.values.end() || !first->first.starts_with("purchases.")) return result;
  if (const std::string why = why_not_owner_only(file.path); !why.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}, line {}: [purchases] is obeyed only where nobody else can write, "
                            "but {}",
                            file.path.string(), first->second.line, why));
  }
  Arguments& a = result.arguments;
  std::vector<std::string> said;
  if (a.approve.empty() && a.merchants.empty() && !a.allow_repeat) {
    a.approve = text("approve");
    a.merchants = text("merchants");
    if (const std::string repeats = text("allow_repeat"); !repeats.empty()) {
      a.allow_repeat = std::stoi(repeats);
    }
    if (a.approve.empty() && (!a.merchants.empty() || a.allow_repeat)) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{}, line {}: merchants and allow_repeat need approve beside them",
                              file.path.string(), first->second.line));
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
  if (!said.empty()) {
    result.announcement =
        fmt::format("purchases, from {}: {}", file.path.string(), fmt::join(said, "; "));
  }
  return result;
}

}  // namespace cartpilot::host
