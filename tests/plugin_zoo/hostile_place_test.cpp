// Cases 41 to 50 and 62 of docs/plugin-errors.md: several plugins, places, permissions, the cache.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>

#include "no_transport.h"
#include "plugin/host/discovery.h"
#include "plugin/runtime/loader.h"
#include "private_dir.h"

namespace cartpilot::plugin_zoo {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(HostilePlugin, case_41_two_plugins_with_the_same_names_inside_keep_their_own) {
  PrivateDir dir;
  dir.put("twin-a");
  dir.put("twin-b");
  // One conversation loads both; the second must not meet the first one's class or globals.
  const e2e::Result result =
      dir.run({"chat", "--provider", "twin-a"}, {}, "hello\n/provider twin-b\nhello\n");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("twin-a twin-a 1"));
  EXPECT_THAT(result.out, HasSubstr("twin-b twin-b 1"));
}

TEST(HostilePlugin, case_42_one_id_twice_is_refused_in_one_folder_and_shadowed_in_another) {
  PrivateDir dir;
  dir.put("exports-all", "first");
  dir.put("exports-all", "second");
  EXPECT_EQ(string_or(dir.listed("first"), "code"), "CP-P16");
  EXPECT_EQ(string_or(dir.listed("second"), "why"),
            "cartpilot-first.so in the same directory has the same id");
  EXPECT_EQ(dir.run({"models", "--provider", "exports-all"}).exit_code, 3);
  dir.expect_neighbour_works();
  PrivateDir other;
  fs::remove(dir.path("second"));
  other.put("exports-all", "third");
  const e2e::Result listed =
      dir.run({"plugin", "list", "--json", "--plugin-path", other.plugins().string()});
  EXPECT_THAT(listed.out, HasSubstr("shadowed by " + other.path("third").string()));
  EXPECT_EQ(dir.run({"models", "--provider", "exports-all"}).out, "exports-all-1\n");
}

/// The plugin "good" is asked for; `bad` lies in a place that is searched before it.
void expect_good_is_used(const PrivateDir& dir, const fs::path& bad, const std::string& code) {
  const std::vector<std::string> models = {"models", "--provider", "good", "--plugin-path",
                                           bad.parent_path().string()};
  for (const char* time : {"first", "second"}) {  // the second time the verdict is known
    const e2e::Result result = dir.run(models);
    EXPECT_EQ(result.out, "good-1\n") << time << result.err;
    EXPECT_THAT(result.err,
                HasSubstr("plugin good: " + dir.path("good").string() + " is used, because " +
                          bad.string() + " is refused (" + code + ": "))
        << time;
  }
  // A file that is named is wanted, and no other.
  const e2e::Result named = dir.run({"models", "--provider", "good", "--plugin", bad.string(),
                                     "--plugin-path", bad.parent_path().string()});
  EXPECT_EQ(named.exit_code, 3) << named.out;
  EXPECT_THAT(named.err, HasSubstr(code));
}

TEST(PluginPlaces, a_bad_file_never_hides_a_good_one_of_a_later_place) {
  const PrivateDir dir;
  {
    PrivateDir bad;
    expect_good_is_used(dir, bad.write("good", "I am a text"), "CP-P03");
  }
  {
    PrivateDir bad;
    fs::remove(bad.path("good"));
    expect_good_is_used(dir, bad.put("good-crashing", "other-name"), "CP-P27");
  }
  PrivateDir bad;
  expect_good_is_used(dir, bad.put("good-failing", "good"), "CP-P15");
}

TEST(PluginPlaces, a_bad_file_never_hides_the_tools_of_a_good_one) {
  PrivateDir dir;
  dir.put("shop-guide");
  PrivateDir bad;
  const fs::path file = bad.write("shop-guide", "I am a text");
  const e2e::Result listed = dir.run({"tools", "list", "--plugin-path", bad.plugins().string()});
  EXPECT_THAT(listed.out, HasSubstr("note_down"));
  EXPECT_THAT(listed.err, HasSubstr("is used, because " + file.string() + " is refused (CP-P03"));
}

TEST(PluginPlaces, what_replaces_a_built_in_plugin_says_so_whenever_it_is_used) {
  PrivateDir dir;
  const fs::path file = dir.put("offline-other", "offline");
  const e2e::Result result = dir.run({"models", "--provider", "offline"});
  EXPECT_EQ(result.out, "offline-1\n") << result.err;
  EXPECT_THAT(result.err, HasSubstr("plugin offline: " + file.string() +
                                    " is used instead of the one that came with cartpilot"));
  EXPECT_EQ(dir.run({"models", "--provider", "good"}).err, "") << "told where it is used only";
}

