// The table of proofs in docs/sandbox.md names exactly the tests there are.
#include <gmock/gmock.h>

#include <fstream>
#include <set>
#include <sstream>

namespace cartpilot::sandbox {
namespace {

std::set<std::string> documented_tests() {
  std::ifstream page(CARTPILOT_SANDBOX_PAGE);
  std::set<std::string> names;
  for (std::string line; std::getline(page, line);) {
    const std::size_t begin = line.rfind("| `");
    if (begin == std::string::npos || line.find('.', begin) == std::string::npos) continue;
    for (const char* suite : {"ErrorTable.", "ErrorShapes."}) {
      if (line.compare(begin + 3, std::string(suite).size(), suite) != 0) continue;
      EXPECT_TRUE(names.insert(line.substr(begin + 3, line.rfind('`') - begin - 3)).second) << line;
    }
  }
  return names;
}

std::set<std::string> written_tests() {
  std::set<std::string> names;
  const testing::UnitTest& program = *testing::UnitTest::GetInstance();
  for (int i = 0; i < program.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *program.GetTestSuite(i);
    const std::string name = suite.name();
    if (name != "ErrorTable" && name != "ErrorShapes") continue;
    for (int j = 0; j < suite.total_test_count(); ++j) {
      names.insert(name + "." + suite.GetTestInfo(j)->name());
    }
  }
  return names;
}

TEST(SandboxPage, names_every_test_of_these_suites_once) {
  const std::set<std::string> documented = documented_tests();
  EXPECT_GT(documented.size(), 50U);
  EXPECT_EQ(documented, written_tests());
}

}  // namespace
}  // namespace cartpilot::sandbox
