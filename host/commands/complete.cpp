#include <algorithm>

#include "cli/completion.h"
#include "cli/exit_code.h"
#include "cli/state_place.h"
#include "commands/commands.h"
#include "commerce/tools.h"
#include "purchase/questions.h"
#include "terminal/output.h"

namespace cartpilot::host {

namespace {

/// What there is of a kind now. Nothing of it is asked of a server, and nothing is made for it.
std::vector<std::string> values_of(const std::string& kind, CommandServices& services) {
  std::vector<std::string> values;
  const bool kept =
      kind == "SESSION" || kind == "MODEL" || kind == "PURCHASE" || kind == "QUESTION";
  if (kept && !has_present_state(services.arguments())) return values;
  if (kind == "PROVIDER") return services.plugins().provider_names();
  if (kind == "SESSION") {
    for (const auto& session : services.sessions().list()) values.push_back(session.id);
  } else if (kind == "MODEL") {
    for (const auto& session : services.sessions().list()) values.push_back(session.model);
  } else if (kind == "PURCHASE") {
    for (const auto& attempt : services.journal().list()) values.push_back(attempt.id);
  } else if (kind == "QUESTION") {
    purchase::Questions questions(services.state());
    for (const auto& question : questions.list_open()) values.push_back(question.id);
  } else if (kind == "PLUGIN") {
    for (const auto& plugin : services.plugins().list()) values.push_back(plugin.id);
  } else if (kind == "FUNCTION") {
    for (const auto& function : commerce::cartpilot_tool_specs()) values.push_back(function.name);
  } else if (kind == "FILE") {
    return {":file"};
  } else if (kind == "DIR") {
    return {":dir"};
  }
  return values;
}

}  // namespace

int run_complete(CommandServices& services) {
  PlaceOnLine place = place_on_line(services.arguments().words);
  std::vector<std::string> found = values_of(place.kind, services);
  const bool by_shell = !found.empty() && found.front().front() == ':';
  if (by_shell) {
    out_line(found.front());
    return kOk;
  }
  place.words.insert(place.words.end(), found.begin(), found.end());
  std::vector<std::string> said;
  for (const std::string& word : place.words) {
    if (word.empty() || !word.starts_with(place.begun)) continue;
    if (std::find(said.begin(), said.end(), word) != said.end()) continue;
    said.push_back(word);
    out_line(place.before + word);
  }
  return kOk;
}

}  // namespace cartpilot::host