TEST(HostilePlugin, case_43_one_provider_name_of_two_plugins_needs_the_long_form) {
  PrivateDir dir;
  fs::rename(dir.path("good"), dir.path("other-file-name"));
  dir.put("same-factory");
  const e2e::Result shortly = dir.run({"models", "--provider", "good"});
  EXPECT_EQ(shortly.exit_code, 2);
  EXPECT_THAT(shortly.err, HasSubstr("write good:good or same-factory:good"));
  EXPECT_EQ(dir.run({"models", "--provider", "good:good"}).out, "good-1\n");
  EXPECT_EQ(dir.run({"models", "--provider", "same-factory:good"}).out, "same-factory-1\n");
}

TEST(HostilePlugin, case_44_links_to_one_file_are_one_plugin_and_a_copy_is_a_second_one) {
  PrivateDir dir;
  fs::create_hard_link(dir.path("good"), dir.path("zhard"));
  fs::create_symlink(dir.path("good"), dir.path("zsoft"));
  EXPECT_EQ(string_or(dir.listed("good"), "status"), "ok");
  EXPECT_EQ(dir.listed("zhard"), nullptr);
  EXPECT_EQ(dir.listed("zsoft"), nullptr);
  dir.put("good", "zcopy");
  EXPECT_EQ(string_or(dir.listed("zcopy"), "code"), "CP-P16");
}

TEST(HostilePlugin, case_45_what_others_may_write_is_refused_unless_the_person_insists) {
  PrivateDir dir;
  dir.put("exports-all");
  fs::permissions(dir.path("exports-all"), fs::perms(0666));
  dir.expect_refused_unseen("exports-all", "CP-P26", "can be written by every user (mode 0666)");
  EXPECT_EQ(string_or(dir.listed("exports-all"), "fix"),
            "chmod go-w " + dir.path("exports-all").string());
  fs::permissions(dir.path("exports-all"), fs::perms(0644));

  fs::permissions(dir.plugins(), fs::perms(0777));
  EXPECT_EQ(string_or(dir.listed("good"), "code"), "CP-P26");
  EXPECT_EQ(dir.run({"models", "--provider", "good"}).exit_code, 3);
  const e2e::Result insists =
      dir.run({"models", "--provider", "good", "--allow-insecure-plugin-dir"});
  EXPECT_EQ(insists.out, "good-1\n");
  EXPECT_THAT(insists.err, HasSubstr("can be written by every user (mode 0777); to fix it: chmod"));
  // Who names the file has chosen its folder.
  const e2e::Result named = e2e::run(
      dir.house(), {"models", "--provider", "good", "--plugin", dir.path("good").string()});
  EXPECT_EQ(named.out, "good-1\n") << named.err;
  EXPECT_THAT(named.err, HasSubstr("to fix it: chmod go-w"));
  fs::permissions(dir.plugins(), fs::perms(01777));
  EXPECT_EQ(string_or(dir.listed("good"), "code"), "CP-P26") << "anybody could add a plugin";
}

TEST(HostilePlugin, case_46_relative_empty_and_ten_thousand_path_entries_are_ignored_in_few_words) {
  PrivateDir dir;
  std::string path = ":relative";
  for (int i = 0; i < 10'000; ++i) path += ":/n/" + std::to_string(i);
  const e2e::Result result = dir.run({"plugin", "list"}, {{"CARTPILOT_PLUGIN_PATH", path}});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("good"));
  EXPECT_THAT(result.err, HasSubstr("an empty entry in CARTPILOT_PLUGIN_PATH is ignored"));
  EXPECT_THAT(result.err, HasSubstr("the relative entry \"relative\""));
  EXPECT_THAT(result.err, HasSubstr("more entries are ignored or skipped"));
  EXPECT_LT(result.err.size(), 4096U);
}

TEST(HostilePlugin, case_47_a_plugin_in_the_current_folder_is_not_found_but_the_way_to_name_it_is) {
  PrivateDir dir;
  dir.put("exports-all");
  const fs::path before = fs::current_path();
  fs::current_path(dir.plugins());
  const e2e::Result result = e2e::run(dir.house(), {"plugin", "info", "exports-all"});
  const e2e::Result named = e2e::run(dir.house(), {"models", "--provider", "exports-all",
                                                   "--plugin", "./cartpilot-exports-all.so"});
  fs::current_path(before);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("--plugin ./cartpilot-exports-all.so"));
  EXPECT_EQ(named.out, "exports-all-1\n") << named.err;
}

