// Run: one plan played from beginning to end and judged.
//
// First process, perhaps killed; everything passing heals; a second process that settles what is
// open and goes on; one more for each that was killed, while something is open. Owns its server and
// page; one thread, one Theatre per process.
#pragma once

#include <memory>
#include <string>

#include "torture/mcp_run.h"
#include "torture/verdict.h"

namespace cartpilot::torture {

struct Run {
  Records records;
  Verdict verdict;
  int kills = 0;  ///< processes that met their kill point
  std::vector<std::string> struck;
};

class Theatre {
 public:
  /// Keeps its files below `folder`, which exists.
  explicit Theatre(const std::string& folder);
  ~Theatre();
  Theatre(const Theatre&) = delete;
  Theatre& operator=(const Theatre&) = delete;

  Run play(const RunPlan& plan);
  McpRun play(const McpPlan& plan);

  /// Plays a fault-free purchase, a restart and another purchase, and counts.
  KillHorizon measure();
  /// Microseconds of a purchase through MCP.
  std::int64_t measure_mcp_purchase();

 private:
  Place clear_stage();
  void judge_run(const RunPlan& plan, const Place& place, Run& run);

  std::string folder_;
  std::string page_file_;
  SharedPage* page_ = nullptr;
  std::unique_ptr<FaultCartPilot> server_;
};

}  // namespace cartpilot::torture
