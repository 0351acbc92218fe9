#include "cli/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "cartpilot/error.h"
#include "net/proxy.h"
#include "net/url_policy.h"
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

/// What reading `text` as the settings file is refused with.
std::string refused_file(const std::filesystem::path& home, const std::string& text) {
  Arguments arguments;
  arguments.config_file = (home / "costs.toml").string();
  std::ofstream(arguments.config_file) << text;
  try {
    read_settings(arguments);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_F(SettingsTest, hold_prices_of_the_program_and_over_them_those_of_the_file) {
  Arguments arguments;
  arguments.config_file = (home_ / "costs.toml").string();
  std::ofstream(arguments.config_file)
      << "[prices]\n\"openai/gpt-6.1-terra\" = \"input=9 output=9 currency=EUR\"\n";
  const cost::PriceTable prices = read_settings(arguments).prices;
  EXPECT_EQ(prices.find("openai", "gpt-6.1-terra", "2026-11-29")->currency, "EUR");
  EXPECT_EQ(prices.find("openai", "gpt-6.2-sol", "2026-11-29")->currency, "USD");
  EXPECT_THAT(refused_file(home_, "[prices]\n\"openai/x\" = \"input=1\"\n"),
              HasSubstr("costs.toml, line 2: prices.openai/x: output is missing"));
}

TEST_F(SettingsTest, take_limits_of_costs_from_flags_else_from_the_file) {
  Arguments arguments;
  arguments.config_file = (home_ / "costs.toml").string();
  std::ofstream(arguments.config_file)
      << "[costs]\nlimits = [\"1:USD/turn\", \"2:USD/day\"]\nmax_output_tokens = \"500\"\n";
  EXPECT_THAT(read_settings(arguments).cost_limits,
              ElementsAre(cost::parse_limit("1:USD/turn"), cost::parse_limit("2:USD/day")));
  EXPECT_EQ(read_settings(arguments).max_output_tokens, 500);
  arguments.cost_limits = {"3:USD/conversation"};
  arguments.max_output_tokens = 900;
  EXPECT_THAT(read_settings(arguments).cost_limits,
              ElementsAre(cost::parse_limit("3:USD/conversation")));
  EXPECT_EQ(read_settings(arguments).max_output_tokens, 900);
  arguments.cost_limits = {"3:USD"};
  EXPECT_THROW(read_settings(arguments), Error);
}

TEST_F(SettingsTest, name_the_line_of_a_wrong_limit_of_costs) {
  EXPECT_THAT(refused_file(home_, "[costs]\nlimits = [\"1:USD\"]\n"),
              HasSubstr("costs.toml, line 2: '1:USD' does not say for what time"));
  for (const char* wrong : {"15", "1000001", "-1", "many", "99999999999"}) {
    EXPECT_THAT(
        refused_file(home_, std::string("[costs]\nmax_output_tokens = \"") + wrong + "\"\n"),
        HasSubstr("line 2: max_output_tokens is a number from 16 to 1000000"))
        << wrong;
  }
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

TEST_F(SettingsTest, take_no_variable_for_a_key_because_of_its_name) {
  set("SOMEBODYS_API_TOKEN", "not-declared-by-anybody");
  set("KEYBOARD_LAYOUT", "a-layout-of-a-keyboard");
  read_settings({});
  const std::string text = "not-declared-by-anybody a-layout-of-a-keyboard";
  EXPECT_EQ(text::redact(text), text);
}

TEST_F(SettingsTest, leave_only_general_variables_and_the_programs_own_in_the_environment) {
  set("SOMEBODYS_SETTING", "of-no-plugin-here");
  set("CARTPILOT_PLUGINS", "none");
  set("LC_ALL", "C.UTF-8");
  set("https_proxy", "http://proxy.example:3128");
  const Settings settings = read_settings({});
  EXPECT_EQ(settings.environment.at("SOMEBODYS_SETTING"), "of-no-plugin-here");
  EXPECT_EQ(::getenv("SOMEBODYS_SETTING"), nullptr);
  EXPECT_STREQ(::getenv("CARTPILOT_PLUGINS"), "none");
  EXPECT_STREQ(::getenv("LC_ALL"), "C.UTF-8");
  EXPECT_STREQ(::getenv("https_proxy"), "http://proxy.example:3128");
  EXPECT_STREQ(::getenv("HOME"), home_.c_str());
  EXPECT_NE(::getenv("PATH"), nullptr);
  ::unsetenv("https_proxy");
}

TEST_F(SettingsTest, take_a_proxy_with_its_password_out_of_the_environment_and_go_on_using_it) {
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    set(name, "http://shopper:proxy-password@proxy.example:3128");
    read_settings({});
    EXPECT_EQ(::getenv(name), nullptr) << name;
    const auto proxy =
        net::proxies_of_environment().proxy_for(net::parse_target("https://vendor.example/"));
    ASSERT_TRUE(proxy) << name;
    EXPECT_EQ(proxy->url, "http://shopper:proxy-password@proxy.example:3128");
  }
  net::keep_proxies({});
}

TEST_F(SettingsTest, know_secrets_by_the_form_of_a_value) {
  set("SHOP_DATABASE", "postgres://shopper:db-password-1@db.example/shop?user=a@b");
  set("https_proxy", "organisation:pro/xy-password@proxy.example:3128");
  set("SOME_REPOSITORY", "ssh://developer@git.example/x");
  set("OPENAI_BASE_URL", "https://token-as-user-name@gateway.example/v1");
  set("OTEL_EXPORTER_OTLP_TRACES_HEADERS",
      "Authorization=Bearer%20otel-token-1,x-tenant=tenant-77");
  read_settings({});
  ::unsetenv("https_proxy");
  for (const char* secret :
       {"db-password-1", "pro/xy-password", "token-as-user-name", "otel-token-1", "tenant-77"}) {
    EXPECT_EQ(text::redact(secret), text::kRedacted) << secret;
  }
  for (const char* plain :
       {"db.example/shop", "proxy.example:3128", "ssh://developer@git.example/x",
        "gateway.example/v1", "organisation"}) {
    EXPECT_EQ(text::redact(plain), plain);
  }
}

TEST_F(SettingsTest, know_what_the_settings_file_declares_whatever_its_name) {
  const std::filesystem::path file = home_ / "config.toml";
  std::ofstream(file) << "[keys.ACME_PASS]\nfile = \"/nowhere\"\n";
  set("ACME_PASS", "what-the-file-declares");
  set("HOME", home_.string());
  Arguments arguments;
  arguments.config_file = file.string();
  const Settings settings = read_settings(arguments);
  EXPECT_EQ(settings.secret_variables.count("ACME_PASS"), 1U);
  EXPECT_EQ(text::redact("what-the-file-declares"), text::kRedacted);
  EXPECT_EQ(::getenv("ACME_PASS"), nullptr);
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
