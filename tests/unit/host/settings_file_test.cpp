#include "cli/settings_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/random.h"
#include "cartpilot/error.h"
#include "cli/settings_edit.h"

namespace cartpilot::host {
namespace {

using testing::HasSubstr;

using Texts = std::map<std::string, std::vector<std::string>>;

Texts texts(const SettingValues& values) {
  Texts result;
  for (const auto& [name, value] : values) result[name] = value.texts;
  return result;
}

std::string problem(const std::string& text, const std::string& profile = "") {
  try {
    parse_settings(text, "f.toml", profile);
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
}

constexpr const char* kAsPeopleWriteIt =
    "\xEF\xBB\xBF# mine\r\nprovider = \"gemini\"  # the cheap one\r\n\r\n"
    "  model='gemini-2.5-flash'\r\n[ plugins ]\r\npaths = [\"/a b\", \"/c\",]\r\n"
    "[keys]\r\nGEMINI_API_KEY = { command = [\"pass\", \"show\", \"it\"] }\r\n"
    "[purchases]\r\nallow_repeat = 2\r\n"
    "[profiles.work]\r\nprovider = \"openai\"\r\npurchases.limit_day = \"5:EUR\"\r\n";

TEST(SettingsFile, reads_marks_comments_quotes_and_line_ends_as_people_write_them) {
  EXPECT_EQ(texts(parse_settings(kAsPeopleWriteIt, "f", "")),
            (Texts{{"provider", {"gemini"}},
                   {"model", {"gemini-2.5-flash"}},
                   {"plugins.paths", {"/a b", "/c"}},
                   {"keys.GEMINI_API_KEY.command", {"pass", "show", "it"}},
                   {"purchases.allow_repeat", {"2"}}}));
  EXPECT_EQ(parse_settings(kAsPeopleWriteIt, "f", "").at("model").line, 4);
}

TEST(SettingsFile, a_profile_stands_over_the_rest_and_leaves_out_the_other_providers_model) {
  EXPECT_EQ(texts(parse_settings(kAsPeopleWriteIt, "f", "work")),
            (Texts{{"provider", {"openai"}},
                   {"plugins.paths", {"/a b", "/c"}},
                   {"keys.GEMINI_API_KEY.command", {"pass", "show", "it"}},
                   {"purchases.allow_repeat", {"2"}},
                   {"purchases.limit_day", {"5:EUR"}}}));
  EXPECT_THAT(problem(kAsPeopleWriteIt, "wrok"), HasSubstr("no profile 'wrok'; there is work"));
}

TEST(SettingsFile, another_permission_in_a_profile_takes_nothing_from_the_first) {
  const SettingValues values = parse_settings(
      "[purchases]\napprove = \"up-to:5:USD\"\nmerchants = [\"a\"]\nallow_repeat = 3\n"
      "[profiles.x.purchases]\napprove = \"ask\"\n",
      "f", "x");
  EXPECT_EQ(texts(values), (Texts{{"purchases.approve", {"ask"}}}));
}

TEST(SettingsFile, names_line_and_near_word_of_what_is_no_setting) {
  EXPECT_EQ(problem("\nprovdier = \"x\"\n"),
            "f.toml, line 2: unknown setting 'provdier'; did you mean 'provider'?");
  EXPECT_THAT(problem("[purchase]\nx = 1\n"), HasSubstr("line 1: unknown setting 'purchase'"));
  EXPECT_THAT(problem("[keys.X]\nvalue = \"k\"\n"), HasSubstr("unknown setting 'keys.X.value'"));
  EXPECT_THAT(problem("[profiles.a]\nmodle = \"x\"\n"),
              HasSubstr("line 2: unknown setting 'modle'; did you mean 'model'?"));
  EXPECT_THAT(problem("profiles = 1\n"), HasSubstr("must be a table"));
}

TEST(SettingsFile, says_what_a_setting_must_be) {
  for (const char* wrong : {"provider = 1", "provider = \"\"", "provider = [\"a\"]",
                            "provider = true", "provider = \"a\\u0000b\""}) {
    EXPECT_THAT(problem(wrong), HasSubstr("'provider' must be a text in quotes")) << wrong;
  }
  for (const char* wrong : {"plugins.paths = \"/a\"", "plugins.paths = [1]", "plugins.paths = []",
                            "plugins.paths = [\"\"]"}) {
    EXPECT_THAT(problem(wrong), HasSubstr("'plugins.paths' must be a list")) << wrong;
  }
  for (const char* wrong : {"purchases.allow_repeat = -1", "purchases.allow_repeat = 1001",
                            "purchases.allow_repeat = \"1\"", "purchases.allow_repeat = 1.5"}) {
    EXPECT_THAT(problem(wrong), HasSubstr("must be a number")) << wrong;
  }
}

TEST(SettingsFile, shows_how_a_text_is_quoted) {
  EXPECT_THAT(problem("provider = gemini # x\n"),
              testing::AllOf(HasSubstr("line 1: "),
                             HasSubstr("a text stands in quotes: provider = \"gemini\"")));
}

TEST(SettingsFile, refuses_depth_and_length_in_one_line_of_text) {
  std::string deep = "a";
  for (int i = 0; i < 100'000; ++i) deep += ".a";
  EXPECT_THAT(problem(deep + " = 1"), HasSubstr("longer than 4096 bytes"));
  EXPECT_THAT(problem("provider = " + std::string(4000, '[')), HasSubstr("line 1"));
  EXPECT_THAT(problem("[" + deep.substr(0, 4001) + "]"), HasSubstr("unknown setting"));
}

TEST(SettingsFile, survives_any_bytes) {
  const std::string all = kAsPeopleWriteIt;
  for (int round = 0; round < 3000; ++round) {
    std::string text = all;
    for (int change = 0; change < 3; ++change) {
      const std::uint64_t random = base::random_64();
      text[random % text.size()] = static_cast<char>(random >> 32);
    }
    problem(text);
  }
  for (const char* text :
       {"=", "[", "[[", "]", "\xff\xfe", "\"", "'''", "a=\"", "[a", "a.b.", "\r"}) {
    EXPECT_THAT(problem(text), HasSubstr("line 1")) << text;
  }
}

TEST(SettingsFile, opens_regular_files_only) {
  std::string pattern = (std::filesystem::temp_directory_path() / "cartpilot-file-XXXXXX").string();
  const std::filesystem::path folder = ::mkdtemp(pattern.data());
  const auto why = [](const std::filesystem::path& path) -> std::string {
    try {
      read_settings_text(path);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_THAT(why(folder), HasSubstr("it is a folder"));
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  EXPECT_THAT(why(folder / "fifo"), HasSubstr("it is no regular file"));
  EXPECT_THAT(why(folder / "none"), HasSubstr("No such file"));
  std::ofstream(folder / "long") << std::string(300'000, '#');
  EXPECT_THAT(why(folder / "long"), HasSubstr("longer than 256 KiB"));
  EXPECT_EQ(why("/dev/null"), "");
  std::filesystem::remove_all(folder);
}

TEST(SettingsEdit, changes_the_one_line_and_keeps_every_other_byte) {
  const std::string changed = with_setting(kAsPeopleWriteIt, "f", "provider", "offline");
  std::string expected = kAsPeopleWriteIt;
  expected.replace(expected.find("\"gemini\""), 8, "'offline'");
  EXPECT_EQ(changed, expected);
  std::string other = kAsPeopleWriteIt;
  other.replace(other.rfind("\"5:EUR\""), 7, "'6:EUR'");
  EXPECT_EQ(with_setting(kAsPeopleWriteIt, "f", "profiles.work.purchases.limit_day", "6:EUR"),
            other);
}

TEST(SettingsEdit, puts_a_new_line_at_the_end_of_its_table) {
  EXPECT_EQ(with_setting("", "f", "provider", "x"), "provider = 'x'\n");
  EXPECT_EQ(with_setting("# a\n\n[purchases]\n# b\n\n[plugins]\n", "f", "model", "x"),
            "# a\nmodel = 'x'\n\n[purchases]\n# b\n\n[plugins]\n");
  EXPECT_EQ(with_setting("[purchases]\napprove = 'ask'\n\n[plugins]\n", "f", "purchases.limit_day",
                         "5:USD"),
            "[purchases]\napprove = 'ask'\nlimit_day = '5:USD'\n\n[plugins]\n");
  EXPECT_EQ(with_setting("model = 'x'", "f", "plugins.paths", "[\"/a\"]"),
            "model = 'x'\n\n[plugins]\npaths = [\"/a\"]\n");
}

TEST(SettingsEdit, counts_columns_in_characters) {
  EXPECT_EQ(with_setting("model = 'm\xC3\xB6\xE2\x82\xAC'  # \xC3\xA4\n", "f", "model", "n"),
            "model = 'n'  # \xC3\xA4\n");
}

TEST(SettingsEdit, refuses_what_would_not_read_back) {
  const auto why = [](const char* text, const char* name, const char* value) -> std::string {
    try {
      return "written: " + with_setting(text, "f", name, value);
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_THAT(why("", "modle", "x"), HasSubstr("did you mean 'model'?"));
  EXPECT_THAT(why("", "model", ""), HasSubstr("is empty"));
  EXPECT_THAT(why("", "model", "a\nb"), HasSubstr("control characters"));
  EXPECT_THAT(why("", "purchases.allow_repeat", "many"), HasSubstr("a number from 0 to 1000"));
  EXPECT_THAT(why("", "purchases.allow_repeat", "1001"), HasSubstr("a number from 0 to 1000"));
  EXPECT_THAT(why("", "plugins.paths", "/a"), HasSubstr("a list such as"));
  EXPECT_THAT(why("provider = ", "model", "x"), HasSubstr("line 1"));
}

}  // namespace
}  // namespace cartpilot::host
