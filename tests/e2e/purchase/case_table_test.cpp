// The table of docs/purchases.md and the tests that are built agree: every case once, by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

namespace cartpilot::e2e {
namespace {

using Table = std::multimap<int, std::string>;

/// The cases among the tests that a program says it has.
void add_registered(const std::string& program, Table& table) {
  FILE* const list = ::popen((program + " --gtest_list_tests").c_str(), "r");
  ASSERT_NE(list, nullptr);
  char line[512];
  static const std::regex name("  (case_([0-9]{2})_[a-z0-9_]+)\n");
  while (std::fgets(line, sizeof line, list) != nullptr) {
    std::cmatch match;
    if (std::regex_match(line, match, name)) table.emplace(std::stoi(match[2]), match[1]);
  }
  EXPECT_EQ(::pclose(list), 0);
}

Table documented() {
  std::ifstream page(CARTPILOT_PURCHASE_PAGE);
  static const std::regex row(R"(\| *([0-9]+) *\|.*\| *`(case_[0-9]{2}_[a-z0-9_]+)` *\|)");
  Table table;
  for (std::string line; std::getline(page, line);) {
    std::smatch match;
    if (std::regex_match(line, match, row)) table.emplace(std::stoi(match[1]), match[2]);
  }
  return table;
}

TEST(PurchaseCases, are_84_each_with_one_test_of_its_name_in_the_documented_table) {
  Table registered;
  add_registered(CARTPILOT_GATE_TESTS, registered);
  add_registered(CARTPILOT_PROGRAM_TESTS, registered);
  EXPECT_EQ(documented(), registered);
  ASSERT_EQ(registered.size(), 84U);
  for (int number = 1; number <= 84; ++number) EXPECT_EQ(registered.count(number), 1U) << number;
}

}  // namespace
}  // namespace cartpilot::e2e
