#include "cli/settings.h"

#include <fmt/format.h>
#include <sys/auxv.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/encoding.h"
#include "cartpilot/error.h"
#include "cli/process_guard.h"
#include "cli/server_settings.h"
#include "cli/state_place.h"
#include "net/proxy.h"
#include "store/postgres_database.h"
#include "store/state_db.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

extern char** environ;

namespace cartpilot::host {

namespace {

constexpr const char* kDevelopmentKey = "dev-api-key-change-in-production";

// The smallest that every vendor takes, and the largest that makes sense.
constexpr int kMinOutputTokens = 16;
constexpr int kMaxOutputTokens = 1'000'000;

std::string lookup(const std::map<std::string, std::string>& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

/// Where verdicts about plugins are kept; "" when there is no place of the user.
std::filesystem::path plugin_cache(const std::map<std::string, std::string>& environment) {
  if (::getauxval(AT_SECURE) != 0) return {};
  const std::string xdg = lookup(environment, "XDG_CACHE_HOME");
  const std::filesystem::path home = lookup(environment, "HOME");
  if (!xdg.empty() && xdg.front() == '/') {
    return std::filesystem::path(xdg) / "cartpilot" / "plugins-1";
  }
  return home.is_absolute() ? home / ".cache" / "cartpilot" / "plugins-1" : "";
}

plugin::ProbeOptions probe_options(const Arguments& arguments) {
  plugin::ProbeOptions probe;
  probe.when = arguments.probe == "off"      ? plugin::ProbeOptions::When::kOff
               : arguments.probe == "always" ? plugin::ProbeOptions::When::kAlways
                                             : plugin::ProbeOptions::When::kFirstSight;
  probe.program = "/proc/self/exe";
  probe.limit = std::chrono::seconds(arguments.probe_timeout);
  return probe;
}

void take_file(const SettingsFile& file, Settings& settings) {
  const auto take = [&](const char* name, std::string& into) {
    const auto found = file.values.find(name);
    if (found != file.values.end()) into = found->second.text();
  };
  take("provider", settings.provider);
  take("model", settings.model);
  take("api_url", settings.api_url);
  if (const auto paths = file.values.find("plugins.paths"); paths != file.values.end()) {
    for (const std::string& path : paths->second.texts) {
      settings.plugins.configured.emplace_back(path);
    }
  }
}

/// Only those have a folder whom a proxy has named to `serve`.
void require_person(const Arguments& arguments, const Settings& settings) {
  if (settings.database || settings.person.empty() || arguments.command.starts_with("token ")) {
    return;
  }
  const auto folder =
      settings.state_directory / "people" / store::PostgresDatabase::schema_name(settings.person);
  std::error_code ignored;
  if (arguments.command == "serve" || !std::filesystem::exists(folder, ignored)) {
    throw Error(ErrorCode::kInvalidArgument,
                arguments.command == "serve"
                    ? std::string("--person is not for serve: a proxy names the people")
                    : fmt::format("nobody named '{}' has a state in {}",
                                  text::field(settings.person), settings.state_directory.string()));
  }
}

/// The prices of the program, and over them those of the file.
cost::PriceTable prices_in(const SettingsFile& file) {
  constexpr std::string_view kTable = "prices.";
  cost::PriceTable prices = cost::PriceTable::built_in();
  for (const auto& [name, value] : file.values) {
    if (!name.starts_with(kTable)) continue;
    try {
      prices.set(name.substr(kTable.size()), value.text());
    } catch (const Error& error) {
      throw Error(
          ErrorCode::kInvalidArgument,
          fmt::format("{}, line {}: {}: {}", file.path.string(), value.line, name, error.what()));
    }
  }
  return prices;
}

/// The limits of the command line, else those of the file.
void take_cost_limits(const Arguments& arguments, const SettingsFile& file, Settings& settings) {
  const auto where = [&](const SettingValue& value, const std::string& what) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{}, line {}: {}", file.path.string(), value.line, what));
  };
  for (const std::string& limit : arguments.cost_limits) {
    try {
      settings.cost_limits.push_back(cost::parse_limit(limit));
    } catch (const Error& error) {
      throw error.with_message(fmt::format("--limit-model-cost: {}", error.what()));
    }
  }
  const auto limits = file.values.find("costs.limits");
  if (arguments.cost_limits.empty() && limits != file.values.end()) {
    for (const std::string& limit : limits->second.texts) {
      try {
        settings.cost_limits.push_back(cost::parse_limit(limit));
      } catch (const Error& error) {
        throw where(limits->second, error.what());
      }
    }
  }
  if (arguments.max_output_tokens) settings.max_output_tokens = *arguments.max_output_tokens;
  const auto tokens = file.values.find("costs.max_output_tokens");
  if (arguments.max_output_tokens || tokens == file.values.end()) return;
  const std::string& text = tokens->second.text();
  const bool digits = text.size() <= 7 && text.find_first_not_of("0123456789") == text.npos;
  const int number = digits ? std::stoi(text) : 0;
  if (number < kMinOutputTokens || number > kMaxOutputTokens) {
    throw where(tokens->second, fmt::format("max_output_tokens is a number from {} to {}",
                                            kMinOutputTokens, kMaxOutputTokens));
  }
  settings.max_output_tokens = number;
}

/// "user:password" of an address, "" when it has none.
std::string credentials_of(const std::string& address) {
  const std::size_t scheme = address.find("://");
  const std::string rest = scheme == std::string::npos ? address : address.substr(scheme + 3);
  const std::string authority = rest.substr(0, rest.find_first_of("/?#"));
  // People write passwords as they are, with what ends an authority.
  const bool usual = authority.find('@') != std::string::npos;
  const std::size_t end = usual ? authority.rfind('@') : rest.rfind('@');
  return end == std::string::npos ? "" : rest.substr(0, end);
}

/// An address stays readable, except for the credentials in it.
void register_address(const std::string& address) {
  const std::string credentials = credentials_of(address);
  text::add_secret(credentials);
  const std::size_t colon = credentials.find(':');
  if (colon != std::string::npos) text::add_secret(credentials.substr(colon + 1));
}

/// "name=value,name=value" of OpenTelemetry: values are percent-encoded, and may say how they prove
/// something ("Bearer ...").
void register_headers(const std::string& list) {
  std::istringstream entries(list);
  for (std::string entry; std::getline(entries, entry, ',');) {
    const std::string given = entry.substr(entry.find('=') + 1);
    const std::string value = base::percent_decoded(given).value_or(given);
    text::add_secret(value);
    const std::size_t blank = value.find(' ');
    if (blank != std::string::npos) text::add_secret(value.substr(blank + 1));
  }
}

/// What plugins and the settings file declare as keys, and credentials in values whose form is
/// known, are never printed. The environment is reduced, before any plugin is loaded and any thread
/// started.
void take_secrets(const SettingValues& file, Settings& settings) {
  std::set<std::string> secrets = {"CARTPILOT_API_KEY", "WEBHOOK_SECRET", "PGPASSWORD"};
  const plugin::DeclaredVariables declared = plugin::declared_variables(settings.plugins);
  for (const std::string& name : declared.secrets) {
    if (!is_general_variable(name)) secrets.insert(name);
  }
  for (const auto& [name, value] : file) {
    if (name.starts_with("keys.")) secrets.insert(name.substr(5, name.find('.', 5) - 5));
  }
  net::keep_proxies(net::ProxySettings(
      [&settings](const char* name) { return lookup(settings.environment, name); }));
  reduce_environment(secrets);
  for (const std::string& name : secrets) {
    const std::string value = lookup(settings.environment, name);
    if (value.find("://") == std::string::npos && value != kDevelopmentKey) {
      text::add_secret(value);
      settings.secret_variables.insert(name);
    }
  }
  for (const std::string& name : declared.all) {
    if (const std::string value = lookup(settings.environment, name);
        value.find("://") != std::string::npos) {
      register_address(value);
    }
  }
  for (const auto& [name, value] : settings.environment) {
    // Of databases and their like; a mere user name is none of ours.
    const bool address = value.find("://") != std::string::npos;
    if (address && credentials_of(value).find(':') != std::string::npos) register_address(value);
    if (name.starts_with("OTEL_EXPORTER_OTLP_") && name.ends_with("HEADERS")) {
      register_headers(value);
    }
  }
  // A proxy may be named without a scheme.
  for (const char* proxy : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    register_address(lookup(settings.environment, proxy));
  }
  register_address(settings.api_url);
}

}  // namespace

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return environment;
}

