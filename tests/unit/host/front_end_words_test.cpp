// The core serves every front end, so it must not speak like this one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>

namespace cartpilot::host {
namespace {

TEST(FrontEndWords, of_the_command_line_are_not_in_the_core) {
  // A flag inside a string literal. The check kit is a command line of its own.
  const std::regex flag("\"[^\"]*--[a-z]{2,}[^\"]*\"");
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(CARTPILOT_CORE)) {
    const std::string name = entry.path().string();
    const bool source = entry.path().extension() == ".cpp" || entry.path().extension() == ".h";
    if (!source || name.find("/testing/") != std::string::npos) continue;
    ++files;
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) {
      const std::string code = line.substr(0, line.find("//"));
      EXPECT_FALSE(std::regex_search(code, flag)) << name << ": " << line;
      if (name.find("/purchase/") != std::string::npos || name.find("/app/") != std::string::npos) {
        EXPECT_THAT(code, ::testing::Not(::testing::HasSubstr("exit_code"))) << name;
      }
    }
  }
  EXPECT_GT(files, 100);
}

TEST(Output, leaves_by_one_door) {
  const std::regex writes(
      R"(std::(cout|cerr|clog|puts|fputs)\b|\bprintf\(|\b(write|dprintf|write_all)\(STD(OUT|ERR)_FILENO)");
  // Which write the editor's own screen, a question on the terminal itself, constants from a signal
  // handler, and the pipe of a child.
  const std::set<std::string> others = {"line_editor.cpp", "line_reader.cpp",     "tty.cpp",
                                        "interrupt.cpp",   "confirm_command.cpp", "output.cpp"};
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(CARTPILOT_HOST)) {
    const std::string name = entry.path().filename().string();
    const bool source = entry.path().extension() == ".cpp" || entry.path().extension() == ".h";
    if (!source || entry.path().string().find("/sandbox/") != std::string::npos) continue;
    ++files;
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) {
      const bool found = std::regex_search(line.substr(0, line.find("//")), writes);
      EXPECT_TRUE(!found || others.count(name) != 0) << name << ": " << line;
    }
  }
  EXPECT_GT(files, 50);
}

}  // namespace
}  // namespace cartpilot::host
