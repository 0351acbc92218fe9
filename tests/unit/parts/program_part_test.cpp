#include "parts/program_part.h"

#include <gtest/gtest.h>

#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>

#include "cartpilot/error.h"

namespace cartpilot::parts {
namespace {

/// The error of opening a part, "" for none, with its reason in front.
std::string problem(const char* file, const char* symbol) {
  try {
    open_part(file, symbol);
    return "";
  } catch (const Error& error) {
    return error.reason + ": " + error.what();
  }
}

/// What a command prints, and its exit code.
std::pair<std::string, int> outcome_of(const std::string& command) {
  FILE* const output = ::popen(command.c_str(), "r");
  std::string text;
  char block[4096];
  for (std::size_t got = 0; (got = std::fread(block, 1, sizeof block, output)) > 0;) {
    text.append(block, got);
  }
  const int status = ::pclose(output);
  return {text, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

/// What the dynamic linker would load for `file`.
std::string libraries_of(const std::string& file) {
  const auto [text, code] = outcome_of("/lib64/ld-linux-x86-64.so.2 --list '" + file + "'");
  EXPECT_EQ(code, 0) << text;
  return text;
}

bool holds(const std::string& text, const char* word) {
  return text.find(word) != std::string::npos;
}

TEST(ProgramPart, says_which_part_is_missing_and_what_to_do) {
  const std::string text = problem("cartpilot-nowhere.so", "cartpilot_part_answer");
  EXPECT_EQ(text.rfind("part: cartpilot-nowhere.so, a part of this program, is missing", 0), 0U)
      << text;
  EXPECT_TRUE(holds(text, "install cartpilot again")) << text;
}

TEST(ProgramPart, that_was_lost_is_told_by_the_program_and_its_exit_code) {
  namespace fs = std::filesystem;
  std::string name = (fs::temp_directory_path() / "cartpilot-lost-XXXXXX").string();
  const fs::path root = ::mkdtemp(name.data());
  fs::create_directories(root / "bin");
  fs::copy(CARTPILOT_PROGRAM, root / "bin/cartpilot");
  fs::create_directories(root / "lib");
  fs::copy(fs::path(CARTPILOT_PROGRAM_PART_FILE).parent_path(), root / "lib/cartpilot",
           fs::copy_options::recursive);
  const auto chat = [&](const std::string& more) {
    return outcome_of("env -i HOME=" + root.string() + " " + root.string() +
                      "/bin/cartpilot chat 2>&1 " + more);
  };
  const auto [bought, bought_code] = chat(
      "--demo --approve up-to:150:USD --merchants merchant-a,merchant-b <<'END'\n"
      "I need wireless headphones under $100\nbuy the cheapest\nyes\nEND");
  ASSERT_EQ(bought_code, 0) << bought;
  ASSERT_TRUE(holds(bought, "BOUGHT")) << bought;
  fs::remove(root / "lib/cartpilot/cartpilot-formats.so");
  constexpr const char* kLost = "cartpilot-formats.so, a part of this program, is missing";

  // With a purchase on record, which can be neither trusted nor distrusted now.
  const auto [stopped, stopped_code] = chat("--demo hello");
  EXPECT_TRUE(holds(stopped, kLost)) << stopped;
  EXPECT_FALSE(holds(stopped, "--new-journal")) << stopped;
  EXPECT_EQ(stopped_code, 1) << stopped;

  fs::remove_all(root / ".local");
  const auto [text, code] = chat("--provider offline --api-url http://127.0.0.1:9 headphones");
  EXPECT_TRUE(holds(text, kLost)) << text;
  EXPECT_TRUE(holds(text, "INTERNAL_ERROR")) << text;
  EXPECT_EQ(code, 5) << text;
  fs::remove_all(root);
}

TEST(ProgramPart, refuses_a_part_of_another_version) {
  const std::string text = problem("cartpilot-old.so", "cartpilot_part_answer");
  EXPECT_TRUE(holds(text, "is version 0.0.0-old but this program is ")) << text;
}

TEST(ProgramPart, leaves_what_only_a_person_at_a_terminal_needs_to_its_own_part) {
  EXPECT_FALSE(holds(libraries_of(CARTPILOT_PROGRAM_PART_FILE), "libedit"));
  EXPECT_TRUE(holds(libraries_of(CARTPILOT_EDITING_PART_FILE), "libedit"));
}

TEST(ProgramPart, leaves_sqlite_out_of_the_executable) {
  const std::string libraries = libraries_of(CARTPILOT_PROGRAM);
  for (const char* word : {"libsqlite3", "libedit"}) {
    EXPECT_FALSE(holds(libraries, word)) << libraries;
  }
}

TEST(ProgramPart, leaves_poco_to_the_parts_that_a_conversation_begins_without) {
  for (const char* file : {CARTPILOT_PROGRAM, CARTPILOT_PROGRAM_PART_FILE}) {
    EXPECT_FALSE(holds(libraries_of(file), "libPoco")) << file;
  }
  EXPECT_TRUE(holds(libraries_of(CARTPILOT_FORMATS_PART_FILE), "libPocoFoundation"));
  EXPECT_FALSE(holds(libraries_of(CARTPILOT_FORMATS_PART_FILE), "libPocoNet"));
  EXPECT_TRUE(holds(libraries_of(CARTPILOT_SANDBOX_PART_FILE), "libPocoNet"));
}

}  // namespace
}  // namespace cartpilot::parts
