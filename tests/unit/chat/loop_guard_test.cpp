#include "chat/loop_guard.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cartpilot::chat {
namespace {

const std::vector<ToolSpec>& specs() {
  static const std::vector<ToolSpec> all = [] {
    std::vector<ToolSpec> list(3);
    list[0].name = "look";
    list[1].name = "put";
    list[1].effect = EffectClass::kWrite;
    list[2].name = "pay";
    list[2].effect = EffectClass::kMoney;
    return list;
  }();
  return all;
}

ToolCall call_of(const std::string& name, const char* arguments = "{}") {
  ToolCall call;
  call.id = "any";
  call.name = name;
  call.arguments = parse_json(arguments);
  return call;
}

/// "" when the call may run, else the error code of the answer.
std::string verdict(LoopGuard& guard, const ToolCall& call) {
  const auto outcome = guard.check(call);
  if (!outcome) return "";
  EXPECT_FALSE(outcome->ok);
  EXPECT_FALSE(string_or(outcome->content, "message").empty());
  return string_or(outcome->content, "error_code");
}

TEST(LoopGuard, answers_the_third_identical_read) {
  LoopGuard guard({}, specs());
  EXPECT_EQ(verdict(guard, call_of("look", R"({"a":1,"b":[2]})")), "");
  EXPECT_EQ(verdict(guard, call_of("look", R"({"a":1,"b":[3]})")), "");
  EXPECT_EQ(verdict(guard, call_of("look", R"({"b":[2.0],"a":1.0})")), "");
  EXPECT_EQ(verdict(guard, call_of("look", R"({"a":1,"b":[2]})")), "REPEATED_CALL");
  EXPECT_EQ(verdict(guard, call_of("look", R"({"a":1,"b":[3]})")), "");
}

TEST(LoopGuard, lets_a_read_be_repeated_after_something_was_changed) {
  LoopGuard guard({}, specs());
  for (const char* change : {"put", "pay"}) {
    EXPECT_EQ(verdict(guard, call_of("look")), "");
    EXPECT_EQ(verdict(guard, call_of("look")), "");
    EXPECT_EQ(verdict(guard, call_of("look")), "REPEATED_CALL");
    EXPECT_EQ(verdict(guard, call_of(change)), "");
  }
}

TEST(LoopGuard, answers_a_write_or_money_call_that_repeats_the_one_before) {
  LoopGuard guard({}, specs());
  for (const char* name : {"put", "pay"}) {
    EXPECT_EQ(verdict(guard, call_of(name, R"({"a":1})")), "");
    EXPECT_EQ(verdict(guard, call_of(name, R"({"a":1})")), "REPEATED_CALL");
    EXPECT_EQ(verdict(guard, call_of(name, R"({"a":1})")), "REPEATED_CALL");
    EXPECT_EQ(verdict(guard, call_of(name, R"({"a":2})")), "");
    EXPECT_EQ(verdict(guard, call_of(name, R"({"a":1})")), "");
  }
}

TEST(LoopGuard, counts_a_tool_it_does_not_know_as_a_read) {
  LoopGuard guard;
  EXPECT_EQ(verdict(guard, call_of("put")), "");
  EXPECT_EQ(verdict(guard, call_of("put")), "");
  EXPECT_EQ(verdict(guard, call_of("put")), "REPEATED_CALL");
}

TEST(LoopGuard, tells_apart_numbers_a_double_cannot) {
  LoopGuard guard({}, specs());
  EXPECT_EQ(verdict(guard, call_of("put", R"({"n":9007199254740993})")), "");
  EXPECT_EQ(verdict(guard, call_of("put", R"({"n":9007199254740992})")), "");
  EXPECT_EQ(verdict(guard, call_of("put", R"({"n":1e300})")), "");
}

TEST(LoopGuard, stops_after_the_rounds_of_a_turn) {
  LoopGuard guard;
  for (int i = 0; i < 12; ++i) EXPECT_TRUE(guard.may_start_round()) << i;
  EXPECT_FALSE(guard.may_start_round());
  EXPECT_EQ(guard.limit_message(),
            "I stopped here, because this request reached the limit of 12 rounds. Write "
            "\"continue\" to go on.");
}

TEST(LoopGuard, answers_the_calls_beyond_the_limit_and_then_stops) {
  LoopGuard guard({3, 12}, specs());
  EXPECT_TRUE(guard.may_start_round());
  for (const char* arguments : {R"({"n":1})", R"({"n":2})", R"({"n":3})"}) {
    EXPECT_EQ(verdict(guard, call_of("look", arguments)), "");
  }
  // The model may still answer with what it has; only asking for more ends the turn.
  EXPECT_TRUE(guard.may_start_round());
  EXPECT_EQ(verdict(guard, call_of("look", R"({"n":4})")), "CALL_LIMIT");
  EXPECT_FALSE(guard.may_start_round());
  EXPECT_EQ(guard.limit_message(),
            "I stopped here, because this request reached the limit of 3 tool calls. Write "
            "\"continue\" to go on.");
}

TEST(LoopGuard, begins_every_turn_afresh) {
  LoopGuard guard({1, 1}, specs());
  EXPECT_TRUE(guard.may_start_round());
  EXPECT_EQ(verdict(guard, call_of("put")), "");
  EXPECT_EQ(verdict(guard, call_of("put")), "CALL_LIMIT");
  EXPECT_FALSE(guard.may_start_round());
  guard.begin_turn();
  EXPECT_TRUE(guard.may_start_round());
  EXPECT_EQ(verdict(guard, call_of("put")), "");
}

TEST(LoopGuard, allows_25_calls_and_12_rounds_unless_told_otherwise) {
  EXPECT_EQ(LoopLimits{}.max_calls, 25);
  EXPECT_EQ(LoopLimits{}.max_rounds, 12);
}

}  // namespace
}  // namespace cartpilot::chat
