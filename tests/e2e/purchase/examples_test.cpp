// The programs of docs/examples, as a person runs them: CMake names the interpreters it found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "terminal_program.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;

struct Example {
  const char* interpreter;
  const char* file;
};

class EmbedderExample : public testing::TestWithParam<Example> {
 protected:
  /// Runs it to its question; a person who agrees types the code, any other one Enter alone.
  int shop(bool agrees) {
    const std::string folder = std::filesystem::path(CARTPILOT_PROGRAM).parent_path();
    TerminalProgram program(
        home_,
        {GetParam().interpreter, std::string(CARTPILOT_EXAMPLES) + "/" + GetParam().file,
         "desk lamp", "--sandbox", "--session", "s"},
        {{"PATH", folder + ":/usr/bin:/bin"}});
    program.wait_for("  TOTAL       ");
    program.wait_for("Type ");
    program.wait_for(" to agree, Enter alone says no: ");
    const std::string& screen = program.screen();
    const std::size_t end = screen.find(" to agree, Enter alone");
    const std::string code = screen.substr(end - 4, 4);
    program.type((agrees ? code : "") + "\n");
    const int exit_code = program.finish();
    EXPECT_THAT(screen, HasSubstr("  Merchant    merchant-"));
    EXPECT_THAT(screen, HasSubstr(agrees ? "[cartpilot] BOUGHT " : "[cartpilot] NOT BOUGHT: "));
    return exit_code;
  }
  Json purchases() { return parse_json(run(home_, {"purchases", "list", "--json"}).out); }

 private:
  const Home home_;
};

TEST_P(EmbedderExample, buys_what_the_person_agreed_to) {
  EXPECT_EQ(shop(true), 0);
  ASSERT_EQ(purchases().size(), 1U);
  EXPECT_EQ(purchases()[0]["state"], "done");
}

TEST_P(EmbedderExample, buys_nothing_without_a_yes) {
  EXPECT_EQ(shop(false), 10);
  for (const Json& purchase : purchases()) EXPECT_NE(purchase["state"], "done");
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EmbedderExample);
#ifdef CARTPILOT_PYTHON
INSTANTIATE_TEST_SUITE_P(Python, EmbedderExample,
                         testing::Values(Example{CARTPILOT_PYTHON, "shop.py"}));
#endif
#ifdef CARTPILOT_NODE
INSTANTIATE_TEST_SUITE_P(Node, EmbedderExample,
                         testing::Values(Example{CARTPILOT_NODE, "shop.mjs"}));
#endif

}  // namespace
}  // namespace cartpilot::e2e
