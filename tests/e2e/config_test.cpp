// `cartpilot config`, and permission to buy from the settings file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "e2e/program.h"

namespace cartpilot::e2e {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::filesystem::path settings_file(const Home& home) {
  return home.path() / "config" / "cartpilot" / "config.toml";
}

void write_settings(const Home& home, const std::string& text) {
  std::filesystem::create_directories(settings_file(home).parent_path());
  std::ofstream(settings_file(home)) << text;
  ::chmod(settings_file(home).c_str(), 0600);
}

std::string read_settings(const Home& home) {
  std::ostringstream text;
  text << std::ifstream(settings_file(home)).rdbuf();
  return text.str();
}

mode_t mode_of(const std::filesystem::path& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

TEST(Config, set_makes_a_private_file_and_get_list_and_path_read_it) {
  const Home home;
  EXPECT_EQ(run(home, {"config", "get", "provider"}).exit_code, 1);
  EXPECT_EQ(run(home, {"config", "set", "provider", "offline"}).exit_code, 0);
  EXPECT_EQ(run(home, {"config", "set", "plugins.paths", R"(["/a", "/b"])"}).exit_code, 0);
  EXPECT_EQ(mode_of(settings_file(home)), 0600u);
  EXPECT_EQ(mode_of(settings_file(home).parent_path()), 0700u);
  EXPECT_EQ(run(home, {"config", "get", "provider"}).out, "offline\n");
  EXPECT_EQ(run(home, {"config", "get", "plugins.paths"}).out, "/a\n/b\n");
  EXPECT_EQ(run(home, {"config", "list"}).out, "plugins.paths = /a, /b\nprovider = offline\n");
  EXPECT_EQ(run(home, {"config", "path"}).out, settings_file(home).string() + "\n");
}

TEST(Config, set_keeps_comments_mode_and_links) {
  const Home home;
  write_settings(home, "# mine\nprovider = \"x\" # why\n");
  ::chmod(settings_file(home).c_str(), 0640);
  const auto real = home.path() / "dotfiles.toml";
  std::filesystem::rename(settings_file(home), real);
  std::filesystem::create_symlink(real, settings_file(home));
  EXPECT_EQ(run(home, {"config", "set", "provider", "offline"}).exit_code, 0);
  EXPECT_EQ(read_settings(home), "# mine\nprovider = 'offline' # why\n");
  EXPECT_EQ(mode_of(real), 0640u);
  EXPECT_TRUE(std::filesystem::is_symlink(settings_file(home)));
}

TEST(Config, explain_says_where_each_value_comes_from) {
  const Home home;
  write_settings(home, "provider = 'gemini'\n[profiles.w]\nmodel = 'm'\n");
  const Result result = run(home, {"--profile", "w", "config", "explain"}, "",
                            {{"CARTPILOT_API_URL", "http://localhost:9"}});
  const std::string file = settings_file(home).string();
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("provider = gemini (" + file + ", line 1)"),
                    HasSubstr("model = m (" + file + ", line 3, profile w)"),
                    HasSubstr("api_url = http://localhost:9 (environment variable "
                              "CARTPILOT_API_URL)"),
                    HasSubstr("purchases.approve = ask on a terminal, else never (default)")));
}

TEST(Config, keys_come_from_a_private_file_or_a_programs_output) {
  const Home home;
  write_settings(home, "[keys]\nCARTPILOT_API_KEY = { command = ['false'] }\n");
  const Result failed = run(home, {"chat", "--demo", "hello"});
  EXPECT_EQ(failed.exit_code, 3);
  EXPECT_EQ(failed.err, "cartpilot: false failed with exit code 1\n");
  // Other commands do not ask for them.
  EXPECT_EQ(run(home, {"sessions", "list"}).exit_code, 0);
  // A variable that is set wins.
  EXPECT_EQ(run(home, {"chat", "--demo", "hello"}, "", {{"CARTPILOT_API_KEY", "key-1"}}).exit_code,
            0);
  std::ofstream(home.path() / "key") << "key-of-the-file-1\n";
  ::chmod((home.path() / "key").c_str(), 0600);
  write_settings(home, "[keys]\nOPENAI_API_KEY.file = '" + (home.path() / "key").string() +
                           "'\nGEMINI_API_KEY.command = ['echo', 'key-of-the-command-1']\n");
  // Two keys and no provider: both were found.
  const Result two = run(home, {"chat", "--sandbox", "hello"});
  EXPECT_EQ(two.exit_code, 3);
  EXPECT_THAT(two.err, AllOf(HasSubstr("GEMINI_API_KEY"), HasSubstr("OPENAI_API_KEY"),
                             testing::Not(HasSubstr("key-of-the"))));
}

