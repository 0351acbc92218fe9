#include "store/session_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "cartpilot/error.h"

namespace cartpilot::store {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct SessionLockTest : testing::Test {
  SessionLockTest() {
    std::string name = (std::filesystem::temp_directory_path() / "cartpilot-lock-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder = name;
  }
  ~SessionLockTest() override { std::filesystem::remove_all(folder); }

  /// What is said when the conversation cannot be had, "" when it can.
  std::string refusal(const std::string& session) const {
    try {
      const SessionLock lock(folder / "locks", session, "tools call");
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.reason, "session_open");
      return error.what();
    }
  }

  std::filesystem::path folder;
};

TEST_F(SessionLockTest, is_held_by_one_and_says_who_has_it) {
  {
    const SessionLock first(folder / "locks", "mine", "chat");
    EXPECT_THAT(
        refusal("mine"),
        AllOf(HasSubstr("the conversation mine is open in another cartpilot"),
              HasSubstr("(pid " + std::to_string(::getpid()) + ", cartpilot chat, since 20"),
              HasSubstr("end that one first")));
    EXPECT_EQ(refusal("yours"), "");
  }
  EXPECT_EQ(refusal("mine"), "");
}

TEST_F(SessionLockTest, is_released_by_a_process_that_dies) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const SessionLock lock(folder / "locks", "mine", "chat");
    [[maybe_unused]] const auto written = ::write(ready[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THAT(refusal("mine"), HasSubstr("(pid " + std::to_string(child) + ", "));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(refusal("mine"), "");
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(SessionLockTest, believes_no_text_that_is_not_its_own) {
  const SessionLock held(folder / "locks", "mine", "chat");
  for (const auto& file : std::filesystem::directory_iterator(folder / "locks")) {
    for (const std::string& text :
         {std::string("\x1b[2J 1 x"), std::string(), std::string("12"), std::string("12 x chat"),
          std::string("12 99 chat\x1b]0;x\x07")}) {
      std::ofstream(file.path(), std::ios::trunc) << text;
      EXPECT_THAT(refusal("mine"), AllOf(HasSubstr("is open in another cartpilot"),
                                         Not(HasSubstr("\x1b")), Not(HasSubstr("\x07"))));
    }
  }
}

}  // namespace
}  // namespace cartpilot::store
