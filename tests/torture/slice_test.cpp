// A small piece of the torture, by its own program, as an ordinary test.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>
#include <utility>

namespace {

struct Result {
  int exit_code;
  std::string printed;
};

Result torture(const std::string& arguments) {
  const std::string command = std::string(CARTPILOT_PURCHASE_TORTURE) + " " + arguments + " 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  Result result{-1, ""};
  if (pipe == nullptr) return result;
  std::array<char, 4096> block{};
  while (std::fgets(block.data(), block.size(), pipe) != nullptr) result.printed += block.data();
  const int status = ::pclose(pipe);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return result;
}

TEST(PurchaseTorture, finds_nothing_unapproved_duplicate_or_lost_in_a_slice) {
  const Result result =
      torture("--runs 160 --kill-runs 40 --intermediary-runs 30 --seed 1 --jobs 2");
  EXPECT_EQ(result.exit_code, 0) << result.printed;
  EXPECT_NE(result.printed.find("/ unapproved 0 / duplicate 0 / lost 0 / unknown"),
            std::string::npos)
      << result.printed;
  EXPECT_NE(result.printed.find("killed runs 40 "), std::string::npos) << result.printed;
}

TEST(PurchaseTorture, finds_nothing_where_rules_decide) {
  const Result result = torture("--runs 0 --rules-runs 60 --seed 1 --jobs 2");
  EXPECT_EQ(result.exit_code, 0) << result.printed;
  EXPECT_NE(result.printed.find("runs 60 / unapproved 0 / duplicate 0 / lost 0 / unknown"),
            std::string::npos)
      << result.printed;
  EXPECT_NE(result.printed.find("runs with rules 60 / "), std::string::npos) << result.printed;
  EXPECT_EQ(result.printed.find("rules allowed 0"), std::string::npos) << result.printed;
}

TEST(PurchaseTorture, finds_nothing_when_clients_of_mcp_die) {
  const Result result = torture("--runs 0 --mcp-runs 16 --seed 1 --jobs 2");
  EXPECT_EQ(result.exit_code, 0) << result.printed;
  EXPECT_NE(result.printed.find("runs 16 / unapproved 0 / duplicate 0 / lost 0 / unknown"),
            std::string::npos)
      << result.printed;
  EXPECT_NE(result.printed.find("runs through MCP 16 / "), std::string::npos) << result.printed;
  EXPECT_EQ(result.printed.find("died on the way 0"), std::string::npos) << result.printed;
}

TEST(PurchaseTorture, plays_one_seed_again_and_shows_it) {
  const Result result = torture("--replay k3");
  EXPECT_EQ(result.exit_code, 0) << result.printed;
  EXPECT_NE(result.printed.find("seed k3 "), std::string::npos) << result.printed;
  EXPECT_NE(result.printed.find("--- merchants booked"), std::string::npos) << result.printed;
}

TEST(PurchaseTorture, refuses_arguments_it_does_not_know) {
  const std::pair<const char*, std::pair<int, const char*>> rows[] = {
      {"--runz 3", {109, "--runz"}},     // CLI11's codes: an argument nobody declared,
      {"--runs many", {104, "--runs"}},  // a value of another type,
      {"--jobs 0", {105, "--jobs"}}};    // one out of range
  for (const auto& [arguments, expected] : rows) {
    const Result result = torture(arguments);
    EXPECT_EQ(result.exit_code, expected.first) << result.printed;
    EXPECT_NE(result.printed.find(expected.second), std::string::npos) << result.printed;
    EXPECT_EQ(result.printed.find("seeds from"), std::string::npos) << "nothing was played";
  }
}

}  // namespace
