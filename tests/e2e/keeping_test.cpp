// A conversation whose messages cannot be written for a while.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>

#include "e2e/program.h"
#include "fakes/loopback_server.h"
#include "store/state_db.h"

namespace cartpilot::e2e {
namespace {

using fakes::LoopbackServer;
using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> kTalk = {"chat",      "--provider", "openai", "--model",   "m",
                                        "--sandbox", "--session",  "s1",     "--approve", "never"};

/// Chat Completions: answers by what was said last.
class Vendor {
 public:
  Vendor()
      : server_([](const LoopbackServer::Request& request, LoopbackServer::Reply& reply) {
          answer(request, reply);
        }) {}
  Environment environment() const { return {{"OPENAI_BASE_URL", server_.url() + "/v1"}}; }
  std::size_t asked() const { return server_.requests().size(); }

 private:
  static void answer(const LoopbackServer::Request& request, LoopbackServer::Reply& reply) {
    const std::string said = parse_json(request.body)["messages"].back()["content"];
    if (said == "fail") {
      reply.send(400, {{"Content-Type", "application/json"}},
                 R"({"error":{"message":"out of words","type":"invalid_request_error"}})");
      return;
    }
    reply.begin_chunked(200, {{"Content-Type", "text/event-stream"}});
    if (said == "stall") {
      reply.chunk(event("thinking ", nullptr));
      reply.wait_for_close(std::chrono::seconds(20));
      return;
    }
    reply.chunk(event("answer to " + said, "stop"));
    reply.chunk("data: [DONE]\n\n");
    reply.end();
  }

  static std::string event(const std::string& text, const Json& finish) {
    const Json choice = {{"index", 0}, {"delta", {{"content", text}}}, {"finish_reason", finish}};
    const Json chunk = {{"id", "x"},
                        {"object", "chat.completion.chunk"},
                        {"created", 1},
                        {"model", "m"},
                        {"choices", Json::array({choice})}};
    return "data: " + dump_json(chunk) + "\n\n";
  }

  LoopbackServer server_;
};

class Keeping : public testing::Test {
 protected:
  Keeping() : first(run(home, with({"first"}), "", vendor.environment())) {
    store::StateDb state(home.path() / "state" / "cartpilot" / "state.db");
    state.run(
        "CREATE TRIGGER refuse BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'no room'); "
        "END");
  }

  static std::vector<std::string> with(const std::vector<std::string>& more) {
    std::vector<std::string> words = kTalk;
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
  Vendor vendor;
  const Result first;
};

TEST_F(Keeping, goes_on_where_it_failed_as_soon_as_there_is_room) {
  Program program(home, with({"--output", "jsonl"}), vendor.environment());
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
  Program program(home, kTalk, vendor.environment());
  program.write("stall\nnever sent\n");
  program.wait_for("thinking");
  program.signal(SIGINT);
  const Result result = program.finish();
  EXPECT_EQ(result.exit_code, 130) << result.err;
  EXPECT_EQ(vendor.asked(), 2U) << "of the first run, and the one that was stopped";
  EXPECT_THAT(result.err, HasSubstr("the conversation is not stored yet"));
  EXPECT_THAT(result.err, HasSubstr("no room"));
}

TEST_F(Keeping, a_turn_that_failed_says_both) {
  const Result result = run(home, with({"fail"}), "", vendor.environment());
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.err, HasSubstr("out of words"));
  EXPECT_THAT(result.err, HasSubstr("no room"));
}

TEST_F(Keeping, a_conversation_that_is_open_cannot_be_deleted) {
  make_room();
  Program program(home, with({"--output", "jsonl"}), vendor.environment());
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
