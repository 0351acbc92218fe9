// The answers A51 to A70 that a Responses client meets, and what they become.
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

TEST(ResponsesDecoder, reasoning_call_and_text_of_one_answer) {
  EXPECT_EQ(
      decode({event("created", R"("response":{"id":"r","status":"in_progress","output":[]})"),
              item_event("added", 0,
                         R"({"type":"reasoning","summary":[],"encrypted_content":"not yet"})"),
              delta("reasoning_summary_text", 0, "Thi"), delta("reasoning_summary_text", 0, "nk."),
              item_event("done", 0, kReasoning),
              item_event("added", 1, R"({"type":"message","role":"assistant","content":[]})"),
              delta("output_text", 1, "Hi"), item_event("done", 1, message_item("Hi")),
              item_event("added", 2, call_item("a", "", "in_progress")),
              delta("function_call_arguments", 2, R"({\"chan)"),
              delta("function_call_arguments", 2, R"(nel\":3})"),
              event("function_call_arguments.done",
                    R"("output_index":2,"arguments":"{\"channel\":3}")"),
              item_event("done", 2, kCall),
              terminal("completed", R"("output":[],"usage":{"input_tokens":9,"output_tokens":8,)"
                                    R"("input_tokens_details":{"cached_tokens":2},)"
                                    R"("output_tokens_details":{"reasoning_tokens":4}})")}),
      (Trace{"reasoning Thi", "reasoning nk.", "text Hi", "begin a mixer_level", "args a {\"chan",
             "args a nel\":3}", R"(call a mixer_level {"channel":3})", "usage 9 8 4 2",
             finish("tool_calls completed", kReasoning + "," + message_item("Hi") + "," + kCall)}));
}

TEST(ResponsesDecoder, two_calls_in_the_order_of_their_index) {
  const std::string second = call_item("b", R"({\"channel\":4})");
  EXPECT_EQ(
      results(decode(
          {item_event("added", 1, call_item("b", "")), item_event("added", 0, call_item("a", "")),
           delta("function_call_arguments", 1, R"({\"channel\":4})"),
           delta("function_call_arguments", 0, R"({\"channel\":3})"), item_event("done", 1, second),
           item_event("done", 0, kCall), terminal("completed")})),
      (Trace{R"(call a mixer_level {"channel":3})", R"(call b mixer_level {"channel":4})",
             finish("tool_calls completed", kCall + "," + second)}));
}

TEST(ResponsesDecoder, items_without_deltas_and_deltas_without_done) {
  EXPECT_EQ(
      decode({item_event("done", 0, kReasoning), item_event("done", 1, message_item("Hi")),
              item_event("done", 2, kCall), terminal("completed")}),
      (Trace{"reasoning Think.", "text Hi", R"(call a mixer_level {"channel":3})",
             finish("tool_calls completed", kReasoning + "," + message_item("Hi") + "," + kCall)}));
  EXPECT_EQ(
      results(decode({item_event("added", 0, call_item("a", "", "in_progress")),
                      delta("function_call_arguments", 0, R"({\"channel\":3})"),
                      terminal("completed")})),
      (Trace{R"(call a mixer_level {"channel":3})",
             finish("tool_calls completed", call_item("a", R"({\"channel\":3})", "in_progress"))}));
}

TEST(ResponsesDecoder, items_may_come_with_the_end_only_and_never_count_twice) {
  const Trace expected = {
      "reasoning Think.", "text Hi", R"(call a mixer_level {"channel":3})",
      finish("tool_calls completed", kReasoning + "," + message_item("Hi") + "," + kCall)};
  const std::string output =
      R"("output":[)" + kReasoning + "," + message_item("Hi") + "," + kCall + "]";
  EXPECT_EQ(decode({terminal("completed", output)}), expected);
  EXPECT_EQ(decode({item_event("done", 0, kReasoning), item_event("done", 1, message_item("Hi")),
                    item_event("done", 2, kCall), terminal("completed", output)}),
            expected);
  EXPECT_EQ(results(decode({item_event("done", 5, kCall),
                            terminal("completed", R"("output":[)" + kCall + "]")})),
            (Trace{R"(call a mixer_level {"channel":3})", finish("tool_calls completed", kCall)}))
      << "another numbering at the end";
}

TEST(ResponsesDecoder, item_ids_names_and_sequence_numbers_do_not_matter) {
  EXPECT_EQ(
      results(
          decode(
              {item_event("added", 0, call_item("a", "")),
               event("function_call_arguments.delta",
                     R"("item_id":"x1","output_index":0,"delta":"{")"),
               event("function_call_arguments.delta",
                     R"("item_id":"x2","output_index":0,"delta":"\"channel\":3}")"),
               event(
                   "function_call_arguments.done",
                   R"("item_id":"x3","name":"mixer_level","output_index":0,"arguments":"{\"channel\":3}")"),
               terminal("completed")}))
          .at(0),
      R"(call a mixer_level {"channel":3})");
}

TEST(ResponsesDecoder, unknown_events_are_ignored_and_unknown_items_kept) {
  const std::string unknown = R"({"type":"hologram","id":"h_1","data":[1,2]})";
  EXPECT_EQ(decode({R"({"type":"keepalive","sequence_number":3})", event("keep_alive"),
                    R"({"x":1})", event("web_search_call.searching", R"("output_index":0)"),
                    item_event("done", 0, unknown), terminal("completed")}),
            Trace{finish("stop completed", unknown)});
}

TEST(ResponsesDecoder, errors_of_every_shape_are_errors) {
  const Trace quota = {
      "error rate_limited final quota: Tester says the quota or credit is used up: gone; trying "
      "again will "
      "not help, check the account's billing"};
  EXPECT_EQ(
      decode({event("created"),
              R"({"type":"error","sequence_number":2,"error":)"
              R"({"type":"insufficient_quota","code":"insufficient_quota","message":"gone"}})"}),
      quota);
  EXPECT_EQ(
      decode({R"({"type":"error","code":"insufficient_quota","message":"gone","param":null})"}),
      quota);
  EXPECT_EQ(
      decode({terminal("failed",
                       R"("error":{"code":"insufficient_quota","message":"gone"},"output":[])")}),
      quota);
  EXPECT_EQ(decode({R"({"error":{"message":"gone","code":"insufficient_quota"}})"}), quota);
  EXPECT_EQ(decode({terminal("failed", R"("error":{"code":"server_error","message":"oops"})")}),
            Trace{"error unavailable retryable : Tester has a problem of its own: oops; try again "
                  "shortly"});
  EXPECT_EQ(
      decode({terminal("failed", R"("error":{"code":"invalid_prompt","message":"no"})")}),
      Trace{
          "error invalid_argument final content_filter: Tester blocked the request by its content "
          "rules: no"});
  EXPECT_EQ(
      decode({terminal("cancelled")}),
      Trace{
          "error unavailable retryable : Tester has a problem of its own: the answer is cancelled; "
          "try again shortly"});
  EXPECT_EQ(
      decode_stream(Api::kResponses, "event: error\ndata: overloaded\n\n", {}),
      Trace{"error unavailable retryable : Tester has a problem of its own: overloaded; try again "
            "shortly"});
}

TEST(ResponsesDecoder, a_call_cut_at_the_limit_is_not_run_and_echoed_harmless) {
  EXPECT_EQ(
      results(decode(
          {item_event("done", 0, kCall), item_event("added", 1, call_item("b", "")),
           delta("function_call_arguments", 1, R"({\"chan)"),
           item_event("done", 1, call_item("b", R"({\"chan)", "incomplete")),
           terminal("incomplete", R"("incomplete_details":{"reason":"max_output_tokens"})")})),
      (Trace{
          R"(call a mixer_level {"channel":3})",
          "bad b mixer_level the arguments of mixer_level were cut off at the output limit; call "
          "it "
          "again, shorter",
          finish("length max_output_tokens", kCall + "," + call_item("b", "{}", "incomplete"))}));
}

TEST(ResponsesDecoder, content_filter_discards_calls) {
  EXPECT_EQ(results(decode(
                {item_event("done", 0, kCall),
                 terminal("incomplete", R"("incomplete_details":{"reason":"content_filter"})")})),
            Trace{"finish content_filter content_filter m-1"});
}

TEST(ResponsesDecoder, an_answer_without_a_terminal_event_is_cut) {
  const Trace cut = {
      "error unavailable retryable stream_cut: the answer of Tester broke off before its end; "
      "try again"};
  EXPECT_EQ(results(decode({item_event("done", 0, kCall)})), cut);
  EXPECT_EQ(results(decode({item_event("done", 0, kCall), "[DONE]"})), cut);
  EXPECT_EQ(results(decode({})), cut);
  EXPECT_EQ(
      results(decode_stream(Api::kResponses, sse({item_event("done", 0, kCall)}) + "data: {\"ty",
                            mixer_tools())),
      cut);
}

TEST(ResponsesDecoder, nothing_after_the_terminal_event_is_read) {
  EXPECT_EQ(decode({terminal("completed"), item_event("done", 0, kCall), "[DONE]"}),
            Trace{finish("stop completed", "")});
}

TEST(ResponsesDecoder, a_refusal_is_what_the_model_says) {
  EXPECT_EQ(
      only(
          decode({delta("refusal", 0, "I cannot."),
                  item_event(
                      "done", 0,
                      R"({"type":"message","content":[{"type":"refusal","refusal":"I cannot."}]})"),
                  terminal("completed")}),
          {"text"}),
      Trace{"text I cannot."});
  EXPECT_THAT(
      decode({item_event("done", 0,
                         R"({"type":"message","content":[{"type":"refusal","refusal":"No."}]})"),
              terminal("completed")}),
      ::testing::ElementsAre("text No.", ::testing::StartsWith("finish stop refusal m-1")));
}

TEST(ResponsesDecoder, messages_keep_their_phase) {
  const std::string first = message_item("Looking.", R"(,"phase":"commentary")");
  const std::string second = message_item("Found.", R"(,"phase":"final_answer")");
  EXPECT_EQ(
      decode({item_event("done", 0, first), item_event("done", 1, second), terminal("completed")}),
      (Trace{"text Looking.", "text Found.", finish("stop completed", first + "," + second)}));
}

TEST(ResponsesDecoder, summary_parts_are_set_apart) {
  EXPECT_EQ(decode({event("reasoning_summary_text.delta",
                          R"("output_index":0,"summary_index":0,"delta":"One")"),
                    event("reasoning_summary_text.delta",
                          R"("output_index":0,"summary_index":1,"delta":"Two")"),
                    item_event("done", 0, kReasoning), terminal("completed")}),
            (Trace{"reasoning One", "reasoning \n\nTwo", finish("stop completed", kReasoning)}));
}

TEST(ResponsesDecoder, whole_bodies_follow_their_status) {
  const std::string head = R"({"id":"r","object":"response","model":"m-1","status":)";
  const std::string output = R"(,"output":[)" + message_item("Hi") + "," + kCall + "]";
  EXPECT_EQ(
      decode_body(Api::kResponses, head + R"("completed","error":null,"usage":null)" + output + "}",
                  mixer_tools()),
      (Trace{"text Hi", R"(call a mixer_level {"channel":3})",
             finish("tool_calls completed", message_item("Hi") + "," + kCall)}));
  EXPECT_EQ(
      decode_body(Api::kResponses,
                  head + R"("failed","error":{"code":"server_error","message":"x"}})", {}),
      Trace{"error unavailable retryable : Tester has a problem of its own: x; try again shortly"});
  for (const char* status : {"in_progress", "queued"}) {
    EXPECT_EQ(
        decode_body(Api::kResponses, head + '"' + status + "\"" + output + "}", mixer_tools()),
        Trace{"error unavailable retryable stream_cut: the answer of Tester broke off before its "
              "end; "
              "try again"});
  }
  for (const char* foreign : {R"({"object":"chat.completion","choices":[]})", R"({"output":7})"}) {
    EXPECT_EQ(decode_body(Api::kResponses, foreign, {}),
              Trace{"error protocol final : the answer of Tester is no Responses object; check "
                    "OPENAI_BASE_URL and the option api"});
  }
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
