// RunPlan: one run, cast from its seed: fault x kill point x model script x person x policy.
//
// The same seed always gives the same plan. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "torture/fault_cartpilot.h"
#include "torture/person.h"

namespace cartpilot::torture {

struct RunPlan {
  std::uint64_t seed = 0;
  bool whole_program = false;  ///< the real binary and plugin; else its parts in a forked process
  std::string fault_name;      ///< the row of the menu, "none", or two rows joined by "+"
  std::vector<Fault> faults;
  std::string script;         ///< of the first process
  std::string second_script;  ///< after the restart
  Behaviour person = Behaviour::kTypesTotal;
  Behaviour second_person = Behaviour::kTypesTotal;
  std::string approve = "ask";  ///< as --approve
  std::string merchants;        ///< as --merchants
  /// The settings file, one of rule_files(), "" = none; with one the flags say nothing about who
  /// agrees.
  std::string rules;
  std::string preferred = "merchant-a";
  std::int64_t kill_at = 0;  ///< kill point of the first process, 0 = none
  std::int64_t second_kill_at = 0;
  /// More than one: they run at once over one state folder, on one terminal; the n-th plays
  /// scripts[n].
  std::vector<std::string> scripts;
  bool replay_as_intermediary = false;  ///< made by cast_intermediary()
  bool needs_foreign = false;           ///< a checkout of somebody else is made beforehand
};

/// How many kill points a whole fault-free purchase, and a start after it, pass.
struct KillHorizon {
  std::int64_t purchase = 0;
  std::int64_t restart = 0;
};

/// `program_share` of a thousand runs use the real binary.
RunPlan cast_scene(std::uint64_t seed, bool kill, const KillHorizon& horizon, int program_share);
/// The same with two to six programs at once; a fifth of the runs kill one of them.
RunPlan cast_company(std::uint64_t seed, const KillHorizon& horizon, int program_share);
/// The same with an intermediary between the program and CartPilot that answers a confirm itself:
/// after the order was placed, or before CartPilot saw it.
RunPlan cast_intermediary(std::uint64_t seed, const KillHorizon& horizon, int program_share);

/// With a settings file that has rules; a quarter is killed, a quarter is of several programs.
RunPlan cast_rules(std::uint64_t seed, const KillHorizon& horizon, int program_share);

/// Names of all rows of the fault menu.
std::vector<std::string> fault_menu();
/// The faults of one row; `dice` decides which request it strikes.
std::vector<Fault> faults_of(const std::string& row, const std::function<int(int)>& dice);

/// One line for logs.
std::string describe(const RunPlan& plan);

}  // namespace cartpilot::torture
