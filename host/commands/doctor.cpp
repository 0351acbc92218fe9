#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <sstream>

#include "app/provider_choice.h"
#include "base/clock.h"
#include "base/dates.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/commands.h"
#include "net/http_client.h"
#include "terminal/output.h"

namespace cartpilot::host {

namespace {

struct Finding {
  std::string check;
  std::string verdict;  ///< ok, warn, fail; none: there is nothing to check
  std::string detail;
};

bool is_set(const Settings& settings, const std::string& name) {
  const auto found = settings.environment.find(name);
  return found != settings.environment.end() && !found->second.empty();
}

/// Of the variables that a provider's plugin asks for those that hold an address.
std::vector<std::string> set_addresses(const plugin::PluginRecord& plugin,
                                       const Settings& settings) {
  std::vector<std::string> names;
  for (const std::string& name : plugin.environment) {
    const auto value = settings.environment.find(name);
    if (value == settings.environment.end()) continue;
    if (value->second.find("://") != std::string::npos) names.push_back(name);
  }
  return names;
}

/// Whoever can answer a chat: one line for each provider that asks for a key, with what is set.
std::vector<Finding> check_providers(CommandServices& services) {
  std::vector<Finding> findings;
  bool usable = false;
  for (const plugin::PluginRecord& plugin : services.plugins().list()) {
    if (plugin.status != plugin::PluginStatus::kAvailable || plugin.providers.empty()) continue;
    if (plugin.secrets.empty()) continue;
    const Settings& settings = services.settings();
    const std::string keys =
        fmt::format("{}", fmt::join(app::set_keys(plugin, settings.environment), ", "));
    const std::string address = fmt::format("{}", fmt::join(set_addresses(plugin, settings), ", "));
    const std::string name = plugin.providers.front();
    usable = usable || !keys.empty() || !address.empty();
    if (keys.empty() && address.empty()) {
      findings.push_back(
          {name, "none", fmt::format("needs {}", fmt::join(plugin.secrets, " or "))});
    } else {
      findings.push_back({name, "ok",
                          fmt::format("{}{}{}", keys.empty() ? "no key" : keys,
                                      address.empty() ? "" : ", server of ", address)});
    }
  }
  if (!usable) {
    findings.push_back({"keys", "warn", "no key of a model is set; the demo needs none"});
  }
  return findings;
}

Finding check_cartpilot_key(const Settings& settings) {
  if (is_set(settings, "CARTPILOT_API_KEY"))
    return {"cartpilot key", "ok", "CARTPILOT_API_KEY is set"};
  return {"cartpilot key", "warn", "CARTPILOT_API_KEY is not set; the development key is used"};
}

/// Nobody named a CartPilot: that none is at the usual address is no fault.
bool is_named(CommandServices& services) {
  return services.arguments().sandbox || !services.arguments().api_url.empty() ||
         is_set(services.settings(), "CARTPILOT_API_URL") ||
         services.settings().api_url != Settings().api_url;
}

Finding check_api(CommandServices& services) {
  try {
    const commerce::CartPilotClient client(services.cartpilot(), services.http());
    const auto merchants = client.merchants(Interrupt());
    return {"cartpilot api", "ok",
            fmt::format("{}, {} merchants",
                        services.arguments().sandbox ? "the sandbox answers"
                                                     : client.options().base_url + " answers",
                        merchants.value.size())};
  } catch (const Error& error) {
    return {"cartpilot api", is_named(services) ? "fail" : "warn", error.what()};
  }
}

/// RFC 7231 date of a server against the clock of this machine.
Finding check_clock(CommandServices& services) {
  try {
    HttpRequest request;
    request.method = "GET";
    request.url = services.cartpilot().base_url + "/health";
    const net::HttpAnswer answer = net::fetch(services.http(), request, Interrupt());
    const auto server = base::unix_ms_of_http_date(header_value(answer.head.headers, "Date"));
    if (!server) return {"clock", "warn", "the server sends no date to compare with"};
    const std::int64_t offset = (base::unix_ms_now() - *server) / 1000;
    if (std::abs(offset) > 60) {
      return {"clock", "warn",
              fmt::format("differs from CartPilot's by {} s; offers may look expired", offset)};
    }
    return {"clock", "ok", fmt::format("within {} s of CartPilot's", std::abs(offset) + 1)};
  } catch (const Error&) {
    return {"clock", "warn", "not compared, CartPilot does not answer"};
  }
}

/// Where the program itself looks for the certificates it trusts: a file, and folders.
Finding check_tls() {
  const net::TrustedCertificates trust = net::certificates_of_environment();
  std::vector<std::string> found;
  if (::access(trust.file.c_str(), R_OK) == 0) found.push_back(trust.file);
  std::istringstream folders(trust.folder);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access(folder.c_str(), R_OK | X_OK) == 0) found.push_back(folder);
  }
  const std::string places = fmt::format("{}", fmt::join(found, ", "));
  if (trust.file_first && (found.empty() || found.front() != trust.file)) {
    return {"certificates", found.empty() ? "fail" : "warn",
            fmt::format("SSL_CERT_FILE names {}, which cannot be read{}{}", trust.file,
                        found.empty() ? "" : "; used instead: ", places)};
  }
  if (!found.empty()) return {"certificates", "ok", places};
  return {"certificates", "fail",
          "no certificate store found; install the package ca-certificates"};
}

