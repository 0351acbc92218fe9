#include "plugin/file/file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "plugin_testing.h"

namespace cartpilot::plugin {
namespace {

using ::testing::HasSubstr;
using testing::zoo;

TEST(PluginFile, a_plugin_has_no_objection_an_identity_and_a_manifest) {
  FileFacts facts;
  const Refusal refusal = examine_file(zoo("rogue"), facts);
  const FileIdentity& identity = facts.identity;
  EXPECT_EQ(refusal.code, "") << refusal.why;
  EXPECT_THAT(facts.manifest, HasSubstr("\"id\":\"rogue\""));
  struct stat status {};
  ASSERT_EQ(::stat(zoo("rogue").c_str(), &status), 0);
  EXPECT_EQ(identity.inode, status.st_ino);
  EXPECT_EQ(identity.device, status.st_dev);
}

}  // namespace
}  // namespace cartpilot::plugin
