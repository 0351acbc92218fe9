// Damaged copies of a good plugin through the real `plugin list` and `plugin info`.
//
// A test takes a slice of the seeds; CARTPILOT_MUTATIONS=10000 takes as many as it says
// (scripts/mutate-plugins).
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "private_dir.h"

namespace cartpilot::plugin_zoo {
namespace {

namespace fs = std::filesystem;

constexpr int kPerFolder = 250;

int wanted() {
  const char* text = std::getenv("CARTPILOT_MUTATIONS");
  return text == nullptr ? 100 : std::atoi(text);
}

/// One of: some bytes anywhere, some in the headers and tables in front, a piece cut out, a tail
/// cut off, a piece of the file copied over another.
std::string mutate(std::string bytes, unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  switch (seed % 5) {
    case 0:
      for (std::size_t i = 0; i < 1 + below(64); ++i) {
        bytes[below(bytes.size())] = static_cast<char>(random());
      }
      break;
    case 1:
      for (std::size_t i = 0; i < 1 + below(16); ++i) {
        bytes[below(std::min<std::size_t>(bytes.size(), 4096))] = static_cast<char>(random());
      }
      break;
    case 2: bytes.erase(below(bytes.size()), 1 + below(512)); break;
    case 3: bytes.resize(below(bytes.size())); break;
    default: {
      const std::size_t length = 1 + below(256);
      bytes.replace(below(bytes.size() - length), length, bytes, below(bytes.size() - length),
                    length);
    }
  }
  return bytes;
}

TEST(MutatedPlugin, never_crashes_or_hangs_the_list_or_the_information) {
  const std::string whole = PrivateDir::bytes("good");
  int tried = 0;
  int refused_unseen = 0;
  int refused_when_tried = 0;
  for (int first = 0; first < wanted(); first += kPerFolder) {
    PrivateDir dir;
    std::vector<std::string> names;
    for (int i = first; i < std::min(first + kPerFolder, wanted()); ++i) {
      names.push_back("m" + std::to_string(i));
      dir.write(names.back(), mutate(whole, static_cast<unsigned>(i)));
    }
    const e2e::Result listed = dir.run({"plugin", "list", "--json", "--probe-timeout", "1"});
    ASSERT_EQ(listed.exit_code, 0) << "seeds from " << first << ": " << listed.err;
    EXPECT_GE(parse_json(listed.out, "list").size(), names.size());
    for (const std::string& name : names) {
      const std::string file = dir.path(name).string();
      const e2e::Result shown = e2e::run(dir.house(), {"plugin", "info", file, "--plugin", file,
                                                       "--json", "--probe-timeout", "1"});
      ASSERT_TRUE(shown.exit_code == 0 || shown.exit_code == 3)
          << name << " ended with " << shown.exit_code << ": " << shown.err;
      const bool ran = shown.out.find("\"tried\":true") != std::string::npos;
      if (shown.exit_code == 3) ++(ran ? refused_when_tried : refused_unseen);
      ++tried;
    }
  }
  EXPECT_EQ(tried, wanted());
  EXPECT_GT(refused_unseen, wanted() / 4) << "most damage is seen without running anything";
  std::printf("%d damaged copies: %d refused without running them, %d when tried in a child\n",
              tried, refused_unseen, refused_when_tried);
}

}  // namespace
}  // namespace cartpilot::plugin_zoo
