// Ctrl-C during an answer, and switching the provider in mid-conversation.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>

#include "e2e/program.h"
#include "fakes/loopback_server.h"

namespace cartpilot::e2e {
namespace {

using fakes::LoopbackServer;
using testing::HasSubstr;

Json chunk_json(const std::string& text, bool last) {
  Json chunk = {{"id", "x"}, {"object", "chat.completion.chunk"}, {"created", 1}, {"model", "m"}};
  Json choice = {{"index", 0}, {"delta", {{"content", text}}}, {"finish_reason", nullptr}};
  if (last) choice["finish_reason"] = "stop";
  chunk["choices"] = Json::array({choice});
  return chunk;
}

/// Chat Completions: the first request gets half an answer and then silence, later ones a whole
/// answer.
class StallingVendor {
 public:
  StallingVendor()
      : server_([this](const LoopbackServer::Request& request, LoopbackServer::Reply& reply) {
          answer(request, reply);
        }) {}
  std::string url() const { return server_.url() + "/v1"; }
  std::vector<LoopbackServer::Request> requests() const { return server_.requests(); }
  bool closed_by_client() const { return closed_; }

 private:
  void answer(const LoopbackServer::Request&, LoopbackServer::Reply& reply) {
    const bool stall = !stalled_.exchange(true);
    reply.begin_chunked(200, {{"Content-Type", "text/event-stream"}});
    reply.chunk("data: " + dump_json(chunk_json(stall ? "thinking " : "whole answer", !stall)) +
                "\n\n");
    if (stall) {
      closed_ = reply.wait_for_close(std::chrono::seconds(20));
      return;
    }
    reply.chunk("data: [DONE]\n\n");
    reply.end();
  }

  std::atomic<bool> stalled_{false};
  std::atomic<bool> closed_{false};
  LoopbackServer server_;
};

std::vector<std::string> talk() {
  return {"chat", "--provider", "openai", "--model", "m", "--sandbox"};
}

TEST(Interrupt, ctrl_c_ends_a_stalled_answer_and_returns_to_the_prompt) {
  StallingVendor vendor;
  const Home home;
  Program program(home, talk(), {{"OPENAI_BASE_URL", vendor.url()}}, true);
  program.wait_for("you> ");
  program.write("hello\n");
  program.wait_for("thinking");
  program.write("\x03");
  program.wait_for("stopped");
  program.wait_for("you> ");
  program.write("again\n");
  program.wait_for("whole answer");
  program.wait_for("you> ");
  program.write("/quit\n");
  EXPECT_EQ(program.finish().exit_code, 130);
  EXPECT_TRUE(vendor.closed_by_client());
  const Json second = parse_json(vendor.requests().at(1).body);
  EXPECT_THAT(dump_json(second), HasSubstr("thinking  [interrupted]"));
}

TEST(Interrupt, sigint_ends_a_program_that_reads_from_a_pipe_with_130) {
  StallingVendor vendor;
  const Home home;
  Program program(home, talk(), {{"OPENAI_BASE_URL", vendor.url()}});
  program.write("hello\nnever sent\n");
  program.wait_for("thinking");
  program.signal(SIGINT);
  EXPECT_EQ(program.finish().exit_code, 130);
  EXPECT_EQ(vendor.requests().size(), 1u);
}

TEST(Conversation, switches_the_provider_in_mid_conversation) {
  StallingVendor vendor;
  const Home home;
  Program program(home, {"chat", "--demo", "--output", "jsonl"},
                  {{"OPENAI_BASE_URL", vendor.url()}});
  program.write("I need wireless headphones under $100\n");
  program.wait_for("turn_end");
  program.write("/provider openai m\nand now?\n");
  program.wait_for("thinking");
  program.signal(SIGINT);
  program.finish();
  const Json request = parse_json(vendor.requests().at(0).body);
  std::vector<std::string> roles;
  for (const Json& message : request["messages"]) roles.push_back(message["role"]);
  EXPECT_EQ(roles,
            (std::vector<std::string>{"system", "user", "assistant", "tool", "assistant", "tool",
                                      "assistant", "tool", "tool", "assistant", "user"}));
  EXPECT_EQ(request["tools"].size(), 11u);
}

}  // namespace
}  // namespace cartpilot::e2e
