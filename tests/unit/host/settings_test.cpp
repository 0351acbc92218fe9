#include "cli/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "cartpilot/error.h"
#include "text/redaction.h"

namespace cartpilot::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A home without settings, and an environment that the tests fill.
class SettingsTest : public testing::Test {
 protected:
  SettingsTest() {
    for (const auto& [name, value] : process_environment()) {
      if (name.rfind("CARTPILOT_", 0) == 0 || name.rfind("XDG_", 0) == 0) ::unsetenv(name.c_str());
    }
    std::string pattern =
        (std::filesystem::temp_directory_path() / "cartpilot-settings-XXXXXX").string();
    home_ = ::mkdtemp(pattern.data());
    set("HOME", home_.string());
  }
  ~SettingsTest() override { std::filesystem::remove_all(home_); }

  static void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }

  std::filesystem::path home_;
};

TEST_F(SettingsTest, have_defaults) {
  const Settings settings = read_settings({});
  EXPECT_EQ(settings.provider, "");
  EXPECT_EQ(settings.model, "");
  EXPECT_EQ(settings.api_url, "http://localhost:8000");
  EXPECT_EQ(settings.api_key, "dev-api-key-change-in-production");
  EXPECT_TRUE(settings.plugins.enabled);
  EXPECT_FALSE(settings.plugins.allow_insecure);
}

TEST_F(SettingsTest, prefer_flags_to_the_environment) {
  set("CARTPILOT_API_URL", "http://localhost:1");
  set("CARTPILOT_PROVIDER", "openai");
  set("CARTPILOT_PLUGINS", "gemini");
  Arguments arguments;
  EXPECT_EQ(read_settings(arguments).api_url, "http://localhost:1");
  EXPECT_EQ(read_settings(arguments).provider, "openai");
  EXPECT_EQ(read_settings(arguments).plugins.environment_allow, "gemini");
  arguments.api_url = "http://localhost:2";
  arguments.provider = "gemini";
  arguments.model = "m";
  arguments.plugin_files = {"a.so"};
  arguments.plugin_directories = {"/p"};
  arguments.no_plugins = true;
  arguments.allow_insecure_plugins = true;
  const Settings settings = read_settings(arguments);
  EXPECT_EQ(settings.api_url, "http://localhost:2");
  EXPECT_EQ(settings.provider, "gemini");
  EXPECT_EQ(settings.model, "m");
  EXPECT_THAT(settings.plugins.files, ElementsAre("a.so"));
  EXPECT_THAT(settings.plugins.directories, ElementsAre("/p"));
  EXPECT_FALSE(settings.plugins.enabled);
  EXPECT_TRUE(settings.plugins.allow_insecure);
}

TEST_F(SettingsTest, of_the_demo_name_the_offline_provider) {
  set("CARTPILOT_PROVIDER", "openai");
  Arguments arguments;
  arguments.demo = true;
  EXPECT_EQ(read_settings(arguments).provider, "offline");
}

TEST_F(SettingsTest, keep_keys_for_the_plugins_and_out_of_the_environment_and_of_every_text) {
  set("GEMINI_API_KEY", "key-of-the-person-1");
  set("CARTPILOT_API_KEY", "key-of-the-person-2");
  const Settings settings = read_settings({});
  EXPECT_EQ(settings.environment.at("GEMINI_API_KEY"), "key-of-the-person-1");
  EXPECT_EQ(settings.api_key, "key-of-the-person-2");
  EXPECT_EQ(::getenv("GEMINI_API_KEY"), nullptr);
  EXPECT_EQ(::getenv("CARTPILOT_API_KEY"), nullptr);
  const std::string shown = text::redact("a key-of-the-person-1 b key-of-the-person-2");
  EXPECT_THAT(shown, testing::Not(HasSubstr("key-of-the-person")));
}

TEST_F(SettingsTest, name_the_file_that_was_asked_for_and_is_not_there) {
  Arguments arguments;
  arguments.config_file = (home_ / "none").string();
  try {
    read_settings(arguments);
    FAIL() << "it was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(error.what(), HasSubstr(arguments.config_file));
  }
}

}  // namespace
}  // namespace cartpilot::host
