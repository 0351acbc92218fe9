#include "parts/program_part.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

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

/// What the dynamic linker would load for `file`.
std::string libraries_of(const std::string& file) {
  FILE* const list = ::popen(("/lib64/ld-linux-x86-64.so.2 --list '" + file + "'").c_str(), "r");
  std::string text;
  char block[4096];
  for (std::size_t got = 0; (got = std::fread(block, 1, sizeof block, list)) > 0;) {
    text.append(block, got);
  }
  EXPECT_EQ(::pclose(list), 0) << text;
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

TEST(ProgramPart, refuses_a_part_of_another_version) {
  const std::string text = problem("cartpilot-old.so", "cartpilot_part_answer");
  EXPECT_TRUE(holds(text, "is version 0.0.0-old but this program is ")) << text;
}

TEST(ProgramPart, finds_the_part_beside_the_executable_and_its_function) {
  EXPECT_NE(open_part("cartpilot-tls.so", "cartpilot_part_tls_context"), nullptr);
  EXPECT_TRUE(holds(problem("cartpilot-tls.so", "cartpilot_part_no_such"), "lacks"));
}

TEST(ProgramPart, leaves_tls_out_of_everything_but_its_own_part) {
  for (const char* file : {CARTPILOT_PROGRAM, CARTPILOT_PROGRAM_PART_FILE}) {
    const std::string libraries = libraries_of(file);
    EXPECT_TRUE(holds(libraries, "libstdc++")) << libraries;
    for (const char* word : {"libssl", "libcrypto", "NetSSL", "PocoCrypto"}) {
      EXPECT_FALSE(holds(libraries, word)) << file << " loads " << word;
    }
  }
  const std::string libraries = libraries_of(CARTPILOT_TLS_PART_FILE);
  EXPECT_TRUE(holds(libraries, "libssl"));
  EXPECT_FALSE(holds(libraries, "libPoco")) << libraries;
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
  for (const char* file :
       {CARTPILOT_PROGRAM, CARTPILOT_PROGRAM_PART_FILE, CARTPILOT_TLS_PART_FILE}) {
    EXPECT_FALSE(holds(libraries_of(file), "libPoco")) << file;
  }
  EXPECT_TRUE(holds(libraries_of(CARTPILOT_FORMATS_PART_FILE), "libPocoFoundation"));
  EXPECT_FALSE(holds(libraries_of(CARTPILOT_FORMATS_PART_FILE), "libPocoNet"));
  EXPECT_TRUE(holds(libraries_of(CARTPILOT_SANDBOX_PART_FILE), "libPocoNet"));
}

}  // namespace
}  // namespace cartpilot::parts
