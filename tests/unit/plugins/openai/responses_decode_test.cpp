// The Responses decoder alone: thoughts set apart, ids, arguments that are told to the model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "responses_events.h"

namespace cartpilot::openai {
namespace {

using namespace testing;

std::string finish(const std::string& head, const std::string& output) {
  return "finish " + head + R"( m-1 {"api":"responses","endpoint":"https://test/v1","output":[)" +
         output + "]}";
}

Trace decode(const std::vector<std::string>& events) {
  return decode_stream(Api::kResponses, sse(events), mixer_tools());
}

TEST(ResponsesDecoder, summary_parts_are_set_apart) {
  EXPECT_EQ(decode({event("reasoning_summary_text.delta",
                          R"("output_index":0,"summary_index":0,"delta":"One")"),
                    event("reasoning_summary_text.delta",
                          R"("output_index":0,"summary_index":1,"delta":"Two")"),
                    item_event("done", 0, kReasoning), terminal("completed")}),
            (Trace{"reasoning One", "reasoning \n\nTwo", finish("stop completed", kReasoning)}));
}

TEST(ResponsesDecoder, a_call_told_twice_under_one_id_runs_once) {
  EXPECT_EQ(only(decode({item_event("done", 0, kCall), item_event("done", 1, kCall),
                         terminal("completed")}),
                 {"call"}),
            Trace{R"(call a mixer_level {"channel":3})"});
}

TEST(ResponsesDecoder, a_call_without_an_id_gets_one_that_is_echoed) {
  const Trace trace = results(
      decode({item_event("done", 0, call_item("", R"({\"channel\":3})")), terminal("completed")}));
  ASSERT_EQ(trace.size(), 2U);
  EXPECT_THAT(trace[0], ::testing::MatchesRegex("call call_[0-9A-Za-z]{24} mixer_level .*"));
  const std::string id = trace[0].substr(5, 29);
  EXPECT_THAT(trace[1], ::testing::HasSubstr(R"("call_id":")" + id + '"'));
}

TEST(ResponsesDecoder, arguments_that_are_no_object_are_told_to_the_model_and_echoed_empty) {
  const Trace trace =
      results(decode({item_event("done", 0, call_item("a", "nonsense")), terminal("completed")}));
  EXPECT_EQ(
      trace,
      (Trace{"bad a mixer_level the arguments of mixer_level are not valid JSON: line 1, column 1: "
             "expected a value; call it again with one JSON object",
             finish("tool_calls completed", call_item("a", "{}"))}));
}

TEST(ResponsesDecoder, strict_nulls_are_taken_out_of_the_call_and_stay_in_the_echo) {
  const std::string item = call_item("a", R"({\"channel\":3,\"unit\":null})");
  EXPECT_EQ(results(decode({item_event("done", 0, item), terminal("completed")})),
            (Trace{R"(call a mixer_level {"channel":3})", finish("tool_calls completed", item)}));
}

}  // namespace
}  // namespace cartpilot::openai
