// One plugin source, built with flags that change everything C++ types across a boundary would
// depend on. All of them load and work, because only C crosses.
#include <gmock/gmock.h>

#include <algorithm>

#include "workshop.h"

namespace cartpilot::package {
namespace {

using ::testing::HasSubstr;

struct Build {
  const char* name;
  const char* command;
};

void PrintTo(const Build& build, std::ostream* out) { *out << build.name; }

class FlagMatrix : public ::testing::TestWithParam<Build> {};

TEST_P(FlagMatrix, a_provider_built_this_way_talks) {
  const Workshop workshop;
  ASSERT_EQ(
      workshop.run(std::string(GetParam().command) +
                   " $(pkg-config --cflags cartpilot-plugin) "
                   "\"$SOURCE/tests/package/shout/shout.cpp\" "
                   "$(pkg-config --variable=ldflags cartpilot-plugin | "
                   "sed " +
                   (std::string(GetParam().command).find("-fsanitize") != std::string::npos
                        ? "s/-z,defs,//"
                        : "s/^//") +
                   ") -o cartpilot-shout.so\n"
                   "test \"$(nm -D --defined-only --format=just-symbols cartpilot-shout.so)\" "
                   "= cartpilot_plugin_entry\n"
                   "cartpilot chat --sandbox --plugin ./cartpilot-shout.so "
                   "--provider shout hello"),
      "");
  EXPECT_THAT(workshop.output(), HasSubstr("HELLO!"));
}

INSTANTIATE_TEST_SUITE_P(
    Builds, FlagMatrix,
    ::testing::Values(Build{"f00_same_flags", "g++ -std=c++17"},
                      Build{"f01_optimised", "g++ -std=c++17 -O2 -DNDEBUG"},
                      Build{"f02_cxx20", "g++ -std=c++20"},
                      Build{"f03_clang", "clang++ -std=c++17"},
                      Build{"f04_old_string_abi", "g++ -std=c++17 -D_GLIBCXX_USE_CXX11_ABI=0"},
                      Build{"f05_debug_containers", "g++ -std=c++17 -D_GLIBCXX_DEBUG"},
                      Build{"f06_json_diagnostics", "g++ -std=c++17 -DJSON_DIAGNOSTICS=1"},
                      Build{"f07_no_rtti", "g++ -std=c++17 -fno-rtti"},
                      Build{"f08_static_runtime",
                            "g++ -std=c++17 -static-libstdc++ -static-libgcc"},
                      Build{"f09_short_enums", "g++ -std=c++17 -fshort-enums"},
                      Build{"f10_link_time_optimisation", "g++ -std=c++17 -flto"},
                      Build{"f11_undefined_sanitizer", "g++ -std=c++17 -fsanitize=undefined"}),
    [](const auto& chosen) { return chosen.param.name; });

}  // namespace
}  // namespace cartpilot::package
