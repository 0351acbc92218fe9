#include "cli/key_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "cartpilot/error.h"
#include "text/redaction.h"

namespace cartpilot::host {
namespace {

using testing::HasSubstr;
using Environment = std::map<std::string, std::string>;

const Environment kEnvironment = {{"PATH", "/usr/bin:/bin"}, {"HOME", "/home/x"}, {"OTHER", "o"}};

std::string key_or_why(const std::vector<std::string>& command,
                       std::chrono::milliseconds limit = std::chrono::seconds(10)) {
  try {
    return key_from_command(command, kEnvironment, limit);
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kUnauthenticated);
    return std::string("Error: ") + error.what();
  }
}

TEST(KeyCommand, gives_the_first_line_it_prints) {
  EXPECT_EQ(key_or_why({"printf", "key-1\\r\\nmore\\n"}), "key-1");
  EXPECT_EQ(key_or_why({"printf", "key-2"}), "key-2");
}

TEST(KeyCommand, is_run_without_a_shell) {
  EXPECT_EQ(key_or_why({"echo", "$HOME;`id`"}), "$HOME;`id`");
}

TEST(KeyCommand, sees_a_small_environment_and_no_input) {
  EXPECT_EQ(key_or_why({"sh", "-c", "echo \"$HOME-$OTHER-$(cat)\""}), "/home/x--");
}

TEST(KeyCommand, a_line_is_enough_even_when_the_program_goes_on) {
  EXPECT_EQ(key_or_why({"sh", "-c", "echo key-3; exec sleep 1000"}), "key-3");
}

TEST(KeyCommand, each_failure_is_one_line) {
  EXPECT_EQ(key_or_why({"no-such-program-here"}),
            "Error: no-such-program-here cannot be started (No such file or directory)");
  EXPECT_EQ(key_or_why({"false"}), "Error: false failed with exit code 1");
  EXPECT_EQ(key_or_why({"sh", "-c", "kill -9 $$"}), "Error: sh was ended by signal 9");
  EXPECT_EQ(key_or_why({"true"}), "Error: true: its first line is empty; a key was expected");
  EXPECT_EQ(key_or_why({"sh", "-c", "exec sleep 1000"}, std::chrono::milliseconds(50)),
            "Error: sh printed no key in time and was ended");
  EXPECT_EQ(key_or_why({"sh", "-c", "exec >&-; exec sleep 1000"}, std::chrono::milliseconds(50)),
            "Error: sh did not end in time");
}

class KeySources : public testing::Test {
 protected:
  KeySources() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "cartpilot-keys-XXXXXX").string();
    home_ = ::mkdtemp(pattern.data());
    std::ofstream(home_ / "key") << "key-of-file\nsecond\n";
    ::chmod((home_ / "key").c_str(), 0600);
  }
  ~KeySources() override { std::filesystem::remove_all(home_); }

  std::filesystem::path home_;
};

TEST_F(KeySources, a_file_must_be_private) {
  EXPECT_EQ(key_from_file("~/key", home_.string()), "key-of-file");
  for (const mode_t mode : {0640, 0604, 0660}) {
    ::chmod((home_ / "key").c_str(), mode);
    EXPECT_THROW(key_from_file("~/key", home_.string()), Error) << mode;
  }
  EXPECT_THROW(key_from_file(home_.string(), ""), Error);
  EXPECT_THROW(key_from_file("~/none", home_.string()), Error);
}

TEST_F(KeySources, are_read_only_for_variables_that_are_wanted_and_not_set) {
  const SettingValues settings = parse_settings(
      "[keys]\nA_KEY.file = '~/key'\nB_KEY.command = ['echo', 'key-of-command']\n"
      "C_KEY.command = ['false']\nD_KEY.command = ['false']\n",
      "f", "");
  Environment environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", home_.string()}, {"D_KEY", "set"}};
  add_keys(settings, {"A_KEY", "B_KEY", "D_KEY", "E_KEY"}, environment);
  EXPECT_EQ(environment, (Environment{{"PATH", "/usr/bin:/bin"},
                                      {"HOME", home_.string()},
                                      {"A_KEY", "key-of-file"},
                                      {"B_KEY", "key-of-command"},
                                      {"D_KEY", "set"}}));
  EXPECT_THAT(text::redact("a key-of-command b key-of-file"),
              testing::Not(testing::AnyOf(HasSubstr("of-command"), HasSubstr("of-file"))));
}

}  // namespace
}  // namespace cartpilot::host
