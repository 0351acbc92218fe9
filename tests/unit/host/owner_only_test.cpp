#include "cli/owner_only.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fstream>

namespace cartpilot::host {
namespace {

using testing::HasSubstr;

class OwnerOnly : public testing::Test {
 protected:
  OwnerOnly() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "cartpilot-own-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(file().parent_path());
    ::chmod(file().parent_path().c_str(), 0700);
    std::ofstream(file()) << "x";
    ::chmod(file().c_str(), 0600);
  }
  ~OwnerOnly() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path file() const { return folder_ / "inner" / "config.toml"; }
  std::string why() const { return why_not_owner_only(file()); }

  std::filesystem::path folder_;
};

TEST_F(OwnerOnly, holds_for_a_private_file_in_private_folders) { EXPECT_EQ(why(), ""); }

TEST_F(OwnerOnly, fails_when_group_or_others_may_write_the_file_or_a_folder_above_it) {
  for (const mode_t mode : {0620, 0602, 0666}) {
    ::chmod(file().c_str(), mode);
    EXPECT_THAT(why(), HasSubstr("config.toml can be written by others")) << mode;
  }
  ::chmod(file().c_str(), 0600);
  for (const std::filesystem::path& folder : {folder_, folder_ / "inner"}) {
    for (const mode_t mode : {0770, 0777}) {
      ::chmod(folder.c_str(), mode);
      EXPECT_THAT(why(), HasSubstr("can be written by others")) << folder << mode;
    }
    ::chmod(folder.c_str(), 0700);
  }
}

TEST_F(OwnerOnly, fails_for_links_in_any_part_of_the_path) {
  std::filesystem::rename(file(), folder_ / "real");
  std::filesystem::create_symlink(folder_ / "real", file());
  EXPECT_THAT(why(), HasSubstr("is a symbolic link"));
  std::filesystem::create_directory_symlink(folder_ / "inner", folder_ / "link");
  EXPECT_THAT(why_not_owner_only(folder_ / "link" / "config.toml"),
              HasSubstr("link is a symbolic"));
  EXPECT_THAT(why_not_owner_only(folder_ / "inner" / ".." / "real"), HasSubstr("'..'"));
}

TEST_F(OwnerOnly, fails_for_another_owner) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(::chown(file().c_str(), 12345, 12345), 0);
  EXPECT_THAT(why(), HasSubstr("belongs to user 12345"));
}

TEST_F(OwnerOnly, fails_for_access_lists) {
  // Version 2: owner rw, user 12345 r, group -, mask r, others -.
  const unsigned char readers[] = {2, 0,  0,   0,   1,   0,   6,  0, 255, 255, 255, 255, 2,   0,  4,
                                   0, 57, 48,  0,   0,   4,   0,  0, 0,   255, 255, 255, 255, 16, 0,
                                   4, 0,  255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255};
  if (::setxattr(file().c_str(), "system.posix_acl_access", readers, sizeof readers, 0) != 0) {
    GTEST_SKIP() << "the temporary folder knows no access lists";
  }
  EXPECT_THAT(why(), HasSubstr("has an access list"));
}

TEST_F(OwnerOnly, fails_for_what_is_no_file_or_not_there) {
  EXPECT_THAT(why_not_owner_only(folder_), HasSubstr("is no regular file"));
  EXPECT_THAT(why_not_owner_only(folder_ / "none"), HasSubstr("cannot be looked at"));
}

}  // namespace
}  // namespace cartpilot::host
