#include "cli/exit_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "purchase/gate.h"

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

TEST(ExitCode, of_a_purchase_is_the_one_that_the_gate_gives) {
  EXPECT_EQ(purchase::kExitDone, kOk);
  EXPECT_EQ(purchase::kExitNoRecord, kFailed);
  EXPECT_EQ(purchase::kExitCartPilotFailed, kCartPilotFailed);
  EXPECT_EQ(purchase::kExitDeclined, kDeclined);
  EXPECT_EQ(purchase::kExitRefused, kRefusedByPolicy);
  EXPECT_EQ(purchase::kExitChanged, kPriceChanged);
  EXPECT_EQ(purchase::kExitUnknown, kOutcomeUnknown);
  EXPECT_EQ(purchase::kExitNotAsAgreed, kNotAsAgreed);
  EXPECT_EQ(purchase::kExitInterrupted, kInterrupted);
}

}  // namespace
}  // namespace cartpilot::host
