#include "store/postgres_address.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <array>
#include <map>
#include <memory>
#include <utility>

#include "cartpilot/error.h"

namespace cartpilot::store {
namespace {

/// What holds unless the URL says otherwise: no wait for a dead server is endless.
constexpr std::array<std::pair<const char*, const char*>, 7> kUnlessGiven = {{
    {"connect_timeout", "5"},
    {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "20000"},
    {"application_name", "cartpilot"},
    {"client_encoding", "UTF8"},
}};

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kInvalidArgument, why); }

/// 'it\'s', as libpq reads values.
std::string quoted(const std::string& value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

struct Conninfo {
  std::map<std::string, std::string> given;   ///< by the URL
  std::map<std::string, std::string> around;  ///< by the environment, where the URL says nothing
};

Conninfo conninfo_of(const std::string& url, const PostgresAddress::Variables& environment) {
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(url.c_str(), &problem), PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> owned(problem, PQfreemem);
  if (!options) {
    // libpq quotes the URL, which may hold a password.
    refuse(
        "the database URL cannot be read; write postgresql://USER@HOST:PORT/DATABASE or "
        "postgresql:///DATABASE?host=FOLDER");
  }
  Conninfo info;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) {
      info.given[option->keyword] = option->val;
    } else if (option->envvar != nullptr) {
      const auto variable = environment.find(option->envvar);
      if (variable != environment.end()) info.around[option->keyword] = variable->second;
    }
  }
  return info;
}

}  // namespace

bool PostgresAddress::looks_like_one(const std::string& text) {
  return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

PostgresAddress PostgresAddress::parse(const std::string& url, const Variables& environment) {
  if (!looks_like_one(url)) {
    refuse("the database must be given as postgresql://USER@HOST:PORT/DATABASE");
  }
  Conninfo info = conninfo_of(url, environment);
  for (const char* secret : {"password", "sslpassword"}) {
    if (info.given.contains(secret)) {
      refuse(
          "the database URL must not hold a password, because others can see it; put it into the "
          "file that PGPASSFILE names (default ~/.pgpass, mode 0600) or into PGPASSWORD");
    }
  }
  std::map<std::string, std::string> settings = std::move(info.given);
  settings.merge(info.around);
  if (settings["dbname"].empty()) {
    refuse("the database URL names no database; write postgresql://HOST/DATABASE");
  }
  PostgresAddress address;
  const std::string host = settings["host"].empty() ? settings["hostaddr"] : settings["host"];
  const bool socket = host.empty() || host.front() == '/';
  address.text = fmt::format("postgresql://{}{}{}{}/{}{}", settings["user"],
                             settings["user"].empty() ? "" : "@", socket ? "" : host,
                             settings["port"].empty() ? "" : ":" + settings["port"],
                             settings["dbname"], socket && !host.empty() ? "?host=" + host : "");
  for (const auto& [name, value] : kUnlessGiven) settings.emplace(name, value);
  for (const auto& [name, value] : settings) {
    if (!value.empty()) address.conninfo += fmt::format("{}={} ", name, quoted(value));
  }
  return address;
}

}  // namespace cartpilot::store
