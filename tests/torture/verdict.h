// Verdict: what really happened at the merchants against what the person agreed to and what the
// program said.
//
// A pure function of the records of one run; knows nothing of the gate's inside.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "torture/program_run.h"
#include "torture/truth_ledger.h"

namespace cartpilot::torture {

/// What the harness knows about one run.
struct Records {
  std::vector<ProgramRun> program_runs;  ///< in order; the last one was not killed
  Json attempts;                         ///< the program's own list at the end
  std::vector<Booking> bookings;
  std::map<std::string, std::vector<std::int64_t>> confirms;  ///< arrivals by checkout, page clock
  std::map<std::string, Json> shown;  ///< CartPilot's view of each attempt's checkout at the end
  std::int64_t now_ms = 0;
  std::string api_key;
};

struct Verdict {
  int unapproved = 0;  ///< bookings nobody agreed to, exactly so, in time
  int duplicate = 0;   ///< second bookings for one consent, or for a basket of unknown fate
  int lost = 0;        ///< bookings the program does not know of
  int false_bought = 0;
  int false_not_bought = 0;
  int unknown = 0;            ///< attempts whose outcome the program does not know at the end
  int avoidable_unknown = 0;  ///< ... although CartPilot shows it
  int bought = 0;
  int told_otherwise = 0;  ///< swapped by another key holder inside the gap, and said so
  int allowed_by_rules = 0;
  int overcharged = 0;  ///< charged more than CartPilot shows: visible to nobody
  int misbehaved = 0;   ///< stuck, wrong exit code, key leaked, unclean or incomplete screen
  std::vector<std::string> findings;  ///< one line for each of the above that must be 0

  bool good() const { return findings.empty(); }
};

Verdict judge(const RunPlan& plan, const Records& records);

}  // namespace cartpilot::torture