TEST(Config, a_profile_chooses_the_provider_and_an_unknown_one_is_refused) {
  const Home home;
  write_settings(home, "provider = 'gemini'\n[profiles.w]\nprovider = 'offline'\n");
  EXPECT_EQ(run(home, {"chat", "--profile", "w", "--sandbox", "hello"}).exit_code, 0);
  const Result unknown = run(home, {"chat", "--profile", "v", "--sandbox", "hello"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("no profile 'v'; there is w"));
}

TEST(Config, wrong_names_and_values_are_exit_2_and_change_nothing) {
  const Home home;
  write_settings(home, "provider = 'x'\n");
  EXPECT_EQ(run(home, {"config", "set", "provdier", "y"}).exit_code, 2);
  EXPECT_EQ(run(home, {"config", "set", "provider", ""}).exit_code, 2);
  EXPECT_EQ(run(home, {"config", "get", "provdier"}).exit_code, 2);
  EXPECT_EQ(read_settings(home), "provider = 'x'\n");
}

constexpr const char* kPermission =
    "[purchases]\napprove = \"up-to:150:USD\"\nmerchants = [\"merchant-a\", \"merchant-b\"]\n";

TEST(Config, a_private_file_may_permit_purchases_and_every_start_says_so) {
  const Home home;
  write_settings(home, kPermission);
  const Result bought = run(home, {"chat", "--demo"}, kThreeLines);
  EXPECT_EQ(bought.exit_code, 0) << bought.err;
  EXPECT_THAT(bought.err, HasSubstr("purchases, from " + settings_file(home).string() +
                                    ": approve up-to:150:USD; merchants merchant-a,merchant-b"));
  EXPECT_THAT(run(home, {"purchases", "list"}).out, HasSubstr("86.38"));
}

TEST(Config, a_flag_leaves_the_whole_permission_of_the_file_aside) {
  const Home home;
  write_settings(home, kPermission);
  EXPECT_EQ(run(home, {"chat", "--demo", "--approve", "never"}, kThreeLines).exit_code, 11);
  EXPECT_EQ(run(home, {"chat", "--demo", "--approve", "up-to:150:USD"}, kThreeLines).exit_code, 2);
}

TEST(Config, a_file_that_others_can_write_permits_nothing) {
  const Home home;
  write_settings(home, kPermission);
  const auto refused = [&](const char* why) {
    const Result result = run(home, {"chat", "--demo"}, kThreeLines);
    EXPECT_EQ(result.exit_code, 2) << why;
    EXPECT_THAT(result.err, AllOf(HasSubstr("[purchases] is obeyed only where"), HasSubstr(why)));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1);
    EXPECT_THAT(run(home, {"config", "explain"}).out, HasSubstr("REFUSED: ")) << why;
  };
  ::chmod(settings_file(home).c_str(), 0660);
  refused("config.toml can be written by others");
  ::chmod(settings_file(home).c_str(), 0600);
  ::chmod(settings_file(home).parent_path().c_str(), 0770);
  refused("cartpilot can be written by others");
  ::chmod(settings_file(home).parent_path().c_str(), 0700);
  std::filesystem::rename(settings_file(home), home.path() / "real.toml");
  std::filesystem::create_symlink(home.path() / "real.toml", settings_file(home));
  refused("is a symbolic link");
}

}  // namespace
}  // namespace cartpilot::e2e
