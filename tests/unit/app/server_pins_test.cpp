#include "app/server_pins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/store/test_state.h"
#include "unit/purchase/temporary_folder.h"

namespace cartpilot::app {
namespace {

using Digests = std::map<std::string, std::string>;

TEST(ServerPins, nothing_is_agreed_to_at_first) {
  store::StateDb db(store::open_test_state());
  EXPECT_EQ(ServerPins(db).of("files"), Digests());
}

TEST(ServerPins, keeps_each_server_and_tool_apart) {
  store::StateDb db(store::open_test_state());
  ServerPins pins(db);
  pins.agree("files", {{"", "program"}, {"read", "1"}, {"Read", "2"}});
  pins.agree("weather", {{"read", "3"}});
  EXPECT_EQ(pins.of("files"), (Digests{{"", "program"}, {"read", "1"}, {"Read", "2"}}));
  EXPECT_EQ(pins.of("weather"), (Digests{{"read", "3"}}));
  EXPECT_EQ(pins.of("file"), Digests());
  EXPECT_EQ(pins.of("FILES"), Digests());
}

TEST(ServerPins, what_is_agreed_to_later_takes_the_place_of_the_same_tool_only) {
  store::StateDb db(store::open_test_state());
  ServerPins pins(db);
  pins.agree("files", {{"", "program"}, {"read", "1"}});
  pins.agree("files", {{"read", "2"}, {"write", "3"}});
  EXPECT_EQ(pins.of("files"), (Digests{{"", "program"}, {"read", "2"}, {"write", "3"}}));
}

TEST(ServerPins, what_is_forgotten_has_to_be_agreed_to_again) {
  store::StateDb db(store::open_test_state());
  ServerPins pins(db);
  pins.agree("files", {{"", "program"}, {"read", "1"}, {"write", "2"}});
  pins.agree("weather", {{"read", "3"}});
  pins.forget("files", {"read", "not there"});
  EXPECT_EQ(pins.of("files"), (Digests{{"", "program"}, {"write", "2"}}));
  EXPECT_EQ(pins.of("weather"), (Digests{{"read", "3"}}));
}

TEST(ServerPins, any_name_is_a_name) {
  store::StateDb db(store::open_test_state());
  ServerPins pins(db);
  const std::string odd = "x'; DROP TABLE mcp_pins; --";
  pins.agree("files", {{odd, "1"}, {"%", "2"}, {"é", "3"}});
  EXPECT_EQ(pins.of("files"), (Digests{{odd, "1"}, {"%", "2"}, {"é", "3"}}));
}

TEST(ServerPins, stay_in_the_state_folder) {
  const purchase::TemporaryFolder folder;
  const auto file = folder.path() / "state.db";
  {
    store::StateDb db(store::open_test_state(file));
    ServerPins(db).agree("files", {{"read", "1"}});
  }
  store::StateDb db(store::open_test_state(file));
  EXPECT_EQ(ServerPins(db).of("files"), (Digests{{"read", "1"}}));
}

}  // namespace
}  // namespace cartpilot::app
