#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "cartpilot/abi.h"
#include "cli/exit_code.h"
#include "commands/commands.h"
#include "commands/plugin/details.h"
#include "terminal/output.h"
#include "text/near_names.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

const char* status_word(plugin::PluginStatus status) {
  switch (status) {
    case plugin::PluginStatus::kAvailable: return "ok";
    case plugin::PluginStatus::kRefused: return "refused";
    case plugin::PluginStatus::kShadowed: return "shadowed";
    case plugin::PluginStatus::kDisabled: return "disabled";
  }
  return "refused";
}

const char* test_load_word(const plugin::PluginRecord& record) {
  if (!record.tried) return "not run";
  return record.status == plugin::PluginStatus::kRefused ? "failed" : "passed";
}

/// Where a code is explained.
std::string see(const plugin::PluginRecord& record) {
  if (record.code.empty()) return "";
  std::string anchor = record.code;
  for (char& c : anchor) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return "docs/plugin-errors.md#" + anchor;
}

Json json_of(const plugin::PluginRecord& record) {
  return {{"id", record.id},
          {"name", record.title},
          {"version", record.version},
          {"status", status_word(record.status)},
          {"file", record.file.string()},
          {"target", record.target.string()},
          {"providers", record.providers},
          {"tool_sets", record.tool_sets},
          {"environment", record.environment},
          {"code", record.code},
          {"why", record.why},
          {"fix", record.fix},
          {"see", see(record)},
          {"tried", record.tried},
          {"warnings", record.warnings},
          {"license", record.license},
          {"homepage", record.homepage},
          {"abi", {{"epoch", record.abi_epoch}, {"revision", record.abi_revision}}},
          {"build", record.build}};
}

std::string offers(const plugin::PluginRecord& record) {
  std::string text;
  if (!record.providers.empty())
    text += fmt::format("provider {}", fmt::join(record.providers, ", "));
  if (!record.tool_sets.empty())
    text += (text.empty() ? "" : "; ") + fmt::format("tools {}", fmt::join(record.tool_sets, ", "));
  return text;
}

void print_reason(const plugin::PluginRecord& record) {
  if (!record.why.empty()) out_row(fmt::format("  why: {}", record.why));
  if (!record.fix.empty()) out_row(fmt::format("  fix: {}", record.fix));
  if (!record.code.empty()) out_row(fmt::format("  see: {}", see(record)));
  for (const std::string& warning : record.warnings) out_row(fmt::format("  note: {}", warning));
}

void print_details(const Json& details) {
  for (const auto& [provider, model] : details["models"].items()) {
    const std::string name = model.get<std::string>();
    out_row(fmt::format("model        {}", name.empty() ? "to be named with --model" : name));
    const std::string options = details["options"].value(provider, "");
    if (!options.empty()) out_row(fmt::format("options      {}", options));
  }
  for (const Json& function : details["functions"]) {
    out_row(fmt::format("function     {} ({}): {}", string_or(function, "name"),
                        string_or(function, "effect"),
                        text::field(string_or(function, "description"), 100)));
  }
}

std::string place(const plugin::PluginRecord& record) {
  return record.target.empty() ? record.file.string()
                               : record.file.string() + " -> " + record.target.string();
}

}  // namespace

int run_plugin_list(CommandServices& services) {
  Json list = Json::array();
  for (const plugin::PluginRecord& record : services.plugins().list()) {
    if (services.arguments().json) {
      list.push_back(json_of(record));
      continue;
    }
    out_row(fmt::format("{:<12} {:<8} {:<9} {:<24} {}", record.id, record.version,
                        status_word(record.status),
                        record.code.empty() ? offers(record) : record.code, place(record)));
    print_reason(record);
  }
  if (services.arguments().json) out_json(list);
  return kOk;
}

int run_plugin_info(CommandServices& services) {
  if (services.arguments().plugin_author.details) return tell_plugin_details(services);
  const std::string& name = services.arguments().name;
  const std::vector<plugin::PluginRecord> found = services.plugins().inspect(name, false);
  if (found.empty()) {
    std::vector<std::string> ids;
    for (const plugin::PluginRecord& record : services.plugins().list()) ids.push_back(record.id);
    const auto near = text::near_names(name, ids);
    throw Error(
        ErrorCode::kNotFound,
        fmt::format("no plugin '{}'{}; see 'cartpilot plugin list', or name its file: "
                    "--plugin ./cartpilot-{}.so",
                    name, near.empty() ? "" : " (did you mean " + near.front() + "?)", name));
  }
  // The first one is the one that would be used, or the reason why none is.
  const plugin::PluginRecord& record = found.front();
  const Json details = plugin_details(services.settings(), record);
  if (services.arguments().json) {
    Json all = json_of(record);
    all.update(details);
    out_json(all);
  } else {
    out_row(fmt::format("id           {}", record.id));
    if (!record.title.empty()) out_row(fmt::format("name         {}", record.title));
    out_row(fmt::format("version      {}", record.version));
    if (!record.license.empty()) out_row(fmt::format("license      {}", record.license));
    if (!record.homepage.empty()) out_row(fmt::format("homepage     {}", record.homepage));
    out_row(fmt::format("status       {} {}", status_word(record.status), record.code));
    out_row(fmt::format("file         {}", place(record)));
    out_row(fmt::format("offers       {}", offers(record)));
    out_row(fmt::format("environment  {}", fmt::join(record.environment, ", ")));
    print_details(details);
    if (record.abi_epoch != 0) {
      out_row(fmt::format("ABI          epoch {}, revision {} or later; this program has {}, {}",
                          record.abi_epoch, record.abi_revision, CP_EPOCH, CP_REVISION));
    }
    if (record.build.is_object()) {
      for (const auto& [what, with] : record.build.items()) {
        out_row(fmt::format("built with   {} {}", what,
                            with.is_string() ? with.get<std::string>() : dump_json(with)));
      }
    }
    out_row(fmt::format("test load    {}", test_load_word(record)));
    print_reason(record);
  }
  return record.status == plugin::PluginStatus::kRefused ? kConfiguration : kOk;
}

}  // namespace cartpilot::host
