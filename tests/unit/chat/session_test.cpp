#include "chat/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cartpilot/detail/wire.h"
#include "text/redaction.h"
#include "unit/chat/scripted_provider.h"

namespace cartpilot::chat {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ChatSessionTest : public testing::Test {
 protected:
  ChatSessionTest() { router_.add(tools_, "echo", true); }

  ChatSession session(ScriptedProvider& provider) {
    ChatOptions options;
    options.provider = provider.info().name;
    options.retry.base_ms = 1;
    options.retry.ceiling_ms = 1;
    return ChatSession(provider, router_, notebook_, notebook_, options);
  }

  static Error cut() {
    Error error(ErrorCode::kUnavailable, "the stream was cut");
    error.retryable = true;
    error.reason = "stream_cut";
    return error;
  }

  EchoTools tools_;
  PassingGuard guard_;
  ToolRouter router_{guard_};
  Notebook notebook_;
  SwitchContext context_;
};

TEST_F(ChatSessionTest, answers_without_calls_end_the_turn) {
  ScriptedProvider provider({says("hello")});
  ChatSession chat = session(provider);
  const TurnResult turn = chat.run_turn("hi", context_);
  EXPECT_EQ(turn.text, "hello");
  EXPECT_EQ(turn.finish, "stop");
  EXPECT_EQ(turn.steps, 1);
  EXPECT_EQ(notebook_.messages.size(), 2u);
  EXPECT_EQ(guard_.turns, 1);
}

TEST_F(ChatSessionTest, runs_calls_and_goes_on_until_the_model_answers_without) {
  ScriptedProvider provider(
      {calls({call_of("a", "look"), call_of("b", "look", {{"n", 2}})}), says("done")});
  ChatSession chat = session(provider);
  EXPECT_EQ(chat.run_turn("go", context_).text, "done");
  EXPECT_THAT(notebook_.lines,
              ElementsAre("call a", "call b", "result a", "result b", "text done"));
  const Message& answered = provider.requests.at(1).messages.at(2);
  ASSERT_EQ(answered.parts.size(), 2u);
  EXPECT_EQ(std::get<ToolResult>(answered.parts[1]).content["arguments"]["n"], 2);
}

TEST_F(ChatSessionTest, asks_with_the_whole_conversation_every_time) {
  ScriptedProvider provider({says("one"), calls({call_of("a", "look")}), says("two")});
  ChatSession chat = session(provider);
  chat.run_turn("first", context_);
  chat.run_turn("second", context_);
  std::vector<std::string> asked;
  for (const GenerateRequest& request : provider.requests) {
    std::string texts;
    for (const Message& message : request.messages) texts += text_of(message) + "/";
    asked.push_back(texts);
  }
  EXPECT_THAT(asked, ElementsAre("first/", "first/one/second/", "first/one/second///"));
  EXPECT_EQ(tool_calls_of(provider.requests[2].messages[3]).at(0).id, "a");
}

TEST_F(ChatSessionTest, never_runs_a_tool_of_a_cut_stream) {
  bool ran = false;
  tools_.on_call = [&ran](const std::string&) { ran = true; };
  const auto step = [](const GenerateRequest&, EventSink& sink) {
    sink.on_event(ToolCallEvent{call_of("a", "change")});
    throw cut();
  };
  ScriptedProvider provider({step, step, step});
  ChatSession chat = session(provider);
  const TurnResult turn = chat.run_turn("go", context_);
  EXPECT_EQ(turn.finish, "error");
  EXPECT_EQ(turn.error->reason, "stream_cut");
  EXPECT_FALSE(ran);
}

TEST_F(ChatSessionTest, treats_an_answer_without_finish_as_cut) {
  const auto step = [](const GenerateRequest&, EventSink& sink) {
    sink.on_event(TextDelta{"half"});
  };
  ScriptedProvider provider({step});
  ChatSession chat = session(provider);
  EXPECT_EQ(chat.run_turn("go", context_).error->reason, "stream_cut");
}

TEST_F(ChatSessionTest, retries_when_nothing_was_shown_and_says_so) {
  ScriptedProvider provider({fails(cut()), says("fine")});
  ChatSession chat = session(provider);
  EXPECT_EQ(chat.run_turn("go", context_).text, "fine");
  EXPECT_THAT(notebook_.lines, ElementsAre("retry the stream was cut", "text fine"));
}

TEST_F(ChatSessionTest, never_retries_after_text_was_shown_and_keeps_what_was_read) {
  ScriptedProvider provider({fails(cut(), "half an ans")});
  ChatSession chat = session(provider);
  EXPECT_EQ(chat.run_turn("go", context_).finish, "error");
  EXPECT_EQ(provider.requests.size(), 1u);
  EXPECT_EQ(text_of(notebook_.messages.back()), "half an ans [interrupted]");
}

TEST_F(ChatSessionTest, cancelling_between_tools_answers_every_call_and_keeps_the_history_valid) {
  tools_.on_call = [this](const std::string&) { context_.flag = true; };
  ScriptedProvider provider(
      {calls({call_of("a", "change"), call_of("b", "change", {{"n", 1}})}), says("next")});
  ChatSession chat = session(provider);
  EXPECT_EQ(chat.run_turn("go", context_).finish, "cancelled");
  const Message& last = notebook_.messages.back();
  ASSERT_EQ(last.parts.size(), 2u);
  EXPECT_FALSE(std::get<ToolResult>(last.parts[0]).is_error);
  EXPECT_EQ(std::get<ToolResult>(last.parts[1]).content["error_code"], "CANCELLED");
  context_.flag = false;
  EXPECT_EQ(chat.run_turn("and now?", context_).text, "next");
}

TEST_F(ChatSessionTest, a_cancelled_context_starts_no_request) {
  ScriptedProvider provider({says("no")});
  context_.flag = true;
  ChatSession chat = session(provider);
  EXPECT_EQ(chat.run_turn("go", context_).finish, "cancelled");
  EXPECT_TRUE(provider.requests.empty());
}

TEST_F(ChatSessionTest, stops_after_twelve_rounds_with_a_plain_message) {
  std::vector<ScriptedProvider::Step> steps;
  for (int i = 0; i < 20; ++i)
    steps.push_back(calls({call_of("c" + std::to_string(i), "look", {{"n", i}})}));
  ScriptedProvider provider(steps);
  ChatSession chat = session(provider);
  const TurnResult turn = chat.run_turn("go", context_);
  EXPECT_EQ(turn.finish, "limit");
  EXPECT_EQ(provider.requests.size(), 12u);
  EXPECT_FALSE(turn.text.empty());
}

TEST_F(ChatSessionTest, goes_on_for_as_many_rounds_each_time_the_person_says_so) {
  std::vector<ScriptedProvider::Step> steps;
  for (int i = 0; i < 40; ++i)
    steps.push_back(calls({call_of("c" + std::to_string(i), "look", {{"n", i}})}));
  ScriptedProvider provider(steps);
  ChatSession chat = session(provider);
  notebook_.times_to_go_on = 2;
  EXPECT_EQ(chat.run_turn("go", context_).finish, "limit");
  EXPECT_EQ(provider.requests.size(), 36u);
  EXPECT_EQ(std::count(notebook_.lines.begin(), notebook_.lines.end(), "limit 12 rounds"), 3);
  EXPECT_EQ(guard_.turns, 1);  // what a purchase may ask in a turn is not counted anew
}

TEST_F(ChatSessionTest, forgets_no_repetition_when_it_goes_on) {
  std::vector<ScriptedProvider::Step> steps;
  for (int i = 0; i < 13; ++i)
    steps.push_back(calls({call_of("c" + std::to_string(i), "look", {{"n", i < 2 ? 0 : i}})}));
  steps.push_back(calls({call_of("again", "look", {{"n", 0}})}));
  steps.push_back(says("done"));
  ScriptedProvider provider(steps);
  ChatSession chat = session(provider);
  notebook_.times_to_go_on = 1;
  EXPECT_EQ(chat.run_turn("go", context_).text, "done");
  EXPECT_EQ(std::count(notebook_.lines.begin(), notebook_.lines.end(), "error again"), 1);
}

TEST_F(ChatSessionTest, runs_at_most_twenty_five_calls_a_turn) {
  int ran = 0;
  tools_.on_call = [&ran](const std::string&) { ++ran; };
  std::vector<ToolCall> many;
  for (int i = 0; i < 30; ++i)
    many.push_back(call_of("c" + std::to_string(i), "change", {{"n", i}}));
  ScriptedProvider provider({calls(many), says("done")});
  ChatSession chat = session(provider);
  chat.run_turn("go", context_);
  EXPECT_EQ(ran, 25);
  EXPECT_EQ(notebook_.messages.at(2).parts.size(), 30u);
}

TEST_F(ChatSessionTest, an_answer_with_more_than_128_calls_runs_none_and_is_not_kept) {
  int ran = 0;
  tools_.on_call = [&ran](const std::string&) { ++ran; };
  std::vector<ToolCall> flood;
  for (int i = 0; i < 129; ++i) flood.push_back(call_of("c" + std::to_string(i), "look"));
  const auto step = [&flood](const GenerateRequest&, EventSink& sink) {
    sink.on_event(TextDelta{"let me look"});
    for (const ToolCall& call : flood) sink.on_event(ToolCallEvent{call});
    sink.on_event(Finish{});
  };
  ScriptedProvider provider({step, says("fine")});
  ChatSession chat = session(provider);
  const TurnResult turn = chat.run_turn("go", context_);
  ASSERT_EQ(turn.finish, "error");
  EXPECT_EQ(turn.error->reason, kTooManyCalls);
  EXPECT_EQ(ran, 0);
  EXPECT_THAT(notebook_.lines, ElementsAre("text let me look"));
  EXPECT_EQ(chat.run_turn("and now?", context_).text, "fine");
  ASSERT_EQ(provider.requests.size(), 2U);
  ASSERT_EQ(provider.requests[1].messages.size(), 2U);
  EXPECT_EQ(text_of(provider.requests[1].messages[0]), "go");
  EXPECT_EQ(text_of(provider.requests[1].messages[1]), "and now?");
}

TEST_F(ChatSessionTest, keeps_no_secret_in_any_part_of_a_message) {
  const std::string key = "canary-in-a-message-1";
  text::add_secret(key);
  ToolCall call = call_of(key, "look_" + key, {{key, key}});
  call.provider_metadata = {{key, key}};
  const auto step = [&](const GenerateRequest&, EventSink& sink) {
    sink.on_event(TextDelta{"canary-in-"});
    sink.on_event(TextDelta{"a-message-1"});
    sink.on_event(ReasoningDelta{key});
    sink.on_event(ToolCallEvent{call});
    Finish finish;
    finish.reason = FinishReason::kToolCalls;
    finish.provider_metadata = {{key, key}};
    sink.on_event(finish);
  };
  ScriptedProvider provider({step, says("fine")});
  ChatSession chat = session(provider);
  chat.run_turn("my key is " + key, context_);
  std::string kept;
  for (const Message& message : notebook_.messages) kept += dump_json(message_to_json(message));
  EXPECT_THAT(kept, HasSubstr("[redacted]"));
  EXPECT_THAT(kept, Not(HasSubstr(key)));
}

TEST_F(ChatSessionTest, does_not_run_calls_of_an_answer_cut_at_the_length_limit) {
  bool ran = false;
  tools_.on_call = [&ran](const std::string&) { ran = true; };
  ScriptedProvider provider(
      {calls({call_of("a", "change")}, FinishReason::kLength), says("shorter")});
  ChatSession chat = session(provider);
  EXPECT_EQ(chat.run_turn("go", context_).text, "shorter");
  EXPECT_FALSE(ran);
  EXPECT_EQ(std::get<ToolResult>(notebook_.messages.at(2).parts[0]).content["error_code"],
            "ANSWER_INCOMPLETE");
}

TEST_F(ChatSessionTest, keeps_private_metadata_for_its_own_model_family_only) {
  const auto signed_call = [](const GenerateRequest&, EventSink& sink) {
    ToolCall call = call_of("a", "look");
    call.provider_metadata = {{"signature", "s1"}};
    sink.on_event(ToolCallEvent{call});
    Finish finish;
    finish.provider_metadata = {{"raw", 1}};
    sink.on_event(finish);
  };
  ScriptedProvider provider({signed_call, says("one")});
  ChatSession chat = session(provider);
  chat.run_turn("go", context_);
  EXPECT_EQ(chat.history().at(1).provider_metadata, (Json{{"raw", 1}}));

  ScriptedProvider other({says("two")}, "other");
  EXPECT_THAT(chat.switch_provider(other, "other", ""), HasSubstr("left out"));
  chat.run_turn("and?", context_);
  const GenerateRequest& request = other.requests.at(0);
  EXPECT_EQ(request.model, "other-1");
  EXPECT_TRUE(request.messages.at(1).provider_metadata.is_null());
  EXPECT_TRUE(tool_calls_of(request.messages.at(1)).at(0).provider_metadata.is_null());
  EXPECT_TRUE(std::get<ToolResult>(request.messages.at(2).parts.at(0)).provider_metadata.is_null());
}

TEST_F(ChatSessionTest, answers_calls_a_killed_program_left_open_when_it_goes_on) {
  ScriptedProvider provider({says("on we go")});
  ChatSession chat = session(provider);
  Message open;
  open.role = Role::kAssistant;
  open.provider = "scripted";
  open.model = "scripted-1";
  open.parts.push_back(call_of("a", "change"));
  chat.restore({Message::user("go"), open});
  chat.run_turn("continue", context_);
  const GenerateRequest& request = provider.requests.at(0);
  ASSERT_EQ(request.messages.size(), 4u);
  const Json& answer = std::get<ToolResult>(request.messages.at(2).parts.at(0)).content;
  EXPECT_EQ(answer["error_code"], "CANCELLED");
  EXPECT_EQ(answer["message"],
            "The program ended before the result of this call was kept; it may have been carried "
            "out. Look before you repeat it.");
}

TEST_F(ChatSessionTest,
       finishes_a_turn_that_cannot_be_stored_and_stores_it_in_order_with_the_next) {
  ScriptedProvider provider({calls({call_of("a", "change")}), says("one"), says("two")});
  ChatSession chat = session(provider);
  notebook_.full = true;
  const TurnResult turn = chat.run_turn("go", context_);
  EXPECT_EQ(turn.text, "one");
  EXPECT_EQ(turn.finish, "stop");
  ASSERT_TRUE(turn.not_stored);
  EXPECT_STREQ(turn.not_stored->what(), "the disk is full");
  EXPECT_TRUE(notebook_.messages.empty());

  notebook_.full = false;
  EXPECT_FALSE(chat.run_turn("more", context_).not_stored);
  std::vector<Role> stored;
  for (const Message& message : notebook_.messages) stored.push_back(message.role);
  EXPECT_THAT(stored, ElementsAre(Role::kUser, Role::kAssistant, Role::kTool, Role::kAssistant,
                                  Role::kUser, Role::kAssistant));
}

TEST_F(ChatSessionTest, leaves_no_hole_after_a_message_that_was_refused) {
  ScriptedProvider provider({[this](const GenerateRequest&, EventSink& sink) {
                               notebook_.full = true;
                               says("one")({}, sink);
                             },
                             says("two")});
  ChatSession chat = session(provider);
  EXPECT_TRUE(chat.run_turn("go", context_).not_stored);
  ASSERT_EQ(notebook_.messages.size(), 1u);
  EXPECT_TRUE(chat.run_turn("more", context_).not_stored);
  EXPECT_EQ(notebook_.messages.size(), 1u) << "nothing is stored past a hole";
}

TEST_F(ChatSessionTest, sums_usage_over_the_steps_of_a_turn) {
  const auto used = [](std::vector<ToolCall> list) {
    return [list](const GenerateRequest&, EventSink& sink) {
      sink.on_event(UsageEvent{{5, 1, 0, 0}});
      sink.on_event(UsageEvent{{10, 3, 1, 2}});
      for (const ToolCall& call : list) sink.on_event(ToolCallEvent{call});
      sink.on_event(Finish{});
    };
  };
  ScriptedProvider provider({used({call_of("a", "look")}), used({})});
  ChatSession chat = session(provider);
  EXPECT_EQ(chat.run_turn("go", context_).usage, (Usage{20, 6, 2, 4}));
}

TEST(ModelFamily, is_the_leading_letters_of_the_id) {
  EXPECT_EQ(model_family("gemini-3.8-flash"), "gemini");
  EXPECT_EQ(model_family("gpt-6.1-terra"), "gpt");
  EXPECT_EQ(model_family("o3"), "o");
  EXPECT_EQ(model_family(""), "");
}

}  // namespace
}  // namespace cartpilot::chat
