// `cartpilot token`: bearer tokens for programs that talk to `cartpilot serve`.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "cli/exit_code.h"
#include "commands/commands.h"
#include "serve/program_tokens.h"
#include "serve/visitors.h"
#include "terminal/output.h"

namespace cartpilot::host {
namespace {

/// Whose tokens are meant: everybody's, unless somebody is named.
std::optional<std::string> person_of(const Arguments& arguments) {
  if (arguments.person.empty()) return std::nullopt;
  return arguments.person;
}

std::string shown(const std::string& person) { return person == kOnlyPerson ? "you" : person; }

std::string time_text(std::int64_t unix_ms) {
  if (unix_ms == 0) return "never";
  return fmt::format("{:%Y-%m-%d %H:%M}", fmt::localtime(static_cast<std::time_t>(unix_ms / 1000)));
}

}  // namespace

int run_token_new(CommandServices& services) {
  const Arguments& arguments = services.arguments();
  const std::string& person = arguments.person;
  const auto state = services.app().open_shared_state();
  ProgramTokens tokens(*state);
  const ProgramTokens::Made made = tokens.make(person, arguments.name);
  out_text(made.token + "\n");
  err_line(fmt::format("Token {} for {}. It is shown once; 'cartpilot token revoke {}' ends it.",
                       made.id, shown(person), made.id));
  return kOk;
}

int run_token_list(CommandServices& services) {
  const auto state = services.app().open_shared_state();
  ProgramTokens tokens(*state);
  const auto found = tokens.list(person_of(services.arguments()));
  if (services.arguments().json) {
    Json list = Json::array();
    for (const ProgramToken& token : found) {
      list.push_back({{"id", token.id},
                      {"person", token.person},
                      {"name", token.name},
                      {"created_unix_ms", token.created_unix_ms},
                      {"used_unix_ms", token.used_unix_ms}});
    }
    out_json(list);
    return kOk;
  }
  if (found.empty()) err_line("No tokens. 'cartpilot token new NAME' makes one.");
  for (const ProgramToken& token : found) {
    out_line(fmt::format("{} {} {} used {}", token.id, shown(token.person), token.name,
                         time_text(token.used_unix_ms)));
  }
  return kOk;
}

int run_token_revoke(CommandServices& services) {
  const Arguments& arguments = services.arguments();
  const auto state = services.app().open_shared_state();
  ProgramTokens tokens(*state);
  if (!tokens.revoke(arguments.name, person_of(arguments))) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("no token '{}'; see 'cartpilot token list'", arguments.name));
  }
  err_line(fmt::format("Token {} is revoked.", arguments.name));
  return kOk;
}

}  // namespace cartpilot::host
