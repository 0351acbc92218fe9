// ProgramRun: one process of the program under test, from its start to its end, with a person at
// its terminal.
//
// The process is either the real binary or a forked copy of this one that runs the program's parts
// (the gate behind the ToolRouter, the CartPilot client, the state database, the terminal prompt)
// with the model linked in. Either way it has a pseudo-terminal of its own and says what it does as
// JSON lines on a pipe. The caller must not have other threads that hold locks.
#pragma once

#include <optional>
#include <string>

#include "torture/person.h"
#include "torture/run_plan.h"
#include "torture/shared_page.h"

namespace cartpilot::torture {

struct Place {
  std::string folder;          ///< state and configuration of this run
  std::string page_file;       ///< see shared_page.h
  SharedPage* page = nullptr;  ///< the same, mapped
  std::string api_url;
  std::string api_key;
  std::string session = "torture";  ///< id of the conversation
  std::string foreign;              ///< a checkout of somebody else, "" = none
};

struct ProgramRun {
  bool killed = false;  ///< by the kill point
  bool stuck = false;   ///< did not end by itself
  int exit_code = -1;   ///< 128 + signal when ended by one
  std::string said;     ///< JSON lines
  std::string errors;
  std::string screen;
  std::vector<Question> questions;
  Json attempts;  ///< `purchases list --json` at its end, when it said so; else null
};

/// Message "" only starts, settles what is open, and ends.
ProgramRun perform(const RunPlan& plan, const Place& place, const std::string& script,
                   Behaviour person, std::int64_t kill_at);

/// One program for each of plan.scripts, all at once over one state folder and on one terminal,
/// each with a conversation of its own. The kill point kills whichever passes it. A question
/// belongs to the program whose checkout it shows.
std::vector<ProgramRun> perform_together(const RunPlan& plan, const Place& place, Behaviour person,
                                         std::int64_t kill_at);

/// The attempts as `purchases list --json` prints them.
Json attempts_in(const RunPlan& plan, const Place& place);

}  // namespace cartpilot::torture
