#include "cli/server_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "cartpilot/error.h"
#include "text/redaction.h"
#include "unit/purchase/temporary_folder.h"

namespace cartpilot::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

using Environment = std::map<std::string, std::string>;

/// A folder with a settings file and a program.
class ServerSettings : public testing::Test {
 protected:
  ServerSettings() {
    ::chmod(folder_.path().c_str(), 0700);
    std::ofstream(program()) << "#!/bin/sh\n";
    ::chmod(program().c_str(), 0700);
    environment_ = {{"PATH", "/no/such/folder:" + folder_.path().string()},
                    {"HOME", "/home/me"},
                    {"LANG", "C"},
                    {"SHOP_TOKEN", "a-token-of-mine"},
                    {"CARTPILOT_API_KEY", "the-key-of-the-shop"}};
  }

  std::filesystem::path program() const { return folder_.path() / "files-server"; }
  std::filesystem::path config() const { return folder_.path() / "config.toml"; }

  std::vector<mcp::ServerSettings> read(const std::string& text, mode_t mode = 0600) {
    std::ofstream(config()) << text;
    ::chmod(config().c_str(), mode);
    SettingsFile file;
    file.path = config();
    file.values = parse_settings(text, config().string(), "");
    return servers_in(file, environment_, {"CARTPILOT_API_KEY"});
  }
  std::string problem(const std::string& text, mode_t mode = 0600) {
    try {
      read(text, mode);
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
      EXPECT_THAT(error.what(), HasSubstr(config().string() + ", line "));
      return error.what();
    }
  }

  const purchase::TemporaryFolder folder_;
  Environment environment_;
};

TEST_F(ServerSettings, a_file_without_servers_names_none_whoever_may_write_it) {
  EXPECT_TRUE(read("provider = \"gemini\"\n", 0666).empty());
}

TEST_F(ServerSettings, a_program_is_found_and_gets_what_any_program_needs) {
  const auto servers = read(
      "[mcp_servers.files]\ncommand = [\"files-server\", \"--root\", \"/a b\"]\n"
      "env_vars = [\"LANG\", \"NOT_SET\"]\nmoney_tools = [\"order\", \"pay\"]\n"
      "[mcp_servers.files.env]\nFILES_TOKEN = \"token-of-files\"\n");
  ASSERT_EQ(servers.size(), 1U);
  const mcp::ServerSettings& server = servers.front();
  EXPECT_EQ(server.name, "files");
  EXPECT_THAT(server.command, ElementsAre(program().string(), "--root", "/a b"));
  EXPECT_EQ(server.url, "");
  EXPECT_EQ(server.environment, (Environment{{"PATH", environment_.at("PATH")},
                                             {"HOME", "/home/me"},
                                             {"LANG", "C"},
                                             {"FILES_TOKEN", "token-of-files"}}));
  EXPECT_THAT(server.own_variables, testing::UnorderedElementsAre("LANG", "FILES_TOKEN"));
  EXPECT_THAT(server.money_tools, ElementsAre("order", "pay"));
}

TEST_F(ServerSettings, what_the_settings_say_stands_over_what_any_program_gets) {
  const auto servers = read(
      "[mcp_servers.files]\ncommand = [\"files-server\"]\n"
      "[mcp_servers.files.env]\nHOME = \"/elsewhere\"\n");
  EXPECT_EQ(servers.at(0).environment.at("HOME"), "/elsewhere");
}

TEST_F(ServerSettings, an_address_comes_with_its_headers_and_no_environment) {
  const auto servers = read(
      "[mcp_servers.weather]\nurl = \"https://weather.example/mcp\"\n"
      "[mcp_servers.weather.headers]\nAuthorization = \"Bearer never-on-a-screen\"\n");
  ASSERT_EQ(servers.size(), 1U);
  EXPECT_EQ(servers[0].url, "https://weather.example/mcp");
  EXPECT_THAT(servers[0].headers, ElementsAre(Pair("Authorization", "Bearer never-on-a-screen")));
  EXPECT_TRUE(servers[0].environment.empty());
  EXPECT_TRUE(servers[0].command.empty());
}

TEST_F(ServerSettings, servers_stand_apart_in_the_order_of_their_names) {
  const auto servers = read(
      "[mcp_servers.b]\nurl = \"https://b.example/\"\n"
      "[mcp_servers.a-1_x]\ncommand = [\"files-server\"]\nenv_vars = [\"LANG\"]\n");
  ASSERT_EQ(servers.size(), 2U);
  EXPECT_EQ(servers[0].name, "a-1_x");
  EXPECT_EQ(servers[1].name, "b");
  EXPECT_TRUE(servers[1].own_variables.empty());
}

