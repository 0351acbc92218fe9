#include <fmt/chrono.h>
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "commands/commands.h"
#include "commands/transcript.h"
#include "ui/output.h"

namespace cartpilot::host {

namespace {

std::vector<Message> wanted(Workbench& bench) {
  const std::string& id = bench.arguments().name;
  if (!bench.sessions().find(id)) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("no conversation '{}'; see 'cartpilot sessions list'", id));
  }
  return bench.sessions().load(id);
}

}  // namespace

int run_sessions_list(Workbench& bench) {
  Json list = Json::array();
  for (const store::SessionSummary& session : bench.sessions().list()) {
    if (bench.arguments().json) {
      list.push_back({{"id", session.id},
                      {"provider", session.provider},
                      {"model", session.model},
                      {"title", session.title},
                      {"messages", session.message_count},
                      {"created_ms", session.created_unix_ms},
                      {"updated_ms", session.updated_unix_ms}});
      continue;
    }
    out_row(fmt::format("{}  {:%Y-%m-%d %H:%M}Z  {:>4} messages  {:<10} {}", session.id,
                        fmt::gmtime(static_cast<std::time_t>(session.updated_unix_ms / 1000)),
                        session.message_count, session.provider, session.title));
  }
  if (bench.arguments().json) out(dump_json(list) + "\n");
  return kOk;
}

int run_sessions_show(Workbench& bench) {
  const std::vector<Message> messages = wanted(bench);
  if (bench.arguments().json) {
    out(dump_json(transcript_json(bench.arguments().name, messages)) + "\n");
  } else {
    out(transcript_markdown(bench.arguments().name, messages));
  }
  return kOk;
}

int run_sessions_export(Workbench& bench) {
  const std::vector<Message> messages = wanted(bench);
  if (bench.arguments().export_format == "json") {
    out(dump_json(transcript_json(bench.arguments().name, messages)) + "\n");
  } else {
    out(transcript_markdown(bench.arguments().name, messages));
  }
  return kOk;
}

int run_sessions_delete(Workbench& bench) {
  wanted(bench);
  bench.sessions().remove(bench.arguments().name);
  return kOk;
}

}  // namespace cartpilot::host
