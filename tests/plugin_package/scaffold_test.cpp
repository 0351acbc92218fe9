// `plugin new` writes trees that build, pass their own tests and every check, from a clean prefix.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>

#include "workshop.h"

namespace cartpilot::package {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::size_t lines_of(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

class Scaffold : public ::testing::TestWithParam<const char*> {};

TEST_P(Scaffold, builds_tests_and_passes_every_check) {
  const Workshop workshop;
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(workshop.run(std::string("cartpilot plugin new acme-1 ") + GetParam() +
                         "\n# Without a network where the system allows it.\n"
                         "for alone in 'unshare --net' 'unshare --map-root-user --net' ''; do\n"
                         "  if $alone true 2>/dev/null; then break; fi\ndone\n"
                         "$alone ./acme-1/build.sh"),
            "");
  const auto took = std::chrono::steady_clock::now() - begin;
  RecordProperty("seconds",
                 static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(took).count()));
  EXPECT_THAT(workshop.output(), HasSubstr("0 warned, 0 failed"));
  EXPECT_THAT(workshop.output(), HasSubstr("100% tests passed"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, Scaffold,
                         ::testing::Values("--provider", "--engine", "--toolset", "--provider --c",
                                           "--toolset --c"),
                         [](const auto& chosen) {
                           std::string name = chosen.param;
                           name.erase(std::remove_if(name.begin(), name.end(),
                                                     [](char c) { return c == ' ' || c == '-'; }),
                                      name.end());
                           return name;
                         });

TEST(Scaffold, is_small_enough_to_read) {
  const Workshop workshop;
  ASSERT_EQ(workshop.run("cartpilot plugin new acme --provider && "
                         "cartpilot plugin new echo --engine && "
                         "cartpilot plugin new words --toolset"),
            "");
  EXPECT_LE(lines_of(workshop.path() / "echo/echo.h"), 130U);
  EXPECT_LE(lines_of(workshop.path() / "acme/acme.h") +
                lines_of(workshop.path() / "acme/acme_plugin.cpp"),
            250U);
  EXPECT_LE(lines_of(workshop.path() / "words/words.h") +
                lines_of(workshop.path() / "words/words_plugin.cpp"),
            80U);
}

TEST(Scaffold, says_what_is_missing_and_where_it_comes_from) {
  const Workshop workshop;
  ASSERT_EQ(workshop.run("cartpilot plugin new acme --engine"), "");
  const auto build = [&](const std::string& environment) {
    return workshop.run("rm -rf acme/build; " + environment + " ./acme/build.sh");
  };
  EXPECT_THAT(build("PATH=/nowhere /bin/sh"), HasSubstr("cmake is not installed (Debian: cmake)"));
  EXPECT_THAT(build("CXX=no-such-compiler"), HasSubstr("there is no compiler no-such-compiler"));
  EXPECT_THAT(build("CARTPILOT_PROGRAM=no-such-program"), HasSubstr("is not on the PATH; install"));
  EXPECT_THAT(build("CARTPILOT_PROGRAM=$(command -v cartpilot) PATH=/usr/bin:/bin "
                    "CMAKE_PREFIX_PATH=/nowhere"),
              HasSubstr("Install cartpilot-dev"));
}

TEST(Scaffold, warns_of_an_id_that_is_taken) {
  const Workshop workshop;
  ASSERT_EQ(workshop.run("cartpilot plugin new gemini --engine"), "");
  EXPECT_THAT(workshop.output(), HasSubstr("there is a plugin gemini already ("));
  EXPECT_THAT(workshop.output(), HasSubstr("yours takes its place"));
}

TEST(Scaffold, never_writes_over_what_is_there_and_refuses_bad_names) {
  const Workshop workshop;
  ASSERT_EQ(workshop.run("mkdir acme && echo mine > acme/mine"), "");
  EXPECT_THAT(workshop.run("cartpilot plugin new acme --provider"), HasSubstr("is not empty"));
  EXPECT_EQ(workshop.run("test \"$(ls acme)\" = mine"), "");
  for (const char* bad :
       {"Acme --provider", "a --provider", "cartpilot-x --toolset", "../x --toolset", "acme",
        "acme --engine --toolset", "ac --provider --license 'a b'"}) {
    EXPECT_EQ(
        workshop.run(std::string("cartpilot plugin new ") + bad + " && exit 9\ntest $? -eq 2"), "")
        << bad;
  }
}

}  // namespace
}  // namespace cartpilot::package