TEST_F(ServerSettings, values_of_variables_and_headers_are_secrets_from_then_on) {
  read(
      "[mcp_servers.files]\ncommand = [\"files-server\"]\nenv_vars = [\"SHOP_TOKEN\"]\n"
      "[mcp_servers.files.env]\nOWN = \"written-in-the-file\"\n"
      "[mcp_servers.web]\nurl = \"https://web.example/\"\n"
      "[mcp_servers.web.headers]\nAuthorization = \"Bearer bearer-of-the-web\"\n");
  EXPECT_EQ(text::redact("a-token-of-mine, written-in-the-file, bearer-of-the-web"),
            "[redacted], [redacted], [redacted]");
}

TEST_F(ServerSettings, a_key_of_cartpilots_goes_to_no_server) {
  EXPECT_THAT(problem("[mcp_servers.files]\ncommand = [\"files-server\"]\n"
                      "env_vars = [\"LANG\", \"CARTPILOT_API_KEY\"]\n"),
              HasSubstr("CARTPILOT_API_KEY is a key of cartpilot's and goes to no server"));
  // Not even when it is not set.
  environment_.erase("CARTPILOT_API_KEY");
  EXPECT_NE(problem("[mcp_servers.files]\ncommand = [\"files-server\"]\n"
                    "env_vars = [\"CARTPILOT_API_KEY\"]\n"),
            "");
}

TEST_F(ServerSettings, a_file_that_others_can_write_starts_nothing) {
  for (const mode_t mode : {0620, 0602, 0666}) {
    EXPECT_THAT(problem("[mcp_servers.files]\ncommand = [\"files-server\"]\n", mode),
                HasSubstr("is obeyed only where nobody else can write"))
        << mode;
  }
}

TEST_F(ServerSettings, names_are_short_and_plain) {
  const std::string longest(30, 'x');
  EXPECT_EQ(read("[mcp_servers." + longest + "]\nurl = \"https://a.example/\"\n").size(), 1U);
  for (const std::string& name :
       {longest + "x", std::string("Files"), std::string("\"a b\""), std::string("\"../x\"")}) {
    EXPECT_THAT(problem("[mcp_servers." + name + "]\nurl = \"https://a.example/\"\n"),
                HasSubstr("is no name for a server"))
        << name;
  }
}

TEST_F(ServerSettings, a_server_is_either_a_program_or_an_address) {
  for (const char* both_or_none : {"command = [\"files-server\"]\nurl = \"https://a.example/\"\n",
                                   "money_tools = [\"x\"]\n"}) {
    EXPECT_THAT(problem(std::string("[mcp_servers.files]\n") + both_or_none),
                HasSubstr("needs either a command or a url"))
        << both_or_none;
  }
}

TEST_F(ServerSettings, a_program_that_is_not_found_or_named_by_a_part_of_a_path_is_refused) {
  std::ofstream(folder_.path() / "not-executable") << "x";
  ::chmod((folder_.path() / "not-executable").c_str(), 0600);
  std::filesystem::create_directory(folder_.path() / "a-folder");
  for (const char* name :
       {"no-such-program", "./files-server", "bin/files-server", "not-executable", "a-folder"}) {
    EXPECT_THAT(problem(std::string("[mcp_servers.files]\ncommand = [\"") + name + "\"]\n"),
                HasSubstr(std::string("the program ") + name + " of the server files is not found"))
        << name;
  }
  // A folder of PATH that is no whole path depends on where the program was started.
  environment_["PATH"] = ".:" + folder_.path().filename().string();
  EXPECT_NE(problem("[mcp_servers.files]\ncommand = [\"files-server\"]\n"), "");
  environment_.erase("PATH");
  EXPECT_NE(problem("[mcp_servers.files]\ncommand = [\"files-server\"]\n"), "");
}

TEST_F(ServerSettings, the_whole_path_of_a_program_is_taken_as_it_is) {
  environment_.erase("PATH");
  const auto servers = read("[mcp_servers.files]\ncommand = [\"" + program().string() + "\"]\n");
  EXPECT_THAT(servers.at(0).command, ElementsAre(program().string()));
}

}  // namespace
}  // namespace cartpilot::host
