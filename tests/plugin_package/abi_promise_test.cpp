// The promise about binaries: what was built with the headers of any released revision loads today,
// and a change that would break it does not go unnoticed.
#include <gmock/gmock.h>

#include <set>

#include "cartpilot/abi.h"
#include "workshop.h"

namespace cartpilot::package {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> revisions() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kSource / "tests/package/headers")) {
    if (entry.is_directory()) names.insert(entry.path().filename().string());
  }
  return {names.begin(), names.end()};
}

class OldHeaders : public ::testing::TestWithParam<std::string> {};

TEST_P(OldHeaders, a_provider_and_a_tool_set_built_with_them_work_today) {
  const Workshop workshop;
  ASSERT_EQ(
      workshop.run("OLD=\"$SOURCE/tests/package/headers/" + GetParam() +
                   "\"\nFLAGS=\"-std=c++17 -fPIC -shared -fvisibility=hidden -I$OLD "
                   "-Wl,-z,now,-z,noexecstack\"\n"
                   "g++ $FLAGS \"$SOURCE/tests/package/shout/shout.cpp\" -o cartpilot-shout.so\n"
                   "g++ $FLAGS \"$SOURCE/tests/package/word-count/word_count.cpp\" "
                   "-o cartpilot-word-count.so\n"
                   "cartpilot chat --sandbox --plugin ./cartpilot-shout.so --provider shout old\n"
                   "cartpilot --plugin ./cartpilot-word-count.so tools call --sandbox count_words "
                   "'{\"text\":\"a b c\"}'"),
      "");
  EXPECT_THAT(workshop.output(), HasSubstr("OLD!"));
  EXPECT_THAT(workshop.output(), HasSubstr("{\"words\":3}"));
}

INSTANTIATE_TEST_SUITE_P(Released, OldHeaders, ::testing::ValuesIn(revisions()),
                         [](const auto& chosen) { return chosen.param; });

TEST(OldHeaders, hold_every_revision_before_the_one_of_this_tree) {
  std::vector<std::string> before;
  for (unsigned revision = 0; revision < CP_REVISION; ++revision) {
    before.push_back("e" + std::to_string(CP_EPOCH) + "r" + std::to_string(revision));
  }
  EXPECT_THAT(revisions(), ::testing::IsSupersetOf(before));
  for (const std::string& revision : revisions()) {
    const std::string header =
        read_file(kSource / "tests/package/headers" / revision / "cartpilot/abi.h");
    EXPECT_THAT(header,
                HasSubstr("#define CP_REVISION " + revision.substr(revision.find('r') + 1) + "u"));
  }
}

TEST(AbiPromise, holds_for_the_headers_of_this_tree) {
  const Workshop workshop;
  EXPECT_EQ(workshop.run("\"$SOURCE/scripts/abi\""), "");
}

struct Change {
  const char* name;
  const char* edit;  ///< sed script for abi.h
  bool breaks;
};

void PrintTo(const Change& change, std::ostream* out) { *out << change.name; }

class AbiChange : public ::testing::TestWithParam<Change> {};

TEST_P(AbiChange, is_judged) {
  const Workshop workshop;
  // Without its own assertions the header would compile; abidiff must see the change.
  const std::string problem = workshop.run(
      "cp -r \"$SOURCE/core/include\" changed\n"
      "sed -i '/^CP_LAYOUT(cp_/d;/^CP_SIZE(cp_/d' changed/cartpilot/abi.h\n"
      "cp changed/cartpilot/abi.h before\n"
      "sed -i '" +
      std::string(GetParam().edit) +
      "' changed/cartpilot/abi.h\nif cmp -s before changed/cartpilot/abi.h; then exit 7; fi\n"
      "INCLUDE=$PWD/changed \"$SOURCE/scripts/abi\"");
  EXPECT_THAT(workshop.output(),
              HasSubstr(GetParam().breaks ? "plugins in the field would break" : "only additions"));
  EXPECT_EQ(problem.empty(), !GetParam().breaks);
}

INSTANTIATE_TEST_SUITE_P(
    Examples, AbiChange,
    ::testing::Values(
        Change{"member_at_the_end_is_fine",
               R"(s|^  int64_t deadline_unix_ms;.*|&\n  int64_t added;|)", false},
        Change{
            "member_in_the_middle_breaks",
            R"(s|^  void\* (\*create)(cp_bytes factory.*|  int32_t (*inserted)(void* self);\n&|)",
            true},
        Change{"member_taken_out_breaks", R"(/(\*function_responses)/d)", true},
        Change{"narrower_member_breaks", R"(s|int64_t deadline_unix_ms|int32_t deadline_unix_ms|)",
               true},
        Change{"other_signature_breaks",
               R"(s|(\*cancelled)(void\* ctx)|(*cancelled)(void* ctx, int64_t more)|)", true}),
    [](const auto& chosen) { return chosen.param.name; });

}  // namespace
}  // namespace cartpilot::package
