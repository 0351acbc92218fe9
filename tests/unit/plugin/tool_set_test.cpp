#include <gmock/gmock.h>

#include "plugin/runtime/tool_set_proxy.h"
#include "plugin_testing.h"

namespace cartpilot::plugin {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using testing::FakeContext;
using testing::FakeTransport;
using ::testing::HasSubstr;
using testing::is_loaded;
using ::testing::IsEmpty;
using testing::only;
using testing::TemporaryDirectory;

class PluginTools : public ::testing::Test {
 protected:
  TemporaryDirectory directory_;
  FakeTransport transport_;
};

TEST_F(PluginTools, are_listed_and_called_as_the_plugin_wrote_them) {
  directory_.place("toolbox", "toolbox");
  PluginHost host(only({directory_.path()}), transport_);
  const auto sets = host.make_tool_sets({{"TOOLBOX_UNIT", "mm"}, {"SECRET", "x"}});
  ASSERT_EQ(sets.size(), 1U);
  EXPECT_EQ(sets[0].name, "toolbox");
  EXPECT_EQ(list_to_json(sets[0].tools->list(), tool_spec_to_json), parse_json(R"([
    {"name":"measure","description":"Length of a text",
     "parameters":{"type":"object","properties":{"text":{"type":"string"}}},"effect":"read"},
    {"name":"pay","description":"Spends","parameters":{"type":"object"},"effect":"money"}])"));
  EXPECT_EQ(outcome_to_json(sets[0].tools->call("measure", {{"text", "abc"}}, CallContext())),
            parse_json(R"({"ok":true,"content":{"length":3,"unit":"mm"}})"));
  EXPECT_EQ(outcome_to_json(sets[0].tools->call("fly", Json::object(), CallContext())),
            parse_json(R"({"ok":false,"content":{"error":true,"error_code":"unknown_tool",
                           "message":"there is no tool fly"}})"));
  EXPECT_EQ(
      error_of([&] { sets[0].tools->call("measure", Json::object(), FakeContext(true)); })["code"],
      "cancelled");
}

TEST_F(PluginTools, do_not_load_plugins_that_offer_only_providers) {
  const auto parrot = directory_.place("parrot", "parrot");
  directory_.place("toolbox", "toolbox");
  PluginHost host(only({directory_.path()}), transport_);
  EXPECT_EQ(host.make_tool_sets({}).size(), 1U);
  EXPECT_FALSE(is_loaded(parrot));
}

TEST_F(PluginTools, that_cannot_be_made_are_a_notice_once) {
  directory_.place("toolbox", "toolbox");
  PluginHost host(only({directory_.path()}), transport_);
  EXPECT_THAT(host.make_tool_sets({{"TOOLBOX_UNIT", "broken"}}), IsEmpty());
  EXPECT_THAT(host.make_tool_sets({{"TOOLBOX_UNIT", "broken"}}), IsEmpty());
  EXPECT_THAT(host.notices(),
              ElementsAre("the tools of plugin toolbox are missing: TOOLBOX_UNIT is broken"));
}

TEST_F(PluginTools, of_a_refused_file_are_a_notice_and_broken_files_that_offer_nothing_are_not) {
  directory_.write("cartpilot-broken.so", "mentions cartpilot.toolset/1 but is a text");
  const auto toolbox = directory_.place("toolbox", "toolbox");
  std::filesystem::permissions(toolbox, std::filesystem::perms(0666));
  PluginHost host(only({directory_.path()}), transport_);
  EXPECT_THAT(host.make_tool_sets({}), IsEmpty());
  EXPECT_THAT(host.notices(), ElementsAre(HasSubstr("plugin refused (CP-P26)")));
  EXPECT_FALSE(is_loaded(toolbox));
}

TEST_F(PluginTools, may_write_to_the_log_of_the_host) {
  directory_.place("toolbox", "toolbox");
  std::vector<std::string> lines;
  PluginHost host(only({directory_.path()}), transport_,
                  [&](int level, std::string_view source, std::string_view line) {
                    lines.push_back(std::to_string(level) + " " + std::string(source) + ": " +
                                    std::string(line));
                  });
  host.make_tool_sets({});
  EXPECT_THAT(lines, ElementsAre("1 toolbox: the toolbox is open"));
}

}  // namespace
}  // namespace cartpilot::plugin
