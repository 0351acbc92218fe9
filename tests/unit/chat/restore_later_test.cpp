#include <gmock/gmock.h>

#include "unit/chat/scripted_provider.h"

namespace cartpilot::chat {
namespace {

struct NoGuard final : CallGuard {
  std::optional<ToolOutcome> before_write(ToolCall&) override { return std::nullopt; }
  void after_write(const ToolCall&, const ToolOutcome&) override {}
  ToolOutcome run_money(const ToolCall&, const CallContext&) override { return {}; }
  void begin_turn() override {}
};

struct Listener final : ChatObserver {
  void on_event(const StreamEvent& event) override {
    if (const auto* warning = std::get_if<WarningEvent>(&event))
      warnings.push_back(warning->message);
  }
  void on_tool_call(const ToolCall&) override {}
  void on_tool_result(const ToolCall&, const ToolResult&, std::int64_t) override {}
  void on_retry(std::int64_t, const std::string&) override {}
  std::vector<std::string> warnings;
};

struct Keeper final : MessageLog {
  void append(const Message& message) override { messages.push_back(message); }
  std::vector<Message> messages;
};

class RestoreLater : public ::testing::Test {
 protected:
  ChatSession session(ScriptedProvider& provider) {
    ChatOptions options;
    options.provider = "scripted";
    return ChatSession(provider, router_, listener_, keeper_, options);
  }
  std::vector<Message> earlier() {
    ++loads_;
    Message answer;
    answer.role = Role::kAssistant;
    answer.provider = "other";
    answer.parts.push_back(TextPart{"hi", Json{{"signature", "s"}}});
    return {Message::user("hello"), answer};
  }

  NoGuard guard_;
  ToolRouter router_{guard_};
  Listener listener_;
  Keeper keeper_;
  int loads_ = 0;
};

TEST_F(RestoreLater, loads_once_when_the_next_turn_needs_it_and_warns_then) {
  ScriptedProvider provider({says("one"), says("two")});
  ChatSession chat = session(provider);
  chat.restore_later([this] { return earlier(); });
  EXPECT_EQ(loads_, 0);
  chat.run_turn("and?", CallContext());
  chat.run_turn("more", CallContext());
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(text_of(provider.requests.at(0).messages.at(0)), "hello");
  EXPECT_THAT(listener_.warnings, ::testing::ElementsAre(::testing::HasSubstr("left out")));
}

TEST_F(RestoreLater, loads_for_whoever_asks_for_the_history) {
  ScriptedProvider provider({});
  ChatSession chat = session(provider);
  chat.restore_later([this] { return earlier(); });
  EXPECT_EQ(chat.history().size(), 2U);
  EXPECT_EQ(loads_, 1);
}

}  // namespace
}  // namespace cartpilot::chat
