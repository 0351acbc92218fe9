// The table of hostile cases in docs/plugin-errors.md, the tests of this program and the codes of
// the sources agree.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include "private_dir.h"

namespace cartpilot::plugin_zoo {
namespace {

namespace fs = std::filesystem;

std::map<int, std::string> tests_by_case() {
  std::map<int, std::string> result;
  const ::testing::UnitTest& all = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const ::testing::TestSuite& suite = *all.GetTestSuite(i);
    if (std::string(suite.name()) != "HostilePlugin") continue;
    for (int j = 0; j < suite.total_test_count(); ++j) {
      const std::string name = suite.GetTestInfo(j)->name();
      EXPECT_TRUE(result.emplace(std::stoi(name.substr(5, 2)), name).second) << name;
    }
  }
  return result;
}

std::set<std::string> matches(const std::string& text, const std::string& expression) {
  std::set<std::string> found;
  const std::regex pattern(expression);
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) {
    found.insert((*match)[1].str());
  }
  return found;
}

std::string guide() { return read_file(fs::path(CARTPILOT_SOURCE) / "docs/plugin-errors.md"); }

TEST(CaseTable, has_62_cases_and_each_is_one_test_of_its_own) {
  const std::map<int, std::string> tests = tests_by_case();
  ASSERT_EQ(tests.size(), 62U);
  EXPECT_EQ(tests.begin()->first, 1);
  EXPECT_EQ(tests.rbegin()->first, 62);
  std::set<std::string> names;
  for (const auto& [number, name] : tests) names.insert(name);
  EXPECT_EQ(matches(guide(), "\\| \\d+ \\|[^\\n]*`(case_\\d\\d_[a-z0-9_]+)` \\|"), names);
}

TEST(CaseTable, every_code_the_program_can_give_has_a_section_and_no_other_has) {
  std::string sources;
  for (const char* folder : {"core/src/plugin", "core/src/app", "host/commands"}) {
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(CARTPILOT_SOURCE) / folder)) {
      if (entry.path().extension() == ".cpp") sources += read_file(entry.path());
    }
  }
  EXPECT_EQ(matches(guide(), "\n## (CP-P\\d\\d)"), matches(sources, "(CP-P\\d\\d)"));
}

}  // namespace
}  // namespace cartpilot::plugin_zoo
