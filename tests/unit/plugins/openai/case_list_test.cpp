// The list of cases in docs/providers/openai.md names every numbered test, and every number once.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace cartpilot::openai {
namespace {

constexpr int kRequestChecks = 42;
constexpr int kAnswers = 78;

/// "Q7" -> the tests that carry the number, of all tests in this program.
std::map<std::string, std::vector<std::string>> numbered_tests() {
  std::map<std::string, std::vector<std::string>> tests;
  const ::testing::UnitTest& all = *::testing::UnitTest::GetInstance();
  const std::regex number("([QA])0*([0-9]+)_.*");
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const ::testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      const std::string name = suite.GetTestInfo(j)->name();
      std::smatch parts;
      if (!std::regex_match(name, parts, number)) continue;
      tests[parts[1].str() + parts[2].str()].push_back(std::string(suite.name()) + "." + name);
    }
  }
  return tests;
}

/// The same as the documentation says it: rows "| Q7 | what | `Suite.test` |".
std::map<std::string, std::vector<std::string>> documented_tests() {
  std::map<std::string, std::vector<std::string>> tests;
  std::ifstream file(CARTPILOT_OPENAI_DOC);
  EXPECT_TRUE(file.good()) << CARTPILOT_OPENAI_DOC;
  const std::regex row(R"(\| ([QA][0-9]+) \| .* \| `([A-Za-z]+\.[A-Za-z0-9_]+)` \|)");
  for (std::string line; std::getline(file, line);) {
    std::smatch parts;
    if (std::regex_match(line, parts, row)) tests[parts[1].str()].push_back(parts[2].str());
  }
  return tests;
}

TEST(OpenAiCases, every_number_is_one_test_and_one_row_of_the_documentation) {
  const auto tests = numbered_tests();
  EXPECT_EQ(documented_tests(), tests);
  std::set<std::string> wanted;
  for (int i = 1; i <= kRequestChecks; ++i) wanted.insert("Q" + std::to_string(i));
  for (int i = 1; i <= kAnswers; ++i) wanted.insert("A" + std::to_string(i));
  std::set<std::string> found;
  for (const auto& [number, names] : tests) {
    found.insert(number);
    EXPECT_EQ(names.size(), 1U) << number;
  }
  EXPECT_EQ(found, wanted);
}

}  // namespace
}  // namespace cartpilot::openai
