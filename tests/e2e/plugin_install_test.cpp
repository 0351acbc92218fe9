// plugin install, info and remove, the way a person uses them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "e2e/program.h"

namespace cartpilot::e2e {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class PluginInstall : public testing::Test {
 protected:
  std::filesystem::path folder() const { return home_.path() / "data" / "cartpilot" / "plugins"; }
  std::vector<std::string> installed() const {
    std::vector<std::string> names;
    if (!std::filesystem::exists(folder())) return names;
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  Result cartpilot(const std::vector<std::string>& words) const {
    return run(home_, words, "", environment_);
  }

  const Home home_;
  const Environment environment_ = {{"XDG_DATA_HOME", (home_.path() / "data").string()}};
};

TEST_F(PluginInstall, copies_a_good_file_and_keeps_the_one_it_replaces) {
  Result result = cartpilot({"plugin", "install", CARTPILOT_CANARY_PLUGIN, "--yes"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("installed canary 1.0.0"));
  EXPECT_THAT(result.err, AllOf(HasSubstr("tools: canary"), HasSubstr("CANARY_KEY"),
                                HasSubstr("your full rights"), Not(HasSubstr("replaces"))));
  EXPECT_THAT(installed(), testing::ElementsAre("cartpilot-canary.so"));
  EXPECT_THAT(cartpilot({"tools", "list"}).out, HasSubstr("canary_tell"));

  result = cartpilot({"plugin", "install", CARTPILOT_CANARY_PLUGIN, "--yes"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("replaces version 1.0.0, which is kept as"));
  EXPECT_THAT(installed(), testing::ElementsAre("cartpilot-canary.so", "cartpilot-canary.so.old"));

  result = cartpilot({"plugin", "remove", "canary", "--yes"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(installed(), testing::IsEmpty());
  EXPECT_THAT(cartpilot({"tools", "list"}).out, Not(HasSubstr("canary_tell")));
}

TEST_F(PluginInstall, makes_a_folder_that_only_the_person_can_write_whatever_the_umask) {
  const mode_t before = ::umask(S_IWOTH);  // as distributions have it that give each person a group
  const Result result = cartpilot({"plugin", "install", CARTPILOT_CANARY_PLUGIN, "--yes"});
  ::umask(before);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(cartpilot({"tools", "list"}).out, HasSubstr("canary_tell"));
}

TEST_F(PluginInstall, leaves_nothing_of_a_file_that_is_refused) {
  const std::filesystem::path wrong = home_.path() / "cartpilot-wrong.so";
  std::ofstream(wrong) << "no plugin";
  const Result result = cartpilot({"plugin", "install", wrong.string(), "--yes"});
  EXPECT_EQ(result.exit_code, 3) << result.out;
  EXPECT_THAT(result.err, AllOf(HasSubstr(wrong.string() + ": CP-P"), Not(HasSubstr(".install-"))));
  EXPECT_THAT(installed(), testing::IsEmpty());
  EXPECT_EQ(cartpilot({"plugin", "install", "/no/such.so", "--yes"}).exit_code, 3);
  EXPECT_EQ(cartpilot({"plugin", "install", home_.path().string(), "--yes"}).exit_code, 1);
  EXPECT_THAT(installed(), testing::IsEmpty());
}

TEST_F(PluginInstall, asks_and_takes_only_the_key_y) {
  Result result = cartpilot({"plugin", "install", CARTPILOT_CANARY_PLUGIN});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("pass --yes"));
  EXPECT_THAT(installed(), testing::IsEmpty());
  for (const auto& [answer, code] :
       std::vector<std::pair<std::string, int>>{{"\n", 1}, {"n", 1}, {"x", 1}, {"y", 0}}) {
    Program program(home_, {"plugin", "install", CARTPILOT_CANARY_PLUGIN}, environment_, true);
    program.wait_for("any other key does not.");
    program.write(answer);
    EXPECT_EQ(program.finish().exit_code, code) << answer;
    EXPECT_EQ(installed().size(), code == 0 ? 1U : 0U) << answer;
  }
}

TEST_F(PluginInstall, warns_before_a_built_in_is_replaced_and_never_removes_one) {
  Result result = cartpilot({"plugin", "install", CARTPILOT_OFFLINE_PLUGIN, "--yes"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("WARNING: it takes the place of offline"));
  result = cartpilot({"plugin", "remove", "offline", "--yes"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("offline is now "));
  result = cartpilot({"plugin", "remove", "offline", "--yes"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("so it stays"));
  EXPECT_TRUE(std::filesystem::exists(CARTPILOT_OFFLINE_PLUGIN));
  EXPECT_EQ(cartpilot({"plugin", "remove", "nothing", "--yes"}).exit_code, 3);
}

TEST_F(PluginInstall, info_tells_model_options_functions_and_abi) {
  Result result = cartpilot({"plugin", "info", "gemini"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("model        gemini-"), HasSubstr("options      allowed-functions"),
                    HasSubstr("ABI          epoch 1")));
  result = cartpilot({"plugin", "info", "canary", "--plugin", CARTPILOT_CANARY_PLUGIN});
  EXPECT_THAT(result.out, HasSubstr("function     canary_tell (read): Tells"));
  const Json json = parse_json(
      cartpilot({"plugin", "info", "canary", "--json", "--plugin", CARTPILOT_CANARY_PLUGIN}).out,
      "info");
  EXPECT_EQ(json.at("functions").at(0).at("name"), "canary_tell");
  EXPECT_EQ(json.at("abi").at("epoch"), 1);
}

}  // namespace
}  // namespace cartpilot::e2e
