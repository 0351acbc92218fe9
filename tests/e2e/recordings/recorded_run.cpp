#include "recorded_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace cartpilot::e2e {

using testing::StartsWith;

std::vector<std::string> plus(std::vector<std::string> words,
                              const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<std::string> demo(const std::vector<std::string>& more) {
  return plus({"chat", "--demo"}, more);
}

void answer_question(Program& program, const std::string& total, bool yes) {
  program.wait_for("Type the total (" + total + ") and the code ");
  const std::string code = program.wait_for_match("\\([a-z]{4}\\) to buy").substr(1, 4);
  program.wait_for("s]: ");
  program.write(yes ? total + " " + code + "\n" : "no\n");
}

std::string recording_of(const Home& home) { return (home.path() / "run.jsonl").string(); }

std::vector<std::string> recorded(const Home& home, std::vector<std::string> words) {
  words.insert(words.begin() + 1, {"--record", recording_of(home)});
  return words;
}

Result record(const Home& home, const std::vector<std::string>& words, const std::string& input,
              const Environment& environment) {
  return run(home, recorded(home, words), input, environment);
}

Result record_at_terminal(const Home& home, const std::vector<std::string>& words,
                          const Environment& environment,
                          const std::function<void(Program&)>& person) {
  Program program(home, recorded(home, words), environment, true);
  person(program);
  return program.finish();
}

void expect_same(const Home& home, const Result& run) {
  const Home elsewhere;
  const Result again = e2e::run(elsewhere, {"replay", recording_of(home)});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(again.out, run.out);
  EXPECT_EQ(again.err, run.err);
  const Result check = e2e::run(elsewhere, {"replay", "--check", recording_of(home)});
  EXPECT_EQ(check.exit_code, 0) << check.err;
  EXPECT_THAT(check.out, StartsWith("the same: "));
  EXPECT_EQ(check.err, "");
}

void expect_same_screen(const Home& home, const Result& run) {
  const Home elsewhere;
  Program program(elsewhere, {"replay", recording_of(home)}, {}, true);
  const Result again = program.finish();
  EXPECT_EQ(again.exit_code, 0) << again.out;
  EXPECT_EQ(again.out, run.out);
  const Result check = e2e::run(elsewhere, {"replay", "--check", recording_of(home)});
  EXPECT_EQ(check.exit_code, 0) << check.err;
}

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace cartpilot::e2e
