// The package in a clean prefix: found by CMake and pkg-config, by both compilers and standards.
#include <gmock/gmock.h>

#include "workshop.h"

namespace cartpilot::package {
namespace {

using ::testing::HasSubstr;

struct Toolchain {
  const char* name;
  const char* compiler;
  const char* standard;
};

void PrintTo(const Toolchain& chosen, std::ostream* out) { *out << chosen.name; }

class InstalledSdk : public ::testing::TestWithParam<Toolchain> {};

TEST_P(InstalledSdk, builds_a_strangers_tool_set_that_works_in_the_program) {
  const Workshop workshop;
  ASSERT_EQ(workshop.run(std::string("cmake -S \"$SOURCE/tests/package/reading-time\" -B build "
                                     "-DCMAKE_CXX_FLAGS='-Wall -Wextra -Wpedantic -Werror' "
                                     "-DCMAKE_CXX_COMPILER=") +
                         GetParam().compiler + " -DCMAKE_CXX_STANDARD=" + GetParam().standard +
                         "\ncmake --build build\n"
                         "cartpilot plugin check --quiet build/cartpilot-reading-time.so\n"
                         "cartpilot --plugin build/cartpilot-reading-time.so tools call --sandbox "
                         "estimate_reading_time '{\"text\":\"one two three\"}'"),
            "");
  EXPECT_THAT(workshop.output(), HasSubstr(R"("seconds":1)"));
}

INSTANTIATE_TEST_SUITE_P(Toolchains, InstalledSdk,
                         ::testing::Values(Toolchain{"gcc17", "g++", "17"},
                                           Toolchain{"gcc20", "g++", "20"},
                                           Toolchain{"clang17", "clang++", "17"},
                                           Toolchain{"clang20", "clang++", "20"}),
                         [](const auto& chosen) { return chosen.param.name; });

TEST(InstalledSdk, refuses_fast_math_and_leaks_no_host_symbol) {
  const Workshop workshop;
  EXPECT_THAT(workshop.run("cmake -S \"$SOURCE/tests/package/reading-time\" -B build "
                           "-DCMAKE_CXX_FLAGS=-ffast-math"),
              HasSubstr("floating point"));
}

TEST(InstalledSdk, says_where_plugins_go_and_which_epoch_it_is) {
  const Workshop workshop;
  ASSERT_EQ(workshop.run("pkg-config --variable=plugindir cartpilot-plugin\n"
                         "pkg-config --variable=abi_epoch cartpilot-plugin\n"
                         "readlink -f \"$(pkg-config --variable=map cartpilot-plugin)\""),
            "");
  EXPECT_THAT(workshop.output(), HasSubstr("/lib/cartpilot/plugins\n1\n"));
  EXPECT_THAT(workshop.output(), HasSubstr("share/cartpilot/plugin.map"));
}

TEST(InstalledSdk, gives_author_programs_every_check_as_a_test) {
  const Workshop workshop;
  ASSERT_EQ(workshop.run("cp -r \"$SOURCE/tests/package/own-suite\" . && cd own-suite && "
                         "cmake -S . -B build && cmake --build build && ./build/suite "
                         "--gtest_brief=1"),
            "");
  EXPECT_THAT(workshop.output(), HasSubstr("PASSED"));
}

}  // namespace
}  // namespace cartpilot::package
