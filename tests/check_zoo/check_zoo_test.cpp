// Every check of `cartpilot plugin check` fails for exactly one plugin of the zoo, and that plugin
// passes all others; the good ones pass everything. Through the real program.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "cartpilot/json.h"
#include "cartpilot/testing/plugin_check.h"
#include "cartpilot/testing/run_cli.h"

namespace cartpilot::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::filesystem::path kZoo = CARTPILOT_CHECK_ZOO;

std::filesystem::path animal(const std::string& id) { return kZoo / ("cartpilot-" + id + ".so"); }

CliResult check(const std::filesystem::path& file, std::vector<std::string> flags = {}) {
  std::vector<std::string> words = {"plugin", "check", file.string()};
  words.insert(words.end(), flags.begin(), flags.end());
  return run_cli(words);
}

/// "id: outcome: message" of the checks that neither passed nor were skipped.
std::vector<std::string> complaints(const Json& report) {
  std::vector<std::string> list;
  for (const Json& result : report.at("checks")) {
    const std::string outcome = string_or(result, "outcome");
    if (outcome == "pass" || outcome == "skip") continue;
    list.push_back(string_or(result, "id") + ": " + outcome + ": " + string_or(result, "message"));
  }
  return list;
}

std::vector<std::string> all_ids() {
  std::vector<std::string> ids;
  for (const CheckInfo& info : list_checks()) ids.push_back(info.id);
  return ids;
}

class CheckZoo : public ::testing::TestWithParam<std::string> {};

TEST_P(CheckZoo, fails_this_check_and_no_other) {
  const std::string id = GetParam();
  ASSERT_TRUE(std::filesystem::exists(animal(id))) << "no wrong plugin for this check";
  const CliResult result = check(animal(id), {"--json", "--deadline", "10"});
  const Json report = parse_json(result.out, "report");
  EXPECT_THAT(complaints(report), ElementsAre(HasSubstr(id + ": ")));
  const std::set<std::string> warnings = {"needed-allowlist", "gnu-unique-count", "size",
                                          "load-time-100ms"};
  EXPECT_EQ(result.exit_code, warnings.count(id) != 0 ? 0 : 1);
}

INSTANTIATE_TEST_SUITE_P(Checks, CheckZoo, ::testing::ValuesIn(all_ids()), [](const auto& chosen) {
  std::string name = chosen.param;
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
});

class GoodPlugins : public ::testing::TestWithParam<const char*> {};

TEST_P(GoodPlugins, pass_every_check) {
  const CliResult result = check(GetParam(), {"--json"});
  EXPECT_THAT(complaints(parse_json(result.out, "report")), IsEmpty());
  EXPECT_EQ(result.exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(Shipped, GoodPlugins,
                         ::testing::Values(CARTPILOT_PLUGINS_BUILT "/cartpilot-gemini.so",
                                           CARTPILOT_PLUGINS_BUILT "/cartpilot-openai.so",
                                           CARTPILOT_PLUGINS_BUILT "/cartpilot-offline.so",
                                           CARTPILOT_CHECK_ZOO "/cartpilot-nothing.so",
                                           CARTPILOT_CHECK_ZOO "/cartpilot-no-wrong-vendor.so"),
                         [](const auto& chosen) {
                           const std::string file = std::filesystem::path(chosen.param).stem();
                           std::string name = file.substr(file.find('-') + 1);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(PluginCheck, skips_nothing_that_a_provider_behind_http_can_be_asked) {
  const Json report = parse_json(check(animal("no-wrong-vendor"), {"--json"}).out, "report");
  for (const Json& result : report.at("checks")) {
    const std::string id = string_or(result, "id");
    const bool for_tools = id.rfind("tool-", 0) == 0 || id.rfind("call-", 0) == 0;
    if ((for_tools && id != "tool-call" && id != "call-handed-on") || id == "fuzz-calls") continue;
    EXPECT_EQ(string_or(result, "outcome"), "pass") << id << ": " << string_or(result, "message");
  }
}

TEST(PluginCheck, writes_junit_that_counts_what_failed) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("junit-" + std::to_string(::getpid()) + ".xml");
  const CliResult result = check(animal("tool-names"), {"--junit", file.string()});
  EXPECT_THAT(result.out, HasSubstr("1 failed"));
  const CliResult text = run_cli("cat", {file.string()});
  std::filesystem::remove(file);
  EXPECT_THAT(text.out,
              HasSubstr("tests=\"" + std::to_string(all_ids().size()) + "\" failures=\"1\""));
  EXPECT_THAT(text.out, HasSubstr("name=\"tool-names\""));
}

TEST(PluginCheck, runs_one_check_alone_with_a_seed) {
  const CliResult result =
      check(animal("fuzz-calls"), {"--only", "fuzz-calls", "--seed", "3", "--json"});
  const Json report = parse_json(result.out, "report");
  EXPECT_EQ(report.at("seed"), 3);
  EXPECT_THAT(complaints(report), ElementsAre(HasSubstr("fuzz-calls: crash")));
}

TEST(PluginCheck, refuses_unknown_checks_and_missing_files_with_their_exit_codes) {
  EXPECT_EQ(check(animal("nothing"), {"--only", "no-such-check"}).exit_code, 2);
  EXPECT_EQ(check("/no/such/cartpilot-x.so").exit_code, 3);
  EXPECT_EQ(run_cli({"plugin", "check"}).exit_code, 2);
}

TEST(PluginCheck, ends_a_check_at_its_deadline_and_names_it) {
  CheckOptions options;
  options.only = {"load-time-100ms"};
  options.deadline_ms = 1;  // the animal sleeps longer while it is loaded
  const std::vector<CheckResult> results = run_checks(animal("load-time-100ms").string(), options);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].outcome, CheckOutcome::kTimeout);
}

}  // namespace
}  // namespace cartpilot::testing
