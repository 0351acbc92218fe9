#include "commerce/duplicate_members.h"

#include <gtest/gtest.h>

namespace cartpilot::commerce {
namespace {

TEST(DuplicateMembers, are_found_in_one_object_at_any_depth) {
  EXPECT_TRUE(has_duplicate_members(R"({"total":1,"total":2})"));
  EXPECT_TRUE(has_duplicate_members(R"({"total":1,"items":[{"a":{}},{"b":1,"c":[],"b":1}]})"));
  EXPECT_TRUE(has_duplicate_members(R"({"total":1,"inner":{"x":{"y":1}},"total":1,"z":0})"));
  EXPECT_TRUE(has_duplicate_members(R"({"total":1,"\u0074otal":2})"));
}

TEST(DuplicateMembers, are_none_when_other_objects_have_the_same_names) {
  EXPECT_FALSE(has_duplicate_members(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})"));
  EXPECT_FALSE(has_duplicate_members(R"({"a":1.5,"A":null,"b":"a","c":[true,-3,"a"]})"));
  EXPECT_FALSE(has_duplicate_members("[]"));
}

}  // namespace
}  // namespace cartpilot::commerce