std::filesystem::path settings_path(const Arguments& arguments,
                                    const std::map<std::string, std::string>& environment) {
  if (!arguments.config_file.empty()) return arguments.config_file;
  const std::filesystem::path xdg = lookup(environment, "XDG_CONFIG_HOME");
  const std::filesystem::path folder =
      xdg.is_absolute() ? xdg : std::filesystem::path(lookup(environment, "HOME")) / ".config";
  return folder / "cartpilot" / "config.toml";
}

SettingsFile read_settings_file(const Arguments& arguments,
                                const std::map<std::string, std::string>& environment) {
  SettingsFile file{settings_path(arguments, environment), {}, ""};
  std::error_code ignored;
  if (arguments.config_file.empty() && !std::filesystem::exists(file.path, ignored)) {
    std::filesystem::path old = file.path;
    if (std::filesystem::exists(old.replace_filename("config.ini"), ignored)) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{} is of an earlier version and no longer read; move its settings "
                              "with 'cartpilot config set NAME VALUE' to {} and delete it",
                              old.string(), file.path.string()));
    }
    if (arguments.profile.empty()) return file;
  }
  file.text = read_settings_text(file.path);
  file.values = parse_settings(file.text, file.path.string(), arguments.profile);
  return file;
}

Settings read_settings(const Arguments& arguments) {
  Settings settings;
  settings.environment = process_environment();
  std::erase_if(settings.environment, [](const auto& entry) { return entry.second.empty(); });
  const SettingsFile settings_file = read_settings_file(arguments, settings.environment);
  settings.config_file = settings_file.path;
  take_file(settings_file, settings);
  const auto prefer = [](std::string& value, const std::string& better) {
    if (!better.empty()) value = better;
  };
  const auto choose = [&](const std::string& provider) {
    if (provider.empty() || provider == settings.provider) return;
    settings.provider = provider;
    settings.model.clear();  // the file's model belongs to the file's provider
  };
  choose(lookup(settings.environment, "CARTPILOT_PROVIDER"));
  prefer(settings.api_url, lookup(settings.environment, "CARTPILOT_API_URL"));
  settings.api_key = lookup(settings.environment, "CARTPILOT_API_KEY");

  if (arguments.demo) settings.provider = "offline";
  choose(arguments.provider);
  prefer(settings.model, arguments.model);
  prefer(settings.api_url, arguments.api_url);
  if (settings.api_key.empty()) settings.api_key = kDevelopmentKey;

  settings.state_directory = store::StateDb::default_path().parent_path();
  const StatePlace place = state_place(arguments, settings_file, settings.environment);
  settings.database = place.database;
  settings.person = place.person;
  require_person(arguments, settings);
  for (const std::string& file : arguments.plugin_files) settings.plugins.files.emplace_back(file);
  for (const std::string& folder : arguments.plugin_directories)
    settings.plugins.directories.emplace_back(folder);
  settings.plugins.directories_from = "--plugin-path";
  settings.plugins.environment_path = lookup(settings.environment, "CARTPILOT_PLUGIN_PATH");
  settings.plugins.environment_allow = lookup(settings.environment, "CARTPILOT_PLUGINS");
  settings.plugins.enabled = !arguments.no_plugins;
  settings.plugins.allow_insecure = arguments.allow_insecure_plugins;
  settings.plugins.probe = probe_options(arguments);
  settings.plugins.cache_directory = plugin_cache(settings.environment);
  take_secrets(settings_file.values, settings);
  settings.prices = prices_in(settings_file);
  take_cost_limits(arguments, settings_file, settings);
  settings.servers = servers_in(settings_file, settings.environment, settings.secret_variables);
  for (const mcp::ServerSettings& server : settings.servers) register_address(server.url);
  return settings;
}

}  // namespace cartpilot::host
