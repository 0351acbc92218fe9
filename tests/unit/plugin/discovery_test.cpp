#include "plugin/host/discovery.h"

#include <gmock/gmock.h>

#include "plugin_testing.h"

namespace cartpilot::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::only;
using testing::TemporaryDirectory;

std::vector<std::string> files(const Discovery& discovery) {
  std::vector<std::string> result;
  for (const Candidate& candidate : discovery.candidates) result.push_back(candidate.file);
  return result;
}

std::vector<std::string> stems(const Discovery& discovery) {
  std::vector<std::string> result;
  for (const Candidate& candidate : discovery.candidates) result.push_back(candidate.stem);
  return result;
}

TEST(Discovery, follows_the_documented_order) {
  const TemporaryDirectory root;
  SearchOptions search;
  search.files = {root.write("cartpilot-1.so", "1")};
  search.directories = {root.write("two/cartpilot-2.so", "2").parent_path()};
  search.environment_path = root.write("three/cartpilot-3.so", "3").parent_path().string() + ":" +
                            root.write("four/cartpilot-4.so", "4").parent_path().string();
  search.configured = {root.write("five/cartpilot-5.so", "5").parent_path()};
  Surroundings around;
  around.data_home = root / "data";
  around.program_directory = root / "usr/bin";
  around.compiled_directory = root.write("opt/cartpilot-9.so", "9").parent_path();
  root.write("data/cartpilot/plugins/cartpilot-6.so", "6");
  root.write("usr/lib/cartpilot/plugins/cartpilot-7.so", "7");
  root.write("usr/lib64/cartpilot/plugins/cartpilot-8.so", "8");
  const Discovery discovery = discover(search, around);
  EXPECT_THAT(stems(discovery), ElementsAre("1", "2", "3", "4", "5", "6", "7", "8", "9"));
  EXPECT_THAT(discovery.notices, IsEmpty());
}

TEST(Discovery, falls_back_to_the_home_directory) {
  const TemporaryDirectory root;
  Surroundings around;
  around.home = root.path();
  around.data_home = "relative/is/ignored";
  root.write(".local/share/cartpilot/plugins/cartpilot-6.so", "6");
  EXPECT_THAT(stems(discover({}, around)), ElementsAre("6"));
}

TEST(Discovery, takes_one_level_of_matching_names_sorted_bytewise) {
  const TemporaryDirectory root;
  for (const char* name :
       {"cartpilot-b.so", "cartpilot-B.so", "cartpilot-a.so", "cartpilot-.so", "libcartpilot-c.so",
        "cartpilot-d.so.1", ".cartpilot-e.so", "deeper/cartpilot-f.so", "readme"}) {
    root.write(name, name);
  }
  EXPECT_THAT(stems(discover(only({root.path()}), {})), ElementsAre("B", "a", "b"));
}

TEST(Discovery, ignores_relative_and_empty_entries_with_a_notice) {
  const TemporaryDirectory root;
  SearchOptions search = only({});
  search.environment_path = ":./here:" + root.path().string();
  search.configured = {"there"};
  root.write("cartpilot-a.so", "a");
  const Discovery discovery = discover(search, {});
  EXPECT_THAT(stems(discovery), ElementsAre("a"));
  EXPECT_THAT(discovery.notices,
              ElementsAre(HasSubstr("an empty entry in CARTPILOT_PLUGIN_PATH"),
                          HasSubstr("the relative entry \"./here\" in CARTPILOT_PLUGIN_PATH"),
                          HasSubstr("the relative entry \"there\" in plugins.paths")));
}

TEST(Discovery, says_why_a_directory_is_skipped_but_only_when_somebody_asked_for_it) {
  const TemporaryDirectory root;
  Surroundings around;
  around.compiled_directory = root / "nowhere";
  SearchOptions search;
  search.directories = {root / "absent", root.write("file", "x")};
  search.directories_from = "--plugin-path";
  EXPECT_THAT(discover(search, around).notices,
              ElementsAre(HasSubstr("absent from --plugin-path is skipped: No such file"),
                          HasSubstr("file from --plugin-path is skipped: not a directory")));
}

