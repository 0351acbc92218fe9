// The list of checks and answers in docs/providers/gemini.md is the list of tests, number by
// number.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

namespace cartpilot::gemini::tests {
namespace {

/// "S7" -> the full names of the tests that carry this number.
std::map<std::string, std::vector<std::string>> numbered_tests() {
  static const std::regex pattern("([SR])([0-9]{2})_.*");
  std::map<std::string, std::vector<std::string>> tests;
  const auto& all = *testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      std::smatch match;
      const std::string name = suite.GetTestInfo(j)->name();
      if (!std::regex_match(name, match, pattern)) continue;
      const std::string number = match[1].str() + std::to_string(std::stoi(match[2]));
      tests[number].push_back(std::string(suite.name()) + "." + name);
    }
  }
  return tests;
}

/// The rows "| S7 | subject | `test` |" of the document.
std::map<std::string, std::vector<std::string>> documented_tests() {
  static const std::regex row(R"(\| ([SR][0-9]+) \| .* \| `([^`]+)` \|)");
  std::map<std::string, std::vector<std::string>> tests;
  std::ifstream document(CARTPILOT_FIXTURES "/../../docs/providers/gemini.md");
  std::string line;
  while (std::getline(document, line)) {
    std::smatch match;
    if (std::regex_match(line, match, row)) tests[match[1]].push_back(match[2]);
  }
  return tests;
}

TEST(GeminiProof, every_number_has_one_test_and_the_document_names_it) {
  const auto tests = numbered_tests();
  EXPECT_EQ(tests.size(), 48U + 54U);
  for (const auto& [letter, last] : {std::pair<std::string, int>{"S", 48}, {"R", 54}}) {
    for (int number = 1; number <= last; ++number) {
      const auto found = tests.find(letter + std::to_string(number));
      ASSERT_NE(found, tests.end()) << letter << number << " has no test";
      EXPECT_EQ(found->second.size(), 1U) << letter << number;
    }
  }
  EXPECT_EQ(documented_tests(), tests);
}

}  // namespace
}  // namespace cartpilot::gemini::tests
