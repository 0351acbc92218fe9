// The provider suite: whole conversations over a plugin and a pretend vendor that its author wrote.
//
// `cartpilot plugin check` looks at single answers. The suite shops: three turns to a purchase,
// reads in parallel, streams that are cut at every event, refusals, a conversation that was begun
// with another vendor. The author writes one class, a VendorFake (vendor_fake.h); the suite brings
// the model, the shop and the faults.
//
//   CARTPILOT_PROVIDER_SUITE(Acme, ACME_PLUGIN_FILE, AcmeFake)
//
// gives the tests Acme/ProviderSuite.passes/three_turn_purchase and so on. No network and no
// program; one thread. AcmeFake is made without arguments. Needs GoogleTest and CartPilot::Testing;
// include it in one source file of the program.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "cartpilot/testing/vendor_fake.h"

namespace cartpilot::testing {

struct ProviderSuiteCase {
  std::string id;
  std::string file;
  VendorFakeMaker make_fake;
};

/// How GoogleTest shows it.
inline void PrintTo(const ProviderSuiteCase& shown, std::ostream* out) { *out << shown.id; }

template <class Fake>
std::vector<ProviderSuiteCase> provider_suite_cases(const std::string& file) {
  std::vector<ProviderSuiteCase> cases;
  for (const CheckInfo& conversation : list_provider_conversations()) {
    cases.push_back({conversation.id, file, [] { return std::make_unique<Fake>(); }});
  }
  return cases;
}

inline std::string provider_suite_case_name(
    const ::testing::TestParamInfo<ProviderSuiteCase>& info) {
  std::string name = info.param.id;
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

class ProviderSuite : public ::testing::TestWithParam<ProviderSuiteCase> {};

TEST_P(ProviderSuite, passes) {
  const CheckResult result =
      hold_provider_conversation(GetParam().id, GetParam().file, GetParam().make_fake);
  EXPECT_EQ(result.outcome, CheckOutcome::kPass) << result.message;
}

}  // namespace cartpilot::testing

#define CARTPILOT_PROVIDER_SUITE(NAME, FILE, FAKE)                                 \
  using ::cartpilot::testing::ProviderSuite;                                       \
  INSTANTIATE_TEST_SUITE_P(                                                        \
      NAME, ProviderSuite,                                                         \
      ::testing::ValuesIn(::cartpilot::testing::provider_suite_cases<FAKE>(FILE)), \
      ::cartpilot::testing::provider_suite_case_name);
