// Which rules of the settings file count in a run, and which files are not obeyed.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "cartpilot/error.h"
#include "cli/file_permission.h"
#include "temporary_folder.h"

namespace cartpilot::purchase {
namespace {

using host::Arguments;
using host::FilePermission;
using host::with_file_permission;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kTwo = R"([[purchases.rules]]
name = "small"
action = "allow"
up_to = "15:USD"
merchants = ["merchant-a"]
per_day = 2
[[purchases.rules]]
name = "none"
action = "deny"
)";

class RulesFile : public testing::Test {
 protected:
  void write(const std::string& text, mode_t mode = 0600) {
    std::ofstream(file()) << text;
    ::chmod(file().c_str(), mode);
  }
  std::string file() const { return (folder_.path() / "config.toml").string(); }
  FilePermission read(const std::string& approve = "", const std::string& command = "chat",
                      const std::string& profile = "") const {
    Arguments arguments;
    arguments.command = command;
    arguments.config_file = file();
    arguments.approve = approve;
    arguments.profile = profile;
    return with_file_permission(arguments);
  }
  std::string refusal() const {
    try {
      read();
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
      return error.what();
    }
    return "accepted";
  }

  const TemporaryFolder folder_;
};

TEST_F(RulesFile, counts_in_every_command_that_may_buy) {
  write(kTwo);
  for (const char* command : {"chat", "tools call", "tools handle", "mcp"}) {
    const FilePermission permission = read("", command);
    ASSERT_THAT(permission.rules.rules, SizeIs(2)) << command;
    EXPECT_FALSE(permission.rules.deny_only);
    EXPECT_EQ(permission.rules.file, file());
    EXPECT_EQ(permission.announcement,
              "purchases, from " + file() + ": rules small (allow), none (deny)");
  }
  EXPECT_THAT(read("", "sessions list").rules.rules, IsEmpty());
}

TEST_F(RulesFile, that_others_can_write_is_refused_with_one_line) {
  for (const mode_t mode : {0620, 0602, 0666}) {
    write(kTwo, mode);
    EXPECT_THAT(refusal(), AllOf(HasSubstr("config.toml, line 1: [purchases] is obeyed only where "
                                           "nobody else can write"),
                                 HasSubstr("chmod go-w")));
  }
  write("[purchases]\nlimit_day = '1:USD'\n", 0666);
  EXPECT_THAT(refusal(), HasSubstr("line 2: [purchases] is obeyed only"));
}

TEST_F(RulesFile, only_denies_beside_a_word_of_the_command_line_or_never) {
  write(kTwo);
  for (const char* approve : {"ask", "never", "up-to:5:USD"}) {
    const FilePermission permission = read(approve);
    EXPECT_TRUE(permission.rules.deny_only) << approve;
    EXPECT_EQ(permission.announcement, "purchases, from " + file() + ": rules none (deny)");
  }
  write(std::string("[purchases]\napprove = 'ask'\n") + kTwo);
  EXPECT_FALSE(read().rules.deny_only);
  write(std::string("[purchases]\napprove = 'never'\n") + kTwo);
  EXPECT_TRUE(read().rules.deny_only);
}

TEST_F(RulesFile, is_no_place_for_two_permissions) {
  write(std::string("[purchases]\napprove = 'up-to:5:USD'\nmerchants = ['a']\n") + kTwo);
  EXPECT_THAT(refusal(), HasSubstr("line 2: rules stand beside approve = \"ask\" only"));
  EXPECT_TRUE(read("ask").rules.deny_only);
}

TEST_F(RulesFile, holds_in_every_profile_and_takes_none_from_one) {
  write(std::string(kTwo) + "[profiles.w]\nprovider = 'x'\n");
  EXPECT_THAT(read("", "chat", "w").rules.rules, SizeIs(2));
  write("[[profiles.w.purchases.rules]]\nname = 'x'\naction = 'deny'\n");
  EXPECT_THAT(refusal(), HasSubstr("rules hold in every profile; they stand outside of it"));
}

}  // namespace
}  // namespace cartpilot::purchase
