// The way of an outside author: the examples of docs/plugin-authoring.md, built outside this
// project with nothing but the public headers and nlohmann-json, loaded and used.
#include <gmock/gmock.h>

#include <cstdlib>
#include <sstream>

#include "plugin_testing.h"

namespace cartpilot::plugin {
namespace {

using ::testing::ElementsAre;
using testing::EventList;
using testing::FakeTransport;
using ::testing::IsEmpty;
using testing::only_files;
using testing::TemporaryDirectory;

const std::filesystem::path kSource = CARTPILOT_SOURCE;

std::string read(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  EXPECT_TRUE(stream) << file;
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A fenced block of the guide that follows a comment "<!-- KEY: VALUE -->".
struct Block {
  std::string key;
  std::string value;
  std::string text;
};

std::vector<Block> marked_blocks() {
  std::vector<Block> blocks;
  std::istringstream guide(read(kSource / "docs/plugin-authoring.md"));
  bool inside = false;
  for (std::string line; std::getline(guide, line);) {
    if (line.rfind("<!-- ", 0) == 0) {
      const std::size_t colon = line.find(": ");
      const std::size_t end = line.find(" -->");
      blocks.push_back({line.substr(5, colon - 5), line.substr(colon + 2, end - colon - 2), ""});
      std::getline(guide, line);  // the opening fence
      inside = true;
    } else if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back().text += line + "\n";
    }
  }
  return blocks;
}

/// Runs a shell command in `directory`; its output on failure.
std::string run(const std::filesystem::path& directory, const std::string& command) {
  const std::filesystem::path log = directory / "log";
  const std::string line = "cd '" + directory.string() + "' && CARTPILOT='" + kSource.string() +
                           "' && { " + command + "\n} >'" + log.string() + "' 2>&1";
  return std::system(line.c_str()) == 0 ? "" : read(log) + "\nfailed";
}

TEST(Package, the_code_in_the_guide_is_the_code_that_is_tested) {
  std::vector<std::string> files;
  for (const Block& block : marked_blocks()) {
    if (block.key != "file") continue;
    files.push_back(block.value);
    EXPECT_EQ(block.text, read(kSource / block.value)) << block.value;
  }
  EXPECT_THAT(files,
              ElementsAre("tests/package/shout/shout.cpp", "tests/package/shout/CMakeLists.txt",
                          "tests/package/word-count/word_count.cpp"));
}

TEST(Package, the_guide_lists_every_header_outside_detail_and_testing) {
  std::vector<std::string> listed;
  std::istringstream guide(read(kSource / "docs/plugin-authoring.md"));
  for (std::string line; std::getline(guide, line) && line != "## The headers";) continue;
  for (std::string line; std::getline(guide, line) && line.rfind("## ", 0) != 0;) {
    if (line.rfind("| `", 0) != 0) continue;
    std::istringstream cell(line.substr(0, line.find('|', 1)));
    std::getline(cell, line, '`');
    for (std::string between; std::getline(cell, line, '`'); std::getline(cell, between, '`')) {
      listed.push_back(line);
    }
  }
  std::vector<std::string> there;
  for (const auto& entry :
       std::filesystem::directory_iterator(kSource / "core/include/cartpilot")) {
    if (!entry.is_directory()) there.push_back(entry.path().filename().string());
  }
  EXPECT_THAT(listed, ::testing::UnorderedElementsAreArray(there));
}

TEST(Package, a_provider_built_by_its_own_cmake_project_talks) {
  const TemporaryDirectory directory;
  ASSERT_EQ(run(directory.path(),
                "cmake -G Ninja -S \"$CARTPILOT/tests/package/shout\" -B build "
                "-DCARTPILOT_INCLUDE_DIR=\"$CARTPILOT/core/include\" "
                "-DCMAKE_CXX_FLAGS='-Wall -Wextra -Wpedantic -Werror' && "
                "cmake --build build"),
            "");
  FakeTransport transport;
  PluginHost host(only_files({directory / "build/cartpilot-shout.so"}), transport);
  const auto provider = host.make_provider("shout", {}, {});
  GenerateRequest request;
  request.messages = {Message::user("hello")};
  EventList sink;
  provider->generate(request, sink, CallContext());
  EXPECT_EQ(sink.events, parse_json(R"([{"type":"text_delta","text":"HELLO!"},
                                        {"type":"finish","reason":"stop"}])"));
}

TEST(Package, a_tool_set_built_by_the_one_line_of_the_guide_counts) {
  const TemporaryDirectory directory;
  std::string command;
  for (const Block& block : marked_blocks()) {
    if (block.key != "run in") continue;
    std::filesystem::copy(kSource / block.value, directory.path(),
                          std::filesystem::copy_options::recursive);
    command = block.text;
  }
  ASSERT_NE(command, "");
  ASSERT_EQ(run(directory.path(), command), "");
  FakeTransport transport;
  PluginHost host(only_files({directory / "cartpilot-word-count.so"}), transport);
  const auto sets = host.make_tool_sets({});
  ASSERT_EQ(sets.size(), 1U);
  EXPECT_EQ(sets[0].tools->list()[0].name, "count_words");
  EXPECT_EQ(outcome_to_json(
                sets[0].tools->call("count_words", {{"text", " two  words "}}, CallContext())),
            parse_json(R"({"ok":true,"content":{"words":2}})"));
  EXPECT_THAT(host.notices(), IsEmpty());
}

class PublicHeaders : public ::testing::TestWithParam<const char*> {};

TEST_P(PublicHeaders, compile_without_a_warning) {
  const TemporaryDirectory directory;
  const std::string command = GetParam();
  ASSERT_EQ(run(directory.path(), "command -v " + command.substr(0, command.find(' '))), "")
      << "scripts/setup installs it";
  EXPECT_EQ(
      run(directory.path(),
          command +
              " -fsyntax-only -fvisibility=hidden -Wall -Wextra -Wpedantic -Wshadow "
              "-Werror -I\"$CARTPILOT/core/include\" "
              "\"$CARTPILOT/tests/package/" +
              (command.find("c11") != std::string::npos ? "abi_only.c" : "all_headers.cpp") + "\""),
      "");
}

INSTANTIATE_TEST_SUITE_P(Compilers, PublicHeaders,
                         ::testing::Values("gcc -std=c11", "clang -std=c11", "g++ -std=c++17",
                                           "g++ -std=c++20", "clang++ -std=c++17",
                                           "clang++ -std=c++20"),
                         [](const auto& command) {
                           std::string name = command.param;
                           for (char& c : name) {
                             if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace cartpilot::plugin
