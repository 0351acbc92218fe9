#include "plugin/file/manifest.h"

#include <gmock/gmock.h>

#include "cartpilot/error.h"
#include "cartpilot/plugin.h"

namespace cartpilot::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kMacroText[] = CARTPILOT_MANIFEST("acme", "1.2.3", R"(["ACME_KEY","ACME_URL"])",
                                                 CP_TOOLSET, "\"concurrent\":true,");

std::string complaint(const std::string& text) {
  try {
    parse_manifest(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(PluginManifest, reads_what_the_macro_writes) {
  const PluginManifest manifest = parse_manifest(kMacroText);
  EXPECT_EQ(manifest.id, "acme");
  EXPECT_EQ(manifest.version, "1.2.3");
  EXPECT_EQ(manifest.epoch, 1);
  EXPECT_EQ(manifest.min_revision, 0);
  EXPECT_THAT(manifest.providers, IsEmpty());
  EXPECT_THAT(manifest.tool_sets, ElementsAre("acme"));
  EXPECT_THAT(manifest.environment, ElementsAre("ACME_KEY", "ACME_URL"));
  EXPECT_TRUE(manifest.concurrent);
}

TEST(PluginManifest, ignores_members_and_interfaces_of_the_future) {
  const PluginManifest manifest =
      parse_manifest(R"({"id":"aa","version":"1","abi":{"epoch":1,"new":2},"colour":"red",)"
                     R"("provides":[{"interface":"cartpilot.oracle/1","factories":7},)"
                     R"({"interface":"cartpilot.provider/1","factories":["aa","aa","bb"]}]})");
  EXPECT_THAT(manifest.providers, ElementsAre("aa", "bb"));
  EXPECT_FALSE(manifest.concurrent);
}

TEST(PluginManifest, tells_keys_from_other_variables) {
  const PluginManifest manifest =
      parse_manifest(R"({"id":"aa","version":"1","abi":{"epoch":1},"env":["A_KEY",)"
                     R"({"name":"A_URL","secret":false},{"name":"B_KEY","secret":true},)"
                     R"({"name":"C_KEY"},{"name":"A_KEY","secret":false}]})");
  EXPECT_THAT(manifest.environment, ElementsAre("A_KEY", "A_URL", "B_KEY", "C_KEY"));
  EXPECT_THAT(manifest.secrets, ElementsAre("A_KEY", "B_KEY", "C_KEY"));
}

TEST(PluginManifest, says_what_is_wrong) {
  const std::string head = R"({"id":"aa","version":"1","abi":{"epoch":1})";
  EXPECT_THAT(complaint("nonsense"), HasSubstr("not valid JSON"));
  EXPECT_THAT(complaint("[]"), HasSubstr("manifest must be a JSON object"));
  EXPECT_THAT(complaint(R"({"id":"aa","id":"bb","version":"1"})"),
              HasSubstr("\"id\" occurs twice"));
  EXPECT_THAT(complaint(R"({"version":"1"})"), HasSubstr("manifest.id must be present"));
  EXPECT_THAT(complaint(R"({"id":"../x","version":"1"})"), HasSubstr("no plugin id"));
  EXPECT_THAT(complaint(R"({"id":"aa","version":"\u001b[31m"})"), HasSubstr("no version"));
  EXPECT_THAT(complaint(R"({"id":"aa","version":"1"})"), HasSubstr("manifest.abi is missing"));
  EXPECT_THAT(complaint(head + R"(,"env":"KEY"})"), HasSubstr("manifest.env must be a JSON array"));
  EXPECT_THAT(complaint(head + R"(,"env":["A=B"]})"), HasSubstr("impossible name \"A=B\""));
  EXPECT_THAT(complaint(head + R"(,"env":[{"secret":false}]})"), HasSubstr("impossible name"));
  EXPECT_THAT(complaint(head + R"(,"env":[{"name":"A","secret":"no"}]})"),
              HasSubstr("manifest.env[].secret must be"));
  EXPECT_THAT(complaint(head + R"(,"schema":2})"), HasSubstr("manifest.schema is not 1"));
  EXPECT_THAT(complaint(head + R"(,"concurrent":"yes"})"), HasSubstr("true or false"));
}

TEST(PluginManifest, is_bounded_in_size_and_depth) {
  EXPECT_THAT(complaint(std::string(70'000, ' ')), HasSubstr("64 KiB"));
  EXPECT_THAT(complaint(std::string(60'000, '[')), HasSubstr("deeper than 64"));
}

TEST(PluginManifest, control_bytes_of_a_stranger_do_not_reach_the_message) {
  const std::string text = complaint(R"({"id":"\u001b]0;boo\u0007","version":"1"})");
  EXPECT_THAT(text, HasSubstr("no plugin id"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace cartpilot::plugin
