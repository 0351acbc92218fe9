#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "base/clock.h"
#include "base/dates.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/commands.h"
#include "terminal/output.h"

namespace cartpilot::host {

namespace {

struct Finding {
  std::string check;
  std::string verdict;  ///< ok, warn, fail
  std::string detail;
};

bool is_set(const Settings& settings, const std::string& name) {
  const auto found = settings.environment.find(name);
  return found != settings.environment.end() && !found->second.empty();
}

Finding check_keys(const Settings& settings) {
  std::string present;
  for (const char* name : {"GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENAI_API_KEY"}) {
    if (is_set(settings, name)) present += (present.empty() ? "" : ", ") + std::string(name);
  }
  if (present.empty()) {
    return {"keys", "warn",
            "no GEMINI_API_KEY or OPENAI_API_KEY is set; only 'cartpilot chat --demo' will work"};
  }
  return {"keys", "ok",
          present + (present.find(',') == std::string::npos ? " is set" : " are set")};
}

Finding check_cartpilot_key(const Settings& settings) {
  if (is_set(settings, "CARTPILOT_API_KEY"))
    return {"cartpilot key", "ok", "CARTPILOT_API_KEY is set"};
  return {"cartpilot key", "warn", "CARTPILOT_API_KEY is not set; the development key is used"};
}

Finding check_api(CommandServices& services) {
  try {
    const commerce::CartPilotClient client(services.cartpilot(), services.http());
    const auto merchants = client.merchants(Interrupt());
    return {
        "cartpilot api", "ok",
        fmt::format("{} answers, {} merchants", client.options().base_url, merchants.value.size())};
  } catch (const Error& error) {
    return {"cartpilot api", "fail", error.what()};
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

Finding check_tls() {
  for (const char* store :
       {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"}) {
    if (::access(store, R_OK) == 0) return {"tls store", "ok", store};
  }
  return {"tls store", "fail", "no certificate store found; install the package ca-certificates"};
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
    const std::size_t open = services.journal().unfinished().size();
    if (open > 0) {
      return {"state", "warn",
              fmt::format("{} purchases with an unknown outcome; see 'cartpilot purchases list'",
                          open)};
    }
    return {"state", "ok", services.state().path().string()};
  } catch (const Error& error) {
    return {"state", "fail", error.what()};
  }
}

}  // namespace

int run_doctor(CommandServices& services) {
  const std::vector<std::function<Finding()>> checks = {
      [&] { return check_keys(services.settings()); },
      [&] { return check_cartpilot_key(services.settings()); },
      [&] { return check_api(services); },
      [&] { return check_clock(services); },
      [] { return check_tls(); },
      [&] { return check_plugins(services); },
      [&] { return check_state(services); }};
  Json list = Json::array();
  bool failed = false;
  for (const auto& check : checks) {
    const Finding finding = check();
    failed = failed || finding.verdict == "fail";
    if (services.arguments().json) {
      list.push_back(
          {{"check", finding.check}, {"verdict", finding.verdict}, {"detail", finding.detail}});
    } else {
      out_row(fmt::format("{:<4}  {:<14} {}", finding.verdict, finding.check, finding.detail));
    }
  }
  if (services.arguments().json) out_json(list);
  return failed ? kFailed : kOk;
}

}  // namespace cartpilot::host