Finding check_plugins(CommandServices& services) {
  int usable = 0;
  std::string refused;
  for (const plugin::PluginRecord& record : services.plugins().list()) {
    if (record.status == plugin::PluginStatus::kAvailable) ++usable;
    if (record.status == plugin::PluginStatus::kRefused)
      refused += " " + record.file.filename().string();
  }
  if (!refused.empty()) {
    return {"plugins", "warn",
            fmt::format("{} usable; refused:{}; see 'cartpilot plugin list'", usable, refused)};
  }
  return {"plugins", usable > 0 ? "ok" : "fail", fmt::format("{} usable", usable)};
}

Finding check_state(CommandServices& services) {
  try {
    const auto broken = services.journal().verify();
    if (broken)
      return {"state", "fail",
              fmt::format("the record of purchases was altered at event {}", *broken)};
    if (services.journal().open_gap()) {
      return {"state", "warn",
              "an older copy of the record of purchases was restored; see 'cartpilot purchases "
              "verify'"};
    }
    const std::size_t open = services.journal().unfinished().size();
    if (open > 0) {
      return {"state", "warn",
              fmt::format("{} purchases with an unknown outcome; see 'cartpilot purchases list'",
                          open)};
    }
    return {"state", "ok", services.state().name()};
  } catch (const Error& error) {
    return {"state", "fail", error.what()};
  }
}

/// The command to type after this one.
std::string next_step(CommandServices& services, const std::vector<Finding>& findings) {
  const auto has = [&](const char* check, const char* verdict) {
    return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
      return finding.check == check && finding.verdict == verdict;
    });
  };
  if (has("state", "fail")) return "cartpilot purchases verify";
  if (has("state", "warn")) return "cartpilot purchases list";
  if (has("plugins", "fail") || has("plugins", "warn")) return "cartpilot plugin doctor";
  if (has("keys", "warn")) return "cartpilot chat --demo";
  if (services.arguments().sandbox || !has("cartpilot api", "ok")) {
    return "cartpilot chat --sandbox";
  }
  return "cartpilot chat";
}

}  // namespace

int run_doctor(CommandServices& services) {
  const std::vector<std::function<Finding()>> checks = {
      [&] { return check_cartpilot_key(services.settings()); },
      [&] { return check_api(services); },
      [&] { return check_clock(services); },
      [] { return check_tls(); },
      [&] { return check_plugins(services); },
      [&] { return check_state(services); }};
  std::vector<Finding> findings;
  const bool json = services.arguments().json;
  const auto take = [&](Finding finding) {
    if (!json) {
      out_row(fmt::format("{:<4}  {:<14} {}", finding.verdict, finding.check, finding.detail));
    }
    findings.push_back(std::move(finding));
  };
  for (Finding& finding : check_providers(services)) take(std::move(finding));
  for (const auto& check : checks) take(check());
  const std::string next = next_step(services, findings);
  if (json) {
    Json list = Json::array();
    for (const Finding& finding : findings) {
      list.push_back(
          {{"check", finding.check}, {"verdict", finding.verdict}, {"detail", finding.detail}});
    }
    out_json(list);
  } else {
    out_text("\n");
    out_row("Next:  " + next);
  }
  const bool failed = std::any_of(findings.begin(), findings.end(),
                                  [](const Finding& finding) { return finding.verdict == "fail"; });
  return failed ? kFailed : kOk;
}

}  // namespace cartpilot::host
