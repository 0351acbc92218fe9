// The numbered cases of a provider: request checks Q01, Q02, ... and answers A01, A02, ....
//
// The name of a test begins with its number. The provider's page in docs/providers has one row
// "| Q7 | what | `Suite.Q07_name` |" for each. `expect_numbered_cases` compares the page with the
// tests of the program it is called in. One thread.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

namespace cartpilot::tests {

/// "Q7" -> the full names of the tests that carry the number.
using NumberedCases = std::map<std::string, std::vector<std::string>>;

inline NumberedCases built_cases() {
  static const std::regex pattern("([QA])([0-9]{2})_.*");
  NumberedCases cases;
  const ::testing::UnitTest& all = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const ::testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      const std::string name = suite.GetTestInfo(j)->name();
      std::smatch match;
      if (!std::regex_match(name, match, pattern)) continue;
      cases[match[1].str() + std::to_string(std::stoi(match[2]))].push_back(
          std::string(suite.name()) + "." + name);
    }
  }
  return cases;
}

inline NumberedCases documented_cases(const std::string& page) {
  static const std::regex row(R"(\| ([QA][0-9]+) \| .* \| `([^`]+)` \|)");
  NumberedCases cases;
  std::ifstream file(page);
  EXPECT_TRUE(file.good()) << page;
  for (std::string line; std::getline(file, line);) {
    std::smatch match;
    if (std::regex_match(line, match, row)) cases[match[1]].push_back(match[2]);
  }
  return cases;
}

/// Q1 to Q`requests` and A1 to A`answers` have one test each, and the page names it.
inline void expect_numbered_cases(const std::string& page, int requests, int answers) {
  const NumberedCases built = built_cases();
  EXPECT_EQ(documented_cases(page), built);
  EXPECT_EQ(built.size(), static_cast<std::size_t>(requests + answers));
  for (const auto& [letter, last] : {std::pair<std::string, int>{"Q", requests}, {"A", answers}}) {
    for (int number = 1; number <= last; ++number) {
      const auto found = built.find(letter + std::to_string(number));
      ASSERT_NE(found, built.end()) << letter << number << " has no test";
      EXPECT_EQ(found->second.size(), 1U) << letter << number;
    }
  }
}

}  // namespace cartpilot::tests
