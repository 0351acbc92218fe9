// A conversation whose messages cannot be written for a while.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <stdexcept>

#include "e2e/program.h"
#include "store/state_db.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kScript = R"(
[[answer]]
when.user_is = "first"
text = "answer to first"
[[answer]]
when.user_is = "second"
text = "answer to second"
[[answer]]
when.user_is = "third"
text = "answer to third"
[[answer]]
when.user_is = "fail"
error = { code = "invalid_argument", message = "out of words" }
[[answer]]
when.user_is = "stall"
play = [{ text = "thinking " }, { delay_ms = 60000 }]
[[answer]]
when.user_is = "never sent"
text = "answered nevertheless"
)";

class Keeping : public testing::Test {
 protected:
  Keeping() {
    std::ofstream(script()) << kScript;
    if (run(home, with({"first"})).exit_code != 0) throw std::runtime_error("no conversation");
    store::StateDb state(home.path() / "state" / "cartpilot" / "state.db");
    state.run(
        "CREATE TRIGGER refuse BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'no room'); "
        "END");
  }

  std::string script() const { return (home.path() / "script.toml").string(); }

  std::vector<std::string> with(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {
        "chat",      "--provider", "script", "--provider-option", "file=" + script(),
        "--sandbox", "--session",  "s1",     "--approve",         "never"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  void make_room() const {
    store::StateDb state(home.path() / "state" / "cartpilot" / "state.db");
    state.run("DROP TRIGGER refuse");
  }

  /// Everything stored, role and text.
  std::vector<std::string> kept() const {
    std::vector<std::string> said;
    const Json shown = parse_json(run(home, {"sessions", "show", "s1", "--json"}).out);
    for (const Json& message : shown["messages"]) {
      said.push_back(message["parts"][0]["text"]);
    }
    return said;
  }

  const Home home;
};

TEST_F(Keeping, goes_on_where_it_failed_as_soon_as_there_is_room) {
  Program program(home, with({"--output", "jsonl"}));
  program.write("second\n");
  program.wait_for("no room");
  make_room();
  program.write("third\n");
  const Result result = program.finish();
  EXPECT_EQ(result.exit_code, 1) << result.out << result.err;
  EXPECT_EQ(kept(), (std::vector<std::string>{"first", "answer to first", "second",
                                              "answer to second", "third", "answer to third"}));
}

TEST_F(Keeping, an_interrupted_pipe_stays_interrupted) {
  Program program(home, with({}));
  program.write("stall\nnever sent\n");
  program.wait_for("thinking");
  program.signal(SIGINT);
  const Result result = program.finish();
  EXPECT_EQ(result.exit_code, 130) << result.err;
  EXPECT_THAT(result.out, Not(HasSubstr("nevertheless")));
  EXPECT_THAT(result.err, HasSubstr("the conversation is not stored yet"));
  EXPECT_THAT(result.err, HasSubstr("no room"));
}

TEST_F(Keeping, a_turn_that_failed_says_both) {
  const Result result = run(home, with({"fail"}));
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.err, HasSubstr("out of words"));
  EXPECT_THAT(result.err, HasSubstr("no room"));
}

TEST_F(Keeping, a_conversation_that_is_open_cannot_be_deleted) {
  make_room();
  Program program(home, with({"--output", "jsonl"}));
  program.write("second\n");
  program.wait_for("turn_end");
  const Result refused = run(home, {"sessions", "delete", "s1"});
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.err, HasSubstr("is open in another cartpilot"));
  program.write("third\n");
  EXPECT_EQ(program.finish().exit_code, 0);
  EXPECT_THAT(run(home, {"sessions", "show", "s1"}).out, HasSubstr("answer to third"));
  EXPECT_EQ(run(home, {"sessions", "delete", "s1"}).exit_code, 0);
}

}  // namespace
}  // namespace cartpilot::e2e
