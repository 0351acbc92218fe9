#include "cli/exit_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "commands/commands.h"

namespace cartpilot::host {
namespace {

TEST(ExitCode, is_a_row_of_the_page_each) {
  std::ifstream page(CARTPILOT_CLI_PAGE);
  std::set<int> documented;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("## ", 0) == 0) inside = line == "## Exit codes";
    if (inside && line.rfind("| ", 0) == 0 && line[2] >= '0' && line[2] <= '9') {
      documented.insert(std::stoi(line.substr(2)));
    }
  }
  EXPECT_EQ(documented, (std::set<int>{kOk, kFailed, kUsage, kConfiguration, kProviderFailed,
                                       kCartPilotFailed, kDeclined, kRefusedByPolicy, kPriceChanged,
                                       kOutcomeUnknown, kNotAsAgreed, kInterrupted, kReaderGone}));
}

TEST(ExitCode, of_a_run_is_that_of_its_last_purchase) {
  using purchase::PurchaseEnd;
  const std::pair<PurchaseEnd, int> codes[] = {
      {PurchaseEnd::kBought, 0},          {PurchaseEnd::kNoRecord, 1},
      {PurchaseEnd::kCartPilotFailed, 5}, {PurchaseEnd::kDeclined, 10},
      {PurchaseEnd::kRefused, 11},        {PurchaseEnd::kChanged, 12},
      {PurchaseEnd::kUnknown, 13},        {PurchaseEnd::kNotAsAgreed, 14},
      {PurchaseEnd::kInterrupted, 130},   {PurchaseEnd::kDryRun, 0}};
  for (const auto& [end, code] : codes) EXPECT_EQ(exit_code_of(end), code);
}

}  // namespace
}  // namespace cartpilot::host
