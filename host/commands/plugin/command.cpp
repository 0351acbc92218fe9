#include <Poco/Pipe.h>
#include <Poco/Process.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "cartpilot/abi.h"
#include "cli/exit_code.h"
#include "commands/commands.h"
#include "terminal/output.h"
#include "text/near_names.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

/// Set for the process that a plugin is asked in.
constexpr const char* kDetailsVariable = "CARTPILOT_PLUGIN_DETAILS";
constexpr unsigned kDetailsSeconds = 30;
constexpr std::size_t kMaxDetails = 1U << 20;

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

/// The names of a provider's options, which only its refusal of a wrong one tells.
std::string options_of(CommandServices& services, const std::string& provider) {
  const std::map<std::string, std::string>& environment = services.settings().environment;
  try {
    services.plugins().make_provider(provider, environment, {{"?", "?"}});
  } catch (const Error& error) {
    const std::string text = error.what();
    const std::size_t known = text.find(" it knows ");
    if (known != std::string::npos) return text.substr(known + 10);
  }
  return "";
}

Json no_details() {
  return {{"models", Json::object()}, {"options", Json::object()}, {"functions", Json::array()}};
}

/// What only the loaded plugin can tell: the model, the options, the functions.
Json own_details(CommandServices& services, const plugin::PluginRecord& record) {
  Json details = no_details();
  for (const std::string& provider : record.providers) {
    const std::string name = record.id + ":" + provider;
    try {
      const auto made = services.plugins().make_provider(name, services.settings().environment, {});
      details["models"][provider] = made->info().default_model;
      details["options"][provider] = options_of(services, name);
    } catch (const Error& error) {
      details["models"][provider] = "";
    }
  }
  if (record.tool_sets.empty()) return details;
  for (const auto& set : services.plugins().make_tool_sets(services.settings().environment)) {
    if (set.plugin != record.id) continue;
    for (const ToolSpec& spec : set.tools->list()) {
      details["functions"].push_back({{"name", spec.name},
                                      {"description", spec.description},
                                      {"effect", effect_word(spec.effect)}});
    }
  }
  return details;
}

/// A plugin may have written it itself. Throws json exceptions for other types.
Json checked_details(const Json& told) {
  Json details = no_details();
  for (const char* list : {"models", "options"}) {
    for (const auto& [name, value] : told.at(list).items()) {
      details[list][name] = value.get<std::string>();
    }
  }
  for (const Json& function : told.at("functions")) {
    Json one = Json::object();
    for (const char* name : {"name", "description", "effect"}) {
      one[name] = function.at(name).get<std::string>();
    }
    details["functions"].push_back(std::move(one));
  }
  return details;
}

/// The same, asked in a process of its own: a plugin that passed its test load may still end it.
Json details_of(CommandServices& services, const plugin::PluginRecord& record) {
  if (record.status != plugin::PluginStatus::kAvailable) return no_details();
  try {
    Poco::Process::Env environment{{kDetailsVariable, "1"}};
    for (const char* name : {"HOME", "PATH", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME",
                             "XDG_STATE_HOME", "CARTPILOT_PLUGIN_PATH", "CARTPILOT_PLUGINS"}) {
      if (const char* value = std::getenv(name)) environment[name] = value;
    }
    Poco::Pipe input;
    Poco::Pipe output;
    Poco::Pipe errors;
    const Poco::ProcessHandle child = Poco::Process::launch(
        "/proc/self/exe", services.arguments().words, ".", &input, &output, &errors, environment);
    input.close();
    std::string text;
    char block[4096];
    for (int got; (got = output.readBytes(block, sizeof block)) > 0;) {
      text.append(block, static_cast<std::size_t>(got));
      if (text.size() > kMaxDetails) break;
    }
    output.close();
    if (child.wait() == 0) return checked_details(parse_json(text, "the details"));
  } catch (const std::exception&) {  // NOLINT: what it could not tell is left out
  }
  return no_details();
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
  const bool asked_for_details = std::getenv(kDetailsVariable) != nullptr;
  if (asked_for_details) ::alarm(kDetailsSeconds);
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
  if (asked_for_details) {
    out_json(own_details(services, record));
    return kOk;
  }
  const Json details = details_of(services, record);
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
