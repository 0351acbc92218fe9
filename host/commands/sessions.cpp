#include <fmt/chrono.h>
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "commands/chat/transcript.h"
#include "commands/commands.h"
#include "terminal/output.h"

namespace cartpilot::host {

namespace {

std::vector<Message> wanted(CommandServices& services) {
  const std::string& id = services.arguments().name;
  if (!services.sessions().find(id)) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("no conversation '{}'; see 'cartpilot sessions list'", id));
  }
  return services.sessions().load(id);
}

std::string shown_cartpilot(const std::string& text) {
  return commerce::CartPilotIdentity::from_text(text).shown();
}

std::string cartpilot_of(CommandServices& services) {
  const auto session = services.sessions().find(services.arguments().name);
  return shown_cartpilot(session ? session->cartpilot : "");
}

}  // namespace

int run_sessions_list(CommandServices& services) {
  Json list = Json::array();
  for (const store::SessionSummary& session : services.sessions().list()) {
    if (services.arguments().json) {
      list.push_back({{"id", session.id},
                      {"provider", session.provider},
                      {"model", session.model},
                      {"title", session.title},
                      {"cartpilot", shown_cartpilot(session.cartpilot)},
                      {"messages", session.message_count},
                      {"created_ms", session.created_unix_ms},
                      {"updated_ms", session.updated_unix_ms}});
      continue;
    }
    out_row(fmt::format("{}  {:%Y-%m-%d %H:%M}Z  {:>4} messages  {:<10} {}  {}", session.id,
                        fmt::gmtime(static_cast<std::time_t>(session.updated_unix_ms / 1000)),
                        session.message_count, session.provider, shown_cartpilot(session.cartpilot),
                        session.title));
  }
  if (services.arguments().json) out_json(list);
  return kOk;
}

int run_sessions_show(CommandServices& services) {
  const std::vector<Message> messages = wanted(services);
  if (services.arguments().json) {
    out_json(transcript_json(services.arguments().name, cartpilot_of(services), messages));
  } else {
    out_text(transcript_markdown(services.arguments().name, cartpilot_of(services), messages));
  }
  return kOk;
}

int run_sessions_export(CommandServices& services) {
  const std::vector<Message> messages = wanted(services);
  if (services.arguments().export_format == "json") {
    out_json(transcript_json(services.arguments().name, cartpilot_of(services), messages));
  } else {
    out_text(transcript_markdown(services.arguments().name, cartpilot_of(services), messages));
  }
  return kOk;
}

int run_sessions_delete(CommandServices& services) {
  wanted(services);
  const store::SessionLock lock = services.app().lock_session(services.arguments().name);
  services.sessions().remove(services.arguments().name);
  return kOk;
}

}  // namespace cartpilot::host
