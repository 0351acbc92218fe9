// What the router runs when, and whom it asks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "router_fakes.h"

namespace cartpilot::chat {
namespace {

using testing::ElementsAre;

TEST_F(ToolRouterTest, runs_the_reads_of_a_batch_together) {
  Rendezvous both(2);
  tools.add("look", EffectClass::kRead, [&](const Json&) {
    return ToolOutcome{true, {{"met", both.meet()}}};
  });
  router.add(tools, "shop", false);
  EXPECT_THAT(run({call_of("1", "look"), call_of("2", "look")}),
              ElementsAre(ok_result("1", "look", R"({"met":true})"),
                          ok_result("2", "look", R"({"met":true})")));
}

TEST_F(ToolRouterTest, runs_at_most_eight_reads_at_a_time) {
  Rendezvous eight(8);
  std::atomic<int> running{0};
  std::atomic<int> peak{0};
  tools.add("look", EffectClass::kRead, [&](const Json&) {
    const int now = ++running;
    int seen = peak;
    while (now > seen && !peak.compare_exchange_weak(seen, now)) {
    }
    const bool met = eight.meet();
    --running;
    return ToolOutcome{true, {{"met", met}}};
  });
  router.add(tools, "shop", false);
  std::vector<ToolCall> calls;
  std::vector<ToolResult> expected;
  for (int i = 0; i < 16; ++i) {
    calls.push_back(call_of(std::to_string(i), "look"));
    expected.push_back(ok_result(std::to_string(i), "look", R"({"met":true})"));
  }
  EXPECT_EQ(run(calls), expected);
  EXPECT_EQ(peak, 8);
}

TEST_F(ToolRouterTest, runs_a_single_read_on_the_callers_thread) {
  std::thread::id thread;
  tools.add("look", EffectClass::kRead, [&](const Json&) {
    thread = std::this_thread::get_id();
    return ToolOutcome{};
  });
  router.add(tools, "shop", false);
  run({call_of("1", "look")});
  EXPECT_TRUE(thread == std::this_thread::get_id());
}

TEST_F(ToolRouterTest, keeps_writes_in_order_and_apart_from_reads) {
  std::mutex mutex;
  std::vector<std::string> events;
  std::atomic<int> running{0};
  const auto body = [&](const char* kind) {
    return [&, kind](const Json& arguments) {
      const int now = ++running;
      {
        const std::lock_guard lock(mutex);
        events.push_back(kind + dump_json(arguments["n"]));
        if (*kind == 'w') {
          EXPECT_EQ(now, 1) << "a write ran beside another call";
        }
      }
      --running;
      return ToolOutcome{};
    };
  };
  const char* schema = R"({"type":"object","required":["n"]})";
  tools.add("look", EffectClass::kRead, body("r"), schema);
  tools.add("put", EffectClass::kWrite, body("w"), schema);
  router.add(tools, "shop", false);
  run({call_of("1", "look", R"({"n":1})"), call_of("2", "look", R"({"n":2})"),
       call_of("3", "put", R"({"n":3})"), call_of("4", "put", R"({"n":4})"),
       call_of("5", "look", R"({"n":5})"), call_of("6", "look", R"({"n":6})")});
  ASSERT_EQ(events.size(), 6U);
  // The reads of one group may come in any order; the groups may not mix.
  std::sort(events.begin(), events.begin() + 2);
  std::sort(events.begin() + 4, events.end());
  EXPECT_THAT(events, ElementsAre("r1", "r2", "w3", "w4", "r5", "r6"));
}

TEST_F(ToolRouterTest, runs_a_repeated_call_id_once_and_answers_each) {
  int runs = 0;
  tools.add("put", EffectClass::kWrite, [&](const Json&) {
    return ToolOutcome{true, {{"run", ++runs}}};
  });
  router.add(tools, "shop", false);
  EXPECT_THAT(
      run({call_of("1", "put"), call_of("1", "put"), call_of("1", "put", R"({"other":1})"),
           call_of("2", "put")}),
      ElementsAre(
          ok_result("1", "put", R"({"run":1})"), ok_result("1", "put", R"({"run":1})"),
          error_result(
              "1", "put", "DUPLICATE_CALL_ID",
              "Another call of this message has the same id, so this one was not run. Call again."),
          ok_result("2", "put", R"({"run":2})")));
}

TEST_F(ToolRouterTest, gives_a_repeated_read_the_result_of_the_first) {
  std::atomic<int> runs{0};
  tools.add("look", EffectClass::kRead, [&](const Json&) {
    return ToolOutcome{true, {{"run", ++runs}}};
  });
  router.add(tools, "shop", false);
  EXPECT_THAT(
      run({call_of("1", "look"), call_of("1", "look")}),
      ElementsAre(ok_result("1", "look", R"({"run":1})"), ok_result("1", "look", R"({"run":1})")));
}

TEST_F(ToolRouterTest, asks_the_guard_before_and_tells_it_after_every_write) {
  tools.add("put", EffectClass::kWrite, echo);
  guard.change = [](ToolCall& call) { call.arguments["key"] = "host"; };
  router.add(tools, "shop", false);
  EXPECT_THAT(run({call_of("1", "put", R"({"a":1})")}),
              ElementsAre(ok_result("1", "put", R"({"got":{"a":1,"key":"host"}})")));
  EXPECT_THAT(guard.log, ElementsAre("before put", R"(after put ok {"a":1,"key":"host"})"));
}

TEST_F(ToolRouterTest, does_not_run_a_write_the_guard_refuses) {
  int runs = 0;
  tools.add("put", EffectClass::kWrite, [&](const Json&) {
    ++runs;
    return ToolOutcome{};
  });
  router.add(tools, "shop", false);
  guard.refusal = tool_error("LOCKED", "A purchase is open on this basket.");
  EXPECT_THAT(
      run({call_of("1", "put")}),
      ElementsAre(error_result("1", "put", "LOCKED", "A purchase is open on this basket.")));
  guard.refusal.reset();
  guard.throw_before = true;
  EXPECT_THAT(run({call_of("1", "put")}),
              ElementsAre(error_result("1", "put", "UNAVAILABLE", "no disk")));
  EXPECT_EQ(runs, 0);
  EXPECT_THAT(guard.log, ElementsAre("before put", "before put"));
}

TEST_F(ToolRouterTest, says_that_a_write_ran_when_only_the_record_of_it_failed) {
  tools.add("put", EffectClass::kWrite, echo);
  router.add(tools, "shop", false);
  guard.throw_after = true;
  EXPECT_THAT(run({call_of("1", "put")}),
              ElementsAre(error_result("1", "put", "NOT_RECORDED",
                                       "put was carried out, but this could not be recorded (no "
                                       "disk). Do not repeat the call.")));
}

TEST_F(ToolRouterTest, gives_money_calls_to_the_guard_alone) {
  int runs = 0;
  tools.add("pay", EffectClass::kMoney, [&](const Json&) {
    ++runs;
    return ToolOutcome{};
  });
  router.add(tools, "cartpilot", true);
  EXPECT_THAT(run({call_of("1", "pay")}),
              ElementsAre(ok_result("1", "pay", R"({"bought":"pay"})")));
  guard.throw_money = true;
  EXPECT_THAT(
      run({call_of("2", "pay")}),
      ElementsAre(error_result("2", "pay", "OUTCOME_UNKNOWN",
                               "It is not known what became of pay (The tool failed: "
                               "boom). Do not try again; \"cartpilot purchases list\" shows what "
                               "is known.")));
  EXPECT_EQ(runs, 0);
  EXPECT_THAT(guard.log, ElementsAre("money pay", "money pay"));
}

TEST_F(ToolRouterTest, answers_what_was_not_started_when_the_person_stops) {
  tools.add("put", EffectClass::kWrite, [&](const Json&) {
    context.flag = true;
    return ToolOutcome{true, {{"done", true}}};
  });
  tools.add("pay", EffectClass::kMoney, echo).add("look", EffectClass::kRead, echo);
  router.add(tools, "cartpilot", true);
  const char* stopped = "The person stopped this turn before the call was run.";
  EXPECT_THAT(run({call_of("1", "put"), call_of("2", "put"), call_of("3", "pay"),
                   call_of("4", "look"), call_of("5", "lock")}),
              ElementsAre(ok_result("1", "put", R"({"done":true})"),
                          error_result("2", "put", "CANCELLED", stopped),
                          error_result("3", "pay", "CANCELLED", stopped),
                          error_result("4", "look", "CANCELLED", stopped),
                          error_result("5", "lock", "UNKNOWN_FUNCTION",
                                       "There is no function \"lock\". Did you mean look?")));
  EXPECT_THAT(guard.log, ElementsAre("before put", "after put ok {}"));
}

TEST_F(ToolRouterTest, tells_the_observer_about_every_call_in_order) {
  tools.add("look", EffectClass::kRead, echo).add("put", EffectClass::kWrite, echo);
  router.add(tools, "shop", false);
  std::vector<std::string> seen;
  router.run({call_of("1", "look"), call_of("2", "none"), call_of("3", "put"), call_of("3", "put")},
             context,
             [&](const ToolCall& call, const ToolResult& result, std::chrono::milliseconds) {
               seen.push_back(call.id + " " + result.name + (result.is_error ? " error" : ""));
             });
  EXPECT_THAT(seen, ElementsAre("1 look", "2 none error", "3 put", "3 put"));
}

}  // namespace
}  // namespace cartpilot::chat
