// CARTPILOT_CHECK_PLUGIN(Name, file): every check of `cartpilot plugin check` as a GoogleTest test
// of your own test program.
//
//   CARTPILOT_CHECK_PLUGIN(Acme, ACME_PLUGIN_FILE)
//
// gives the tests Acme/PluginCheck.passes/elf_well_formed and so on. A check that does not apply to
// the plugin passes and says why. Include this in one source file of the program. Needs GoogleTest
// and CartPilot::Testing.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "cartpilot/testing/plugin_check.h"

namespace cartpilot::testing {

struct PluginCheckCase {
  std::string file;
  std::string id;
};

/// How GoogleTest shows it.
inline void PrintTo(const PluginCheckCase& check, std::ostream* out) { *out << check.id; }

inline std::vector<PluginCheckCase> plugin_check_cases(const std::string& file) {
  std::vector<PluginCheckCase> cases;
  for (const CheckInfo& check : list_checks()) cases.push_back({file, check.id});
  return cases;
}

inline std::string plugin_check_case_name(const ::testing::TestParamInfo<PluginCheckCase>& info) {
  std::string name = info.param.id;
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

class PluginCheck : public ::testing::TestWithParam<PluginCheckCase> {};

TEST_P(PluginCheck, passes) {
  CheckOptions options;
  options.only = {GetParam().id};
  for (const CheckResult& result : run_checks(GetParam().file, options)) {
    EXPECT_TRUE(all_good({result})) << outcome_name(result.outcome) << ": " << result.message;
    if (!result.message.empty()) RecordProperty("note", result.message);
  }
}

}  // namespace cartpilot::testing

#define CARTPILOT_CHECK_PLUGIN(NAME, FILE)                                                      \
  using ::cartpilot::testing::PluginCheck;                                                      \
  INSTANTIATE_TEST_SUITE_P(NAME, PluginCheck,                                                   \
                           ::testing::ValuesIn(::cartpilot::testing::plugin_check_cases(FILE)), \
                           ::cartpilot::testing::plugin_check_case_name);
