// Hundreds of plugins in a folder: a list runs none of them, and a conversation only its own.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "private_dir.h"

namespace cartpilot::plugin_zoo {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;

constexpr int kCrowd = 500;

/// Copies of a plugin whose constructor writes down that it ran, with ids of their own.
void crowd(PrivateDir& dir) {
  const std::string bytes = PrivateDir::bytes("marks");
  for (int i = 0; i < kCrowd; ++i) {
    // "marks" occurs as id, factory and model; a number of the same length keeps all offsets.
    std::string copy = bytes;
    const std::string id = "m" + std::to_string(1000 + i);
    for (std::size_t at = copy.find("\"marks\""); at != std::string::npos;
         at = copy.find("\"marks\"", at)) {
      copy.replace(at + 1, 5, id);
    }
    dir.write(id, copy);
  }
}

TEST(Crowd, five_hundred_plugins_are_listed_without_running_any_of_them) {
  PrivateDir dir;
  crowd(dir);
  const fs::path marker = dir.home() / "marker";
  const e2e::Environment watched = {{"CARTPILOT_TEST_ZOO_MARKER", marker.string()}};
  const e2e::Result result = dir.run({"plugin", "list", "--json"}, watched);
  int usable = 0;
  for (const Json& record : parse_json(result.out, "list")) {
    usable += string_or(record, "status") == "ok" &&
                      fs::path(string_or(record, "file")).parent_path() == dir.plugins()
                  ? 1
                  : 0;
  }
  EXPECT_EQ(usable, kCrowd + 1);
  EXPECT_FALSE(fs::exists(marker)) << "a constructor ran";
  // The marker works: the plugin that is needed, and no other, runs; in the child, then here.
  EXPECT_EQ(dir.run({"models", "--provider", "m1007"}, watched).out, "marks-1\n");
  EXPECT_EQ(read_file(marker), "constructor of marks\nconstructor of marks\n");
  EXPECT_EQ(dir.run({"models", "--provider", "m1007"}, watched).exit_code, 0);
  EXPECT_EQ(read_file(marker), "constructor of marks\nconstructor of marks\nconstructor of marks\n")
      << "the child's verdict is remembered";
}

/// Milliseconds of the median of 15 runs.
double milliseconds(const PrivateDir& dir, const std::vector<std::string>& arguments) {
  std::vector<double> times;
  for (int i = 0; i < 15; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(dir.run(arguments).exit_code, 0);
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
            .count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

TEST(Crowd, a_list_and_a_start_with_five_hundred_end_well_and_their_times_are_printed) {
  PrivateDir alone;
  PrivateDir crowded;
  crowd(crowded);
  alone.put("marks");
  const std::vector<std::string> list = {"plugin", "list"};
  const std::vector<std::string> chat = {"chat", "--provider", "good", "hello"};
  std::printf("list: %.1f ms with 2, %.1f ms with %d\n", milliseconds(alone, list),
              milliseconds(crowded, list), kCrowd + 1);
  std::printf("chat: %.1f ms with 2, %.1f ms with %d\n", milliseconds(alone, chat),
              milliseconds(crowded, chat), kCrowd + 1);
}

TEST(Crowd, a_changed_added_or_removed_file_is_noticed_at_the_next_start) {
  PrivateDir dir;
  EXPECT_EQ(dir.run({"models", "--provider", "good"}).out, "good-1\n");
  dir.put("exports-all");
  EXPECT_EQ(dir.run({"models", "--provider", "exports-all"}).out, "exports-all-1\n");
  fs::remove(dir.path("exports-all"));
  EXPECT_EQ(dir.run({"models", "--provider", "exports-all"}).exit_code, 3);
  dir.put("exports-all", "good");
  EXPECT_EQ(dir.run({"models", "--provider", "exports-all"}).out, "exports-all-1\n");
  EXPECT_EQ(dir.run({"models", "--provider", "good"}).exit_code, 3);
}

}  // namespace
}  // namespace cartpilot::plugin_zoo
