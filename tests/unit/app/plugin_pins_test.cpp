#include "app/plugin_pins.h"
#include "fakes/store/test_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace cartpilot::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FixedTools final : public ToolSet {
 public:
  explicit FixedTools(std::vector<ToolSpec> specs) : specs_(std::move(specs)) {}
  std::vector<ToolSpec> list() const override { return specs_; }
  ToolOutcome call(const std::string&, const Json&, const CallContext&) override {
    return tool_error("UNUSED", "no");
  }

 private:
  const std::vector<ToolSpec> specs_;
};

ToolSpec function(const std::string& name, const std::string& description = "Says it.") {
  return {name, description, {{"type", "object"}}, EffectClass::kRead};
}

class PluginPinsTest : public testing::Test {
 protected:
  std::vector<std::string> offered(const std::string& plugin, std::vector<ToolSpec> specs) {
    std::vector<plugin::PluginHost::NamedToolSet> sets;
    sets.push_back({"tools", plugin, std::make_unique<FixedTools>(std::move(specs))});
    return changed_functions(sets, state_);
  }

  store::StateDb state_{store::open_test_state()};
};

TEST_F(PluginPinsTest, says_nothing_of_a_plugin_seen_first_or_unchanged) {
  EXPECT_THAT(offered("acme", {function("look")}), IsEmpty());
  EXPECT_THAT(offered("acme", {function("look")}), IsEmpty());
  EXPECT_THAT(offered("other", {function("look", "Another.")}), IsEmpty());
}

TEST_F(PluginPinsTest, says_once_which_part_of_which_function_changed) {
  offered("acme", {function("look"), function("find")});
  ToolSpec dearer = function("find", "Buys it.");
  dearer.effect = EffectClass::kMoney;
  EXPECT_THAT(
      offered("acme", {function("look"), dearer}),
      ElementsAre(HasSubstr("plugin acme changed since they were last used: find has another "
                            "description and effect;")));
  EXPECT_THAT(offered("acme", {function("look"), dearer}), IsEmpty());
  ToolSpec wider = dearer;
  wider.parameters["properties"] = {{"n", {{"type", "integer"}}}};
  EXPECT_THAT(offered("acme", {function("look"), wider}),
              ElementsAre(HasSubstr("find has another parameters")));
}

TEST_F(PluginPinsTest, says_what_is_new_and_what_is_gone) {
  offered("acme", {function("look")});
  EXPECT_THAT(offered("acme", {function("find")}),
              ElementsAre(HasSubstr("used: find is new, look is gone;")));
  EXPECT_THAT(offered("acme", {function("find")}), IsEmpty());
  EXPECT_THAT(offered("acme", {function("find"), function("look")}),
              ElementsAre(HasSubstr("used: look is new;")));
}

}  // namespace
}  // namespace cartpilot::app
