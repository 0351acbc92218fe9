#include <fmt/format.h>

#include <algorithm>

#include "cli/exit_code.h"
#include "cli/near_words.h"
#include "commands/commands.h"
#include "ui/output.h"

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

Json json_of(const plugin::PluginRecord& record) {
  return {{"id", record.id},
          {"version", record.version},
          {"status", status_word(record.status)},
          {"file", record.file.string()},
          {"providers", record.providers},
          {"tool_sets", record.tool_sets},
          {"environment", record.environment},
          {"code", record.code},
          {"why", record.why},
          {"fix", record.fix}};
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string offers(const plugin::PluginRecord& record) {
  std::string text;
  if (!record.providers.empty()) text += "provider " + joined(record.providers);
  if (!record.tool_sets.empty())
    text += (text.empty() ? "" : "; ") + ("tools " + joined(record.tool_sets));
  return text;
}

void print_reason(const plugin::PluginRecord& record) {
  if (!record.why.empty()) out_row(fmt::format("  why: {}", record.why));
  if (!record.fix.empty()) out_row(fmt::format("  fix: {}", record.fix));
}

}  // namespace

int run_plugin_list(Workbench& bench) {
  Json list = Json::array();
  for (const plugin::PluginRecord& record : bench.plugins().list()) {
    if (bench.arguments().json) {
      list.push_back(json_of(record));
      continue;
    }
    out_row(fmt::format("{:<12} {:<8} {:<9} {:<24} {}", record.id, record.version,
                        status_word(record.status),
                        record.code.empty() ? offers(record) : record.code, record.file.string()));
    print_reason(record);
  }
  if (bench.arguments().json) out(dump_json(list) + "\n");
  return kOk;
}

int run_plugin_info(Workbench& bench) {
  const std::string& name = bench.arguments().name;
  std::vector<std::string> ids;
  for (const plugin::PluginRecord& record : bench.plugins().list()) {
    ids.push_back(record.id);
    if (record.id != name) continue;
    if (bench.arguments().json) {
      out(dump_json(json_of(record)) + "\n");
    } else {
      out_row(fmt::format("id           {}", record.id));
      out_row(fmt::format("version      {}", record.version));
      out_row(fmt::format("status       {} {}", status_word(record.status), record.code));
      out_row(fmt::format("file         {}", record.file.string()));
      out_row(fmt::format("offers       {}", offers(record)));
      out_row(fmt::format("environment  {}", joined(record.environment)));
      print_reason(record);
    }
    return record.status == plugin::PluginStatus::kRefused ? kConfiguration : kOk;
  }
  const auto near = near_words(name, ids);
  throw Error(ErrorCode::kNotFound,
              fmt::format("no plugin '{}'{}; see 'cartpilot plugin list'", name,
                          near.empty() ? "" : " (did you mean " + near.front() + "?)"));
}

}  // namespace cartpilot::host
