#include <gmock/gmock.h>

#include <utility>

#include "cartpilot/detail/wire_message.h"

#include "unit/chat/scripted_provider.h"

namespace cartpilot::chat {
namespace {

/// "role: text [ids of calls and results]" of every message.
std::vector<std::string> shown(const std::vector<Message>& messages) {
  std::vector<std::string> lines;
  for (const Message& message : messages) {
    std::string line = std::string(role_name(message.role)) + ": " + text_of(message);
    for (const Part& part : message.parts) {
      if (const auto* call = std::get_if<ToolCall>(&part)) {
        line += "[" + call->id + (call->arguments.is_null() ? " outline" : "") + "]";
      }
      if (const auto* result = std::get_if<ToolResult>(&part)) line += "[" + result->call_id + "]";
    }
    lines.push_back(line);
  }
  return lines;
}

/// Answers with calls while the script has some, and keeps every message it was told.
class KeepingProvider final : public LLMProvider {
 public:
  ProviderInfo info() const override { return {"keeping", "keeping-1", ""}; }
  void generate(const GenerateRequest& request, EventSink& sink, const CallContext&) override {
    requests.push_back(request);
    if (request.outlined_messages > 0 && std::exchange(lost, false)) throw history_needed();
    shown_notices_ = request.messages.size();
    if (std::exchange(calls, false)) {
      ToolCall call;
      call.id = "c1";
      call.name = "look";
      call.arguments = {{"n", 1}};
      sink.on_event(ToolCallEvent{call});
      Finish finish;
      finish.reason = FinishReason::kToolCalls;
      sink.on_event(finish);
      return;
    }
    sink.on_event(TextDelta{"answer " + std::to_string(requests.size())});
    sink.on_event(Finish{});
  }
  std::size_t kept_messages() const override { return shown_notices_; }
  Json function_declarations(const std::vector<ToolSpec>&) const override { return Json::array(); }
  std::vector<ToolCall> parse_function_calls(const Json&) const override { return {}; }
  Json function_responses(const std::vector<ToolResult>&) const override { return Json::array(); }

  bool calls = false;  ///< the next answer is a call
  bool lost = false;   ///< the next request with outlines is refused
  std::vector<GenerateRequest> requests;

 private:
  std::size_t shown_notices_ = 0;
};

class ReadableLog final : public MessageLog {
 public:
  void append(const Message& message) override { messages.push_back(message); }
  bool readable() const override { return can_read; }
  std::vector<Message> read() override {
    ++reads;
    return messages;
  }
  bool can_read = true;
  std::vector<Message> messages;
  int reads = 0;
};

class Outlines : public ::testing::Test {
 protected:
  Outlines() { router_.add(tools_, "echo", true); }
  ChatSession session() {
    ChatOptions options;
    options.provider = "keeping";
    return ChatSession(provider_, router_, notebook_, log_, options);
  }

  PassingGuard guard_;
  EchoTools tools_;
  ToolRouter router_{guard_};
  Notebook notebook_;
  ReadableLog log_;
  KeepingProvider provider_;
};

TEST_F(Outlines, are_all_that_stays_of_what_the_provider_keeps) {
  ChatSession chat = session();
  provider_.calls = true;
  chat.run_turn("hello", CallContext());
  chat.run_turn("more", CallContext());
  const GenerateRequest& last = provider_.requests.back();
  EXPECT_EQ(last.outlined_messages, 3U);
  EXPECT_THAT(shown(last.messages),
              ::testing::ElementsAre("user: ", "assistant: [c1 outline]",
                                     "tool: ", "assistant: answer 2", "user: more"));
  EXPECT_EQ(log_.reads, 0);
}

TEST_F(Outlines, become_messages_again_for_a_provider_that_lost_what_it_had) {
  ChatSession chat = session();
  provider_.calls = true;
  chat.run_turn("hello", CallContext());
  provider_.lost = true;
  const TurnResult turn = chat.run_turn("more", CallContext());
  EXPECT_EQ(turn.text, "answer 4");
  const GenerateRequest& last = provider_.requests.back();
  EXPECT_EQ(last.outlined_messages, 0U);
  EXPECT_EQ(last.unchanged_messages, 0U);
  EXPECT_NE(last.conversation, provider_.requests.front().conversation);
  EXPECT_THAT(shown(last.messages),
              ::testing::ElementsAre("user: hello", "assistant: [c1]", "tool: [c1]",
                                     "assistant: answer 2", "user: more"));
}

TEST_F(Outlines, become_messages_again_for_another_provider_and_for_whoever_reads_the_history) {
  ChatSession chat = session();
  chat.run_turn("hello", CallContext());
  EXPECT_EQ(shown(chat.history()), shown(log_.messages));
  chat.run_turn("more", CallContext());
  KeepingProvider other;
  chat.switch_provider(other, "other", "");
  chat.run_turn("and?", CallContext());
  EXPECT_EQ(other.requests.at(0).outlined_messages, 0U);
  EXPECT_THAT(shown(other.requests.at(0).messages),
              ::testing::ElementsAre("user: hello", "assistant: answer 1", "user: more",
                                     "assistant: answer 2", "user: and?"));
}

TEST_F(Outlines, are_not_made_when_the_log_cannot_be_read) {
  log_.can_read = false;
  ChatSession chat = session();
  chat.run_turn("hello", CallContext());
  chat.run_turn("more", CallContext());
  EXPECT_EQ(provider_.requests.back().outlined_messages, 0U);
  EXPECT_EQ(shown(chat.history()), shown(log_.messages));
}

TEST_F(Outlines, of_a_conversation_that_somebody_else_changed_end_the_turn_with_an_error) {
  ChatSession chat = session();
  chat.run_turn("hello", CallContext());
  log_.messages.clear();
  provider_.lost = true;
  const TurnResult turn = chat.run_turn("more", CallContext());
  ASSERT_TRUE(turn.error.has_value());
  EXPECT_STREQ(turn.error->what(),
               "the stored conversation has 1 messages instead of 3: not all were written, or "
               "something else changed it; begin a new one");
}

}  // namespace
}  // namespace cartpilot::chat
