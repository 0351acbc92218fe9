#include "cartpilot/vendor/call_ids.h"

#include <gtest/gtest.h>

#include <set>

namespace cartpilot::vendor {
namespace {

TEST(CallIds, new_ones_are_plain_and_differ) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = new_call_id();
    EXPECT_EQ(wire_call_id(id, 0, 29), id);
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1000U);
}

TEST(CallIds, one_for_a_conversation_is_none_of_its_ids_and_always_the_same) {
  std::set<std::string> used;
  for (int i = 0; i < 100; ++i) {
    const std::string id = new_call_id(used);
    EXPECT_EQ(new_call_id(used), id);
    EXPECT_EQ(wire_call_id(id, 0, 29), id);
    EXPECT_TRUE(used.insert(id).second);
  }
  EXPECT_NE(new_call_id({"a"}), new_call_id({"b"}));
}

TEST(CallIds, what_a_service_accepts_stays_as_it_is) {
  EXPECT_EQ(wire_call_id("toolu_01-A", 0, 64), "toolu_01-A");
  EXPECT_EQ(wire_call_id(std::string(40, 'x'), 0, 40), std::string(40, 'x'));
}

TEST(CallIds, what_it_refuses_is_replaced_always_the_same_way) {
  std::set<std::string> replacements;
  for (const std::string& id : {std::string("functions.f:0"), std::string(), std::string(41, 'x'),
                                std::string("a b"), std::string("\xC3\xA4")}) {
    const std::string replacement = wire_call_id(id, 0, 40);
    EXPECT_EQ(replacement, wire_call_id(id, 0, 40)) << id;
    EXPECT_EQ(replacement, wire_call_id(replacement, 0, 40)) << id;
    EXPECT_TRUE(replacements.insert(replacement).second) << id;
  }
}

TEST(CallIds, the_same_id_again_gets_another_one) {
  EXPECT_EQ(wire_call_id("a", 0, 40), "a");
  EXPECT_NE(wire_call_id("a", 1, 40), "a");
  EXPECT_NE(wire_call_id("a", 1, 40), wire_call_id("a", 2, 40));
}

}  // namespace
}  // namespace cartpilot::vendor