TEST(Discovery, knows_which_files_came_with_the_program) {
  const TemporaryDirectory root;
  root.write("a/cartpilot-x.so", "1");
  root.write("b/cartpilot-x.so", "2");
  Surroundings around;
  around.compiled_directory = root / "b";
  SearchOptions search = only({root / "a"});
  search.standard_places = true;
  const Discovery discovery = discover(search, around);
  ASSERT_EQ(discovery.candidates.size(), 2U);
  EXPECT_FALSE(discovery.candidates[0].built_in);
  EXPECT_TRUE(discovery.candidates[1].built_in);
}

TEST(Discovery, broken_links_stay_visible) {
  const TemporaryDirectory root;
  std::filesystem::create_symlink(root / "gone", root / "cartpilot-x.so");
  EXPECT_THAT(stems(discover(only({root.path()}), {})), ElementsAre("x"));
}

TEST(Discovery, named_files_need_no_pattern_and_may_be_relative) {
  const TemporaryDirectory root;
  root.write("mine.so", "m");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(root.path());
  const Discovery discovery = discover(testing::only_files({"./mine.so"}), {});
  std::filesystem::current_path(before);
  EXPECT_THAT(files(discovery), ElementsAre((root / "mine.so").string()));
  EXPECT_THAT(stems(discovery), ElementsAre("mine"));
}

TEST(Discovery, the_allow_list_leaves_out_the_others_but_not_named_files) {
  const TemporaryDirectory root;
  root.write("cartpilot-a.so", "a");
  root.write("cartpilot-b.so", "b");
  const auto allowed = [&](const std::string& list) {
    SearchOptions search = only({root.path()});
    search.files = {root.write("other/cartpilot-c.so", "c")};
    search.environment_allow = list;
    std::vector<std::string> names;
    for (const Candidate& candidate : discover(search, {}).candidates) {
      if (candidate.allowed) names.push_back(candidate.stem);
    }
    return names;
  };
  EXPECT_THAT(allowed(""), ElementsAre("c", "a", "b"));
  EXPECT_THAT(allowed("b,unknown"), ElementsAre("c", "b"));
  EXPECT_THAT(allowed("none"), ElementsAre("c"));
}

TEST(Discovery, finds_nothing_when_plugins_are_off) {
  const TemporaryDirectory root;
  root.write("cartpilot-a.so", "a");
  SearchOptions search = only({root.path()});
  search.enabled = false;
  EXPECT_THAT(files(discover(search, {})), IsEmpty());
}

TEST(Discovery, with_another_users_rights_the_environment_is_ignored) {
  const TemporaryDirectory root;
  root.write("env/cartpilot-a.so", "a");
  root.write("data/cartpilot/plugins/cartpilot-b.so", "b");
  root.write("opt/cartpilot-c.so", "c");
  SearchOptions search;
  search.environment_path = root / "env";
  search.environment_allow = "a";
  Surroundings around;
  around.secure = true;
  around.data_home = root / "data";
  around.home = root.path();
  around.compiled_directory = root / "opt";
  const Discovery discovery = discover(search, around);
  EXPECT_THAT(stems(discovery), ElementsAre("c"));
  EXPECT_TRUE(discovery.candidates[0].allowed);
  EXPECT_THAT(discovery.notices, ElementsAre(HasSubstr("CARTPILOT_PLUGIN_PATH is ignored")));
}

TEST(Discovery, the_process_knows_where_its_program_and_its_package_lie) {
  const Surroundings around = Surroundings::of_process();
  EXPECT_TRUE(std::filesystem::exists(around.program_directory / "cartpilot_plugin_tests"));
  EXPECT_TRUE(around.compiled_directory.is_absolute());
  EXPECT_FALSE(around.secure);
}

TEST(Discovery, a_crowded_directory_is_cut_off_with_a_notice) {
  const TemporaryDirectory root;
  for (int i = 0; i < 1005; ++i) root.write("cartpilot-" + std::to_string(i) + ".so", "x");
  const Discovery discovery = discover(only({root.path()}), {});
  EXPECT_EQ(discovery.candidates.size(), 1000U);
  EXPECT_THAT(discovery.notices, ElementsAre(HasSubstr("more than 1000 plugins")));
}

}  // namespace
}  // namespace cartpilot::plugin
