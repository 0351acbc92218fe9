// The promise about binaries: a change of abi.h that would break plugins in the field does not go
// unnoticed.
#include <gmock/gmock.h>

#include "workshop.h"

namespace cartpilot::package {
namespace {

using ::testing::HasSubstr;

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
