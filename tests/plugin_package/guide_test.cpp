// The commands of docs/plugin-authoring.md, taken out of it and run in an empty folder with the
// installed package.
#include <gmock/gmock.h>

#include <sstream>

#include "cartpilot/testing/plugin_check.h"
#include "workshop.h"

namespace cartpilot::package {
namespace {

using ::testing::HasSubstr;

/// The fenced blocks that follow "<!-- KEY: ... -->" in the guide.
std::vector<std::pair<std::string, std::string>> blocks(const std::string& key) {
  std::vector<std::pair<std::string, std::string>> found;
  std::istringstream guide(read_file(kSource / "docs/plugin-authoring.md"));
  bool inside = false;
  const std::string start = "<!-- " + key + ": ";
  for (std::string line; std::getline(guide, line);) {
    if (line.rfind(start, 0) == 0) {
      found.emplace_back(line.substr(start.size(), line.find(" -->") - start.size()), "");
      std::getline(guide, line);  // the opening fence
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      found.back().second += line + "\n";
    }
  }
  return found;
}

TEST(Guide, its_tutorial_works_as_written) {
  const Workshop workshop;
  std::string commands;
  for (const auto& [what, text] : blocks("tutorial")) commands += "# " + what + "\n" + text;
  ASSERT_THAT(commands, HasSubstr("plugin new"));
  EXPECT_EQ(workshop.run(commands), "");
}

TEST(Guide, its_lines_without_cmake_build_good_plugins_in_cpp_and_c) {
  const auto lines = blocks("one line");
  ASSERT_EQ(lines.size(), 2U);
  for (const auto& [preparation, text] : lines) {
    const Workshop workshop;
    EXPECT_EQ(
        workshop.run(preparation + "\n" + text + "cartpilot plugin check --quiet cartpilot-*.so"),
        "")
        << text;
  }
}

TEST(Guide, its_table_names_every_check_once) {
  const std::string guide = read_file(kSource / "docs/plugin-authoring.md");
  for (const testing::CheckInfo& check : testing::list_checks()) {
    const std::string row = "| `" + check.id + "` | " + check.sentence + " |";
    const std::size_t at = guide.find(row);
    EXPECT_NE(at, std::string::npos) << row;
    EXPECT_EQ(guide.find("| `" + check.id + "` |", at + 1), std::string::npos) << check.id;
  }
}

}  // namespace
}  // namespace cartpilot::package
