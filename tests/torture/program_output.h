// What the program said in one run, line by line, and the consents that follow from it.
//
// Plain values for the judge (verdict.h); any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "torture/program_run.h"
#include "torture/truth_ledger.h"

namespace cartpilot::torture {

/// One yes: of the person at a question, or of the standing permission.
struct Consent {
  std::string attempt;
  std::string checkout_id;
  std::string merchant_id;
  std::vector<OrderedLine> lines;
  std::int64_t total = 0;
  std::string currency;
  std::int64_t at_ms = 0;  ///< 0 = by policy
  std::size_t program_run = 0;
  std::size_t said_before = 0;
  bool knew_of_earlier = false;  ///< the question said that the basket was bought before
  bool used = false;
};

/// One line of the program's JSON lines.
struct Said {
  Json line;
  std::size_t program_run = 0;
  std::size_t offset = 0;
  bool in_turn = false;  ///< not while settling old attempts at the start
};

/// Every line of all processes, in order.
std::vector<Said> lines_of(const std::vector<ProgramRun>& program_runs);

/// The consent that a yes to this approval_request is.
Consent consent_of(const Said& request);

/// "86.38"
std::string amount_text(std::int64_t cents);

}  // namespace cartpilot::torture
