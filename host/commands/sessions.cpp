#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "cli/exit_code.h"
#include "commands/chat/transcript.h"
#include "commands/commands.h"
#include "commands/session_traces.h"
#include "commerce/identity.h"
#include "cost/ledger.h"
#include "terminal/one_key.h"
#include "terminal/output.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

/// The id of the command line, whole.
std::string wanted(CommandServices& services, const std::string& name) {
  const std::string id = services.sessions().resolve(name);
  if (id.empty() || !services.sessions().find(id)) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("no conversation '{}'; see 'cartpilot sessions list'", name));
  }
  return id;
}

std::string shown_cartpilot(const std::string& text) {
  return commerce::CartPilotIdentity::from_text(text).shown();
}

std::string cartpilot_of(CommandServices& services, const std::string& id) {
  const auto session = services.sessions().find(id);
  return shown_cartpilot(session ? session->cartpilot : "");
}

/// As many characters of an id as tell it from all others, at least six.
std::string short_id(const std::vector<store::SessionSummary>& all, const std::string& id) {
  constexpr std::size_t kShortest = 6;
  std::size_t size = std::min(kShortest, id.size());
  for (const store::SessionSummary& other : all) {
    if (other.id == id) continue;
    const auto parted = std::mismatch(id.begin(), id.end(), other.id.begin(), other.id.end());
    size = std::max(size, static_cast<std::size_t>(parted.first - id.begin()) + 1);
  }
  return id.substr(0, size);
}

Json json_of(const store::SessionSummary& session) {
  return {{"id", session.id},
          {"provider", session.provider},
          {"model", session.model},
          {"title", session.title},
          {"cartpilot", shown_cartpilot(session.cartpilot)},
          {"messages", session.message_count},
          {"created_ms", session.created_unix_ms},
          {"updated_ms", session.updated_unix_ms}};
}

bool agreed_to_delete_all(std::size_t count) {
  if (!is_terminal(STDIN_FILENO) || !is_terminal(STDERR_FILENO)) return true;
  return yes_key(fmt::format(
      "Delete all {} conversations for good? y deletes, any other key does not.", count));
}

}  // namespace

int run_sessions_list(CommandServices& services) {
  const std::vector<store::SessionSummary> all = services.sessions().list();
  if (services.arguments().json) {
    Json list = Json::array();
    for (const store::SessionSummary& session : all) list.push_back(json_of(session));
    out_json(list);
    return kOk;
  }
  for (const store::SessionSummary& session : all) {
    out_row(fmt::format("{}  {:%Y-%m-%d %H:%M}Z  {:>4} messages  {:<10} {}  {}",
                        short_id(all, session.id),
                        fmt::gmtime(static_cast<std::time_t>(session.updated_unix_ms / 1000)),
                        session.message_count, session.provider, shown_cartpilot(session.cartpilot),
                        session.title));
  }
  if (all.empty()) err_line("No conversation is kept yet; 'cartpilot chat' begins one.");
  return kOk;
}

int run_sessions_show(CommandServices& services) {
  const std::string id = wanted(services, services.arguments().name);
  const std::vector<Message> messages = services.sessions().load(id);
  if (services.arguments().json) {
    out_json(transcript_json(id, cartpilot_of(services, id), messages));
  } else {
    out_text(transcript_markdown(id, cartpilot_of(services, id), messages));
  }
  return kOk;
}

int run_sessions_export(CommandServices& services) {
  const Arguments& arguments = services.arguments();
  const std::string id = wanted(services, arguments.name);
  const std::vector<Message> messages = services.sessions().load(id);
  const std::string cartpilot = cartpilot_of(services, id);
  const bool json = arguments.export_format == "json";
  if (arguments.export_file.empty()) {
    if (json) {
      out_json(transcript_json(id, cartpilot, messages));
    } else {
      out_text(transcript_markdown(id, cartpilot, messages, arguments.with_calls));
    }
    return kOk;
  }
  write_transcript(arguments.export_file,
                   json ? dump_json(text::redacted(transcript_json(id, cartpilot, messages))) + "\n"
                        : transcript_markdown(id, cartpilot, messages, arguments.with_calls));
  err_line(fmt::format("Written to {}.", arguments.export_file));
  return kOk;
}

int run_sessions_rename(CommandServices& services) {
  const std::string id = wanted(services, services.arguments().name);
  services.sessions().rename(id, text::safe_line(services.arguments().title));
  err_line(fmt::format("{} is now \"{}\".", id, services.sessions().find(id)->title));
  return kOk;
}

int run_sessions_fork(CommandServices& services) {
  const std::string from = wanted(services, services.arguments().name);
  const std::string to = store::new_session_id();
  const int wished = services.arguments().at_turn.value_or(std::numeric_limits<int>::max());
  const int turns = services.sessions().fork(from, to, wished);
  if (services.arguments().json) {
    out_json({{"id", to}, {"from", from}, {"turns", turns}});
    return kOk;
  }
  out_line(to);
  err_line(
      fmt::format("{} begins with {} turn{} of {}. Checkouts of that one cannot be bought in it. "
                  "'cartpilot chat --resume {}' goes on.",
                  to, turns, turns == 1 ? "" : "s", from, to));
  return kOk;
}

int run_sessions_delete(CommandServices& services) {
  std::vector<std::string> ids;
  for (const std::string& name : services.arguments().names) ids.push_back(wanted(services, name));
  if (services.arguments().all) {
    for (const store::SessionSummary& session : services.sessions().list()) {
      ids.push_back(session.id);
    }
    if (!ids.empty() && !agreed_to_delete_all(ids.size())) return kFailed;
  }
  cost::Ledger ledger(services.state());
  SessionTraces traces(services.settings().state_directory);
  for (const std::string& id : ids) {
    const store::SessionLock lock = services.app().lock_session(id);
    traces.remember(id, services.sessions().load(id));
    services.sessions().remove(id);
    ledger.forget(id);
  }
  const RemovedTraces removed = services.arguments().all ? traces.remove_all() : traces.remove();
  err_line(
      fmt::format("Deleted: {} conversation{}, {} typed line{}, {} wish{} in the sandbox. "
                  "The record of purchases stays.",
                  ids.size(), ids.size() == 1 ? "" : "s", removed.lines,
                  removed.lines == 1 ? "" : "s", removed.wishes, removed.wishes == 1 ? "" : "es"));
  return kOk;
}

}  // namespace cartpilot::host