TEST(HostilePlugin, case_48_with_another_users_rights_the_environment_names_no_folders) {
  PrivateDir dir;
  plugin::SearchOptions search;
  search.environment_path = dir.plugins();
  plugin::Surroundings around;
  around.secure = true;
  around.home = dir.home();
  around.data_home = dir.home();
  const plugin::Discovery found = plugin::discover(search, around);
  EXPECT_TRUE(found.candidates.empty());
  EXPECT_THAT(found.notices, ::testing::ElementsAre(HasSubstr("with another user's rights")));
  around.secure = false;
  EXPECT_EQ(plugin::discover(search, around).candidates.size(), 1U);
}

TEST(HostilePlugin, case_49_a_file_replaced_between_examination_and_loading_is_refused) {
  PrivateDir dir;
  const fs::path file = dir.put("marks");
  const plugin::Examination seen = plugin::examine_plugin(file);
  ASSERT_FALSE(seen.refusal);
  fs::rename(dir.path("good"), file);
  NoTransport transport;
  const auto services = plugin::HostServices::open(transport, {});
  plugin::Refusal refusal;
  EXPECT_EQ(plugin::open_examined(file, seen, services, refusal), nullptr);
  EXPECT_EQ(refusal.code, "CP-P17");
  EXPECT_EQ(refusal.why, "the file was replaced while it was loaded");
}

TEST(HostilePlugin, case_50_replacing_a_plugin_by_renaming_does_not_disturb_the_running_program) {
  PrivateDir dir;
  e2e::Program program(dir.house(), {"chat", "--provider", "good", "--output", "jsonl",
                                     "--plugin-path", dir.plugins().string()});
  program.write("hello\n");
  program.wait_for("turn_end");
  // The way docs/plugin-authoring.md tells: a new file beside it, then rename.
  fs::copy_file(animal("exports-all"), dir.plugins() / "new");
  fs::rename(dir.plugins() / "new", dir.path("good"));
  program.write("hello\n");
  program.wait_for("turn_end");
  EXPECT_EQ(program.finish().exit_code, 0);
  EXPECT_THAT(read_file(fs::path(CARTPILOT_SOURCE) / "docs/plugin-errors.md"),
              HasSubstr("never overwrite a plugin in place"));
}

TEST(HostilePlugin, case_62_a_cache_that_lies_is_broken_or_read_only_changes_no_verdict) {
  PrivateDir dir;
  dir.put("crashes");
  const fs::path cache = dir.home() / ".cache/cartpilot/plugins-1";
  EXPECT_EQ(string_or(dir.info("crashes"), "code"), "CP-P27");
  EXPECT_EQ(string_or(dir.listed("crashes"), "code"), "CP-P27") << "remembered";
  const auto each = [&](const auto& change) {
    int files = 0;
    for (const auto& entry : fs::directory_iterator(cache)) {
      change(entry.path());
      ++files;
    }
    EXPECT_GT(files, 0);
  };
  // Corrupt, cut, endless lines, a FIFO: rebuilt.
  each([](const fs::path& file) { std::ofstream(file) << std::string(100'000, '{'); });
  EXPECT_EQ(string_or(dir.listed("crashes"), "status"), "ok") << "a list runs nothing";
  EXPECT_EQ(string_or(dir.info("crashes"), "code"), "CP-P27");
  each([](const fs::path& file) {
    fs::remove(file);
    ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  });
  EXPECT_EQ(string_or(dir.info("crashes"), "code"), "CP-P27");
  dir.expect_neighbour_works();
  // Hostile: a file that others may write says that all is well.
  each([](const fs::path& file) {
    std::string text = read_file(file);
    const std::size_t code = text.find("CP-P27");
    if (code != std::string::npos) text.erase(code, 6);
    std::ofstream(file) << text;
    fs::permissions(file, fs::perms(0666));
  });
  EXPECT_EQ(string_or(dir.info("crashes"), "code"), "CP-P27");
  // No place for a cache at all.
  fs::remove_all(cache);
  std::ofstream(cache) << "in the way";
  EXPECT_EQ(string_or(dir.info("crashes"), "code"), "CP-P27");
  dir.expect_neighbour_works();
  // Two programs at once.
  fs::remove(cache);
  const std::vector<std::string> doctor = {"plugin", "doctor", "--json", "--plugin-path",
                                           dir.plugins().string()};
  e2e::Program one(dir.house(), doctor);
  e2e::Program two(dir.house(), doctor);
  EXPECT_EQ(one.finish().out, two.finish().out);
  each([](const fs::path& file) {
    EXPECT_THAT(read_file(file), HasSubstr("cartpilot-plugin-cache 1\n")) << file;
    EXPECT_THAT(file.filename().string(), Not(HasSubstr("."))) << "no draft is left";
  });
}

}  // namespace
}  // namespace cartpilot::plugin_zoo
