// plugin path and plugin doctor: where plugins are searched, and what is wrong with them.
#include <fmt/format.h>
#include <sys/stat.h>

#include "cartpilot/abi.h"
#include "cli/exit_code.h"
#include "commands/commands.h"
#include "terminal/output.h"

namespace cartpilot::host {

namespace {

/// "user 0, mode 0755", or "" when there is nothing.
std::string owner_and_mode(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return "";
  return fmt::format("user {}, mode {:04o}", status.st_uid, status.st_mode & 07777);
}

Json json_of(const plugin::SearchedDirectory& directory) {
  return {{"path", directory.path.string()},
          {"source", directory.source},
          {"searched", directory.problem.empty()},
          {"why", directory.problem},
          {"owner", owner_and_mode(directory.path)}};
}

void print_directories(const std::vector<plugin::SearchedDirectory>& directories) {
  for (const plugin::SearchedDirectory& directory : directories) {
    const std::string owner = owner_and_mode(directory.path);
    out_row(fmt::format("{:<8} {}  ({}{}{})", directory.problem.empty() ? "searched" : "skipped",
                        directory.path.string(), directory.source,
                        owner.empty() ? "" : "; " + owner,
                        directory.problem.empty() ? "" : "; " + directory.problem));
  }
}

Json json_of(const std::vector<plugin::SearchedDirectory>& directories) {
  Json list = Json::array();
  for (const plugin::SearchedDirectory& directory : directories) list.push_back(json_of(directory));
  return list;
}

}  // namespace

int run_plugin_path(CommandServices& services) {
  const std::vector<plugin::SearchedDirectory>& directories = services.plugins().directories();
  if (services.arguments().json) {
    out_json(Json{{"abi", {{"epoch", CP_EPOCH}, {"revision", CP_REVISION}}},
                  {"directories", json_of(directories)}});
    return kOk;
  }
  print_directories(directories);
  out_row(fmt::format("plugin ABI epoch {}, revision {}", CP_EPOCH, CP_REVISION));
  return kOk;
}

int run_plugin_doctor(CommandServices& services) {
  const std::vector<plugin::SearchedDirectory>& directories = services.plugins().directories();
  Json list = Json::array();
  if (!services.arguments().json) print_directories(directories);
  bool refused = false;
  for (const plugin::PluginRecord& record : services.plugins().inspect("", true)) {
    const bool bad = record.status == plugin::PluginStatus::kRefused;
    refused = refused || bad;
    if (services.arguments().json) {
      list.push_back({{"id", record.id},
                      {"file", record.file.string()},
                      {"verdict", bad                       ? "fail"
                                  : record.warnings.empty() ? "ok"
                                                            : "warn"},
                      {"tried", record.tried},
                      {"code", record.code},
                      {"why", record.why},
                      {"fix", record.fix},
                      {"warnings", record.warnings}});
      continue;
    }
    out_row(fmt::format("{:<4}  {:<14} {}",
                        bad                       ? "fail"
                        : record.warnings.empty() ? "ok"
                                                  : "warn",
                        record.id, record.file.string()));
    if (!record.why.empty()) out_row(fmt::format("  why: {} {}", record.code, record.why));
    if (!record.fix.empty()) out_row(fmt::format("  fix: {}", record.fix));
    for (const std::string& warning : record.warnings) out_row(fmt::format("  note: {}", warning));
  }
  if (services.arguments().json) {
    out_json(Json{{"directories", json_of(directories)}, {"plugins", list}});
  }
  return refused ? kFailed : kOk;
}

}  // namespace cartpilot::host
