#include "base/private_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>
#include <vector>

namespace cartpilot::base {
namespace {

namespace fs = std::filesystem;

struct PrivateFiles : testing::Test {
  PrivateFiles() {
    std::string name = (fs::temp_directory_path() / "cartpilot-private-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder = name;
  }
  ~PrivateFiles() override {
    ::umask(usual);
    fs::remove_all(folder);
  }
  static unsigned mode_of(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777U;
  }

  const mode_t usual = current_umask();
  fs::path folder;
};

TEST_F(PrivateFiles, have_their_mode_whatever_the_umask) {
  int number = 0;
  for (const mode_t mask : {0000, 0002, 0022, 0077, 0277, 0777}) {
    ::umask(mask);
    const fs::path made = folder / std::to_string(++number) / "a" / "b";
    EXPECT_FALSE(make_private_folder(made));
    EXPECT_EQ(mode_of(made), 0700U);
    EXPECT_EQ(mode_of(made.parent_path()), 0700U);
    const int descriptor = open_private_file(made / "file", O_RDWR | O_CREAT);
    ASSERT_GE(descriptor, 0);
    EXPECT_EQ(mode_of(made / "file"), 0600U);
    EXPECT_NE(::fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0);
    ::close(descriptor);
    EXPECT_EQ(current_umask(), mask);
  }
}

TEST_F(PrivateFiles, leave_what_is_there_but_take_others_off_an_own_folder) {
  const fs::path there = folder / "there";
  fs::create_directory(there);
  ::chmod(there.c_str(), 0755);
  EXPECT_FALSE(make_private_folder(there));
  EXPECT_EQ(mode_of(there), 0755U);
  EXPECT_FALSE(make_own_folder(there));
  EXPECT_EQ(mode_of(there), 0700U);
  EXPECT_FALSE(make_own_folder(folder / "new"));
  EXPECT_EQ(mode_of(folder / "new"), 0700U);

  std::ofstream(there / "file") << "x";
  ::chmod((there / "file").c_str(), 0640);
  const int descriptor = open_private_file(there / "file", O_RDWR | O_CREAT);
  EXPECT_GE(descriptor, 0);
  ::close(descriptor);
  EXPECT_EQ(mode_of(there / "file"), 0640U);
  EXPECT_EQ(open_private_file(there / "file", O_RDWR | O_CREAT | O_EXCL), -1);
}

TEST_F(PrivateFiles, are_no_links_and_no_folders_below_files) {
  fs::create_symlink("elsewhere", folder / "link");
  EXPECT_EQ(open_private_file(folder / "link", O_RDWR | O_CREAT), -1);
  EXPECT_FALSE(fs::exists(folder / "elsewhere"));
  std::ofstream(folder / "elsewhere") << "x";
  EXPECT_EQ(open_private_file(folder / "link", O_RDWR | O_CREAT), -1);
  std::ofstream(folder / "file") << "x";
  EXPECT_TRUE(make_private_folder(folder / "file"));
  EXPECT_TRUE(make_private_folder(folder / "file" / "below"));
}

TEST_F(PrivateFiles, read_the_umask_without_a_window_in_which_it_is_open) {
  ::umask(0027);
  bool stop = false;
  std::thread reader([&] {
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) EXPECT_EQ(current_umask(), 0027U);
  });
  for (int i = 0; i < 200; ++i) {
    const fs::path file = folder / std::to_string(i);
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    ASSERT_GE(descriptor, 0);
    ::close(descriptor);
    ASSERT_EQ(mode_of(file), 0640U);
  }
  __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
  reader.join();
}

TEST_F(PrivateFiles, lock_a_folder_for_one_at_a_time) {
  int inside = 0;
  int most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 5; ++n) {
        const FolderLock lock(folder);
        most = std::max(most, __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST));
        std::this_thread::yield();
        __atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
  const FolderLock none(folder / "missing");  // goes on without
}

}  // namespace
}  // namespace cartpilot::base
