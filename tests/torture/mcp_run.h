// McpRun: a purchase through an agent application that dies at a random moment, and what came of
// it.
//
// A first client shops until its moment comes, or to the end; CartPilot's fault heals; a second one
// asks for the first one's checkout, which is not its own, and may buy again. Then the list of
// purchases is compared with what the merchants booked and with what the person agreed to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "torture/mcp_client.h"
#include "torture/verdict.h"

namespace cartpilot::torture {

struct McpPlan {
  std::uint64_t seed = 0;
  bool modern = true;
  bool second_modern = true;
  Behaviour person = Behaviour::kTypesTotal;
  int confirms = 1;           ///< sent at once
  bool impatient = false;     ///< confirms without waiting for the approval
  std::int64_t death_us = 0;  ///< after its start
  Death manner = Death::kPipesClose;
  bool buys_again = false;
  std::string fault_name = "none";
  std::vector<Fault> faults;
};

/// `whole_us`: how long a purchase takes here when nobody dies.
McpPlan cast_mcp(std::uint64_t seed, std::int64_t whole_us);
std::string describe(const McpPlan& plan);

struct McpRun {
  bool died = false;                ///< before the first client was done
  std::vector<Question> questions;  ///< of both clients
  std::vector<Booking> bookings;
  Json attempts;
  Verdict verdict;
  std::string shown;  ///< all that was seen, for a replay
};

/// One run on a server and in a folder that belong to it alone while it lasts.
McpRun play_mcp(const McpPlan& plan, const Place& place, FaultCartPilot& server);

/// Microseconds that a purchase takes when nobody dies. Throws when none works here at all.
std::int64_t measure_mcp(const Place& place, FaultCartPilot& server);

/// Pure: what is wrong with a run whose attempts, bookings and questions are known.
void judge_mcp(McpRun& run);

}  // namespace cartpilot::torture
