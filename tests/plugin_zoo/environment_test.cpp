// Plugins may change environment variables while they are loaded, and the program puts them back:
// no other thread of it may read any meanwhile.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "plugin_zoo/private_dir.h"

namespace cartpilot::plugin_zoo {
namespace {

/// What the library environment_watch.cpp wrote.
struct Watched {
  std::vector<std::string> overlaps;  ///< changes while a thread ran that reads at some time
  std::set<std::string> read;         ///< by other threads than the first
  int changes = 0;
};

Watched watched(const std::string& text) {
  struct Line {
    std::string process, what, thread, name;
  };
  std::vector<Line> lines;
  std::set<std::pair<std::string, std::string>> readers;
  Watched result;
  std::istringstream in(text);
  for (std::string one; std::getline(in, one);) {
    std::istringstream words(one);
    Line line;
    words >> line.process >> line.what >> line.thread >> line.name;
    if (line.what == "read") {
      readers.emplace(line.process, line.thread);
      result.read.insert(line.name);
    }
    lines.push_back(line);
  }
  std::set<std::pair<std::string, std::string>> running;
  for (const Line& line : lines) {
    const std::pair thread(line.process, line.thread);
    if (line.what == "begin") running.insert(thread);
    if (line.what == "end") running.erase(thread);
    if (line.what != "change") continue;
    ++result.changes;
    for (const auto& other : running) {
      if (other.first != line.process || other == thread) continue;
      if (readers.count(other) != 0) result.overlaps.push_back(line.name);
    }
  }
  return result;
}

Watched watch(const PrivateDir& dir, const std::vector<std::string>& arguments,
              const std::string& input, e2e::Environment environment) {
  const std::filesystem::path file = dir.home() / "watch";
  environment["LD_PRELOAD"] = CARTPILOT_ENVIRONMENT_WATCH;
  environment["CARTPILOT_TEST_ENVIRONMENT_WATCH"] = file.string();
  const e2e::Result result = dir.run(arguments, environment, input);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const Watched seen = watched(read_file(file));
  EXPECT_GT(seen.changes, 0) << "nobody was watched";
  return seen;
}

TEST(Environment, is_not_read_by_the_thread_that_opens_the_journal_while_a_plugin_changes_it) {
  PrivateDir dir;
  dir.put("changes-everything");
  const Watched seen =
      watch(dir, {"chat", "--provider", "changes-everything", "--sandbox"}, "", {});
  EXPECT_THAT(seen.overlaps, testing::IsEmpty());
  EXPECT_THAT(seen.read, testing::IsEmpty());
}

}  // namespace
}  // namespace cartpilot::plugin_zoo
