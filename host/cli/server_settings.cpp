#include "cli/server_settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "cartpilot/error.h"
#include "cli/owner_only.h"
#include "text/ascii.h"
#include "text/redaction.h"

namespace cartpilot::host {
namespace {

constexpr std::string_view kPrefix = "mcp_servers.";
constexpr std::size_t kLongestServerName = 30;
/// What any program needs.
constexpr std::array kUsualVariables = {"HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"};

bool is_server_name(const std::string& name) {
  return !name.empty() && name.size() <= kLongestServerName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

/// The whole path of `program`; "" when there is none.
std::string whole_path(const std::string& program, const std::string& search_path) {
  if (program.find('/') != std::string::npos) return program.front() == '/' ? program : "";
  for (const std::string& folder : text::words_of(search_path, ":")) {
    const std::string path = folder + "/" + program;
    std::error_code ignored;
    if (folder.front() == '/' && ::access(path.c_str(), X_OK) == 0 &&
        std::filesystem::is_regular_file(path, ignored)) {
      return path;
    }
  }
  return "";
}

class ServerReader {
 public:
  ServerReader(const SettingsFile& file, const std::map<std::string, std::string>& environment,
               const std::set<std::string>& secrets)
      : file_(file), environment_(environment), secrets_(secrets) {}

  std::vector<mcp::ServerSettings> read() {
    for (const auto& [setting, value] : file_.values) {
      if (!setting.starts_with(kPrefix)) continue;
      const std::string rest = setting.substr(kPrefix.size());
      const std::size_t dot = rest.find('.');
      take(rest.substr(0, dot), rest.substr(dot + 1), value);
    }
    std::vector<mcp::ServerSettings> servers;
    for (auto& [name, server] : servers_) servers.push_back(finished(std::move(server)));
    return servers;
  }

 private:
  [[noreturn]] void wrong(int line, const std::string& what) const {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}, line {}: {}", file_.path.string(), line, what));
  }

  void take(const std::string& name, const std::string& what, const SettingValue& value) {
    if (servers_.empty()) {
      if (const std::string why = why_not_owner_only(file_.path); !why.empty()) {
        wrong(value.line, fmt::format("[mcp_servers] is obeyed only where nobody else can write, "
                                      "but {}",
                                      why));
      }
    }
    if (!is_server_name(name)) {
      wrong(value.line, fmt::format("'{}' is no name for a server: up to {} of a-z, 0-9, _ and -",
                                    name, kLongestServerName));
    }
    mcp::ServerSettings& server = servers_[name];
    server.name = name;
    lines_[name] = value.line;
    if (what == "command") {
      server.command = value.texts;
    } else if (what == "url") {
      server.url = value.text();
    } else if (what == "money_tools") {
      server.money_tools.insert(value.texts.begin(), value.texts.end());
    } else if (what == "env_vars") {
      for (const std::string& variable : value.texts) pass_on(server, variable, value.line);
    } else if (what.starts_with("env.")) {
      add_variable(server, what.substr(4), value.text());
    } else if (what.starts_with("headers.")) {
      server.headers.emplace_back(what.substr(8), value.text());
      text::add_secret(value.text());
      const std::size_t blank = value.text().find(' ');
      if (blank != std::string::npos) text::add_secret(value.text().substr(blank + 1));
    }
  }

  static void add_variable(mcp::ServerSettings& server, const std::string& name,
                           const std::string& value) {
    server.environment[name] = value;
    server.own_variables.push_back(name);
    text::add_secret(value);
  }

  void pass_on(mcp::ServerSettings& server, const std::string& name, int line) const {
    if (secrets_.contains(name)) {
      wrong(line, fmt::format("{} is a key of cartpilot's and goes to no server; give the server "
                              "one of its own below env",
                              name));
    }
    const auto found = environment_.find(name);
    if (found != environment_.end()) add_variable(server, name, found->second);
  }

  mcp::ServerSettings finished(mcp::ServerSettings server) const {
    const int line = lines_.at(server.name);
    if (server.command.empty() == server.url.empty()) {
      wrong(line, fmt::format("the server {} needs either a command or a url", server.name));
    }
    if (server.command.empty()) return server;
    const auto path = environment_.find("PATH");
    const std::string program =
        whole_path(server.command.front(), path == environment_.end() ? "" : path->second);
    if (program.empty()) {
      wrong(line, fmt::format("the program {} of the server {} is not found; give its whole path",
                              server.command.front(), server.name));
    }
    server.command.front() = program;
    for (const char* name : kUsualVariables) {
      const auto found = environment_.find(name);
      if (found != environment_.end()) server.environment.insert(*found);
    }
    return server;
  }

  const SettingsFile& file_;
  const std::map<std::string, std::string>& environment_;
  const std::set<std::string>& secrets_;
  std::map<std::string, mcp::ServerSettings> servers_;
  std::map<std::string, int> lines_;
};

}  // namespace

std::vector<mcp::ServerSettings> servers_in(const SettingsFile& file,
                                            const std::map<std::string, std::string>& environment,
                                            const std::set<std::string>& secrets) {
  return ServerReader(file, environment, secrets).read();
}

}  // namespace cartpilot::host
