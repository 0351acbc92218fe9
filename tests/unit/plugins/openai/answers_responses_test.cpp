// A51 to A70: what Responses servers answer, and what becomes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provider_testing.h"
#include "responses_events.h"

namespace cartpilot::openai {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::StartsWith;

const std::string kOneCall = R"(call a mixer_level {"channel":3})";
const Trace kCut = {
    "error unavailable retryable stream_cut: the answer of OpenAI broke off before its end; try "
    "again"};

Trace heard(const std::vector<std::string>& events) {
  RequestFixture counter(kResponsesModel);
  return counter.hears(sse(events));
}

Trace came(const std::vector<std::string>& events) { return results(heard(events)); }

Trace heard_body(const std::string& body) {
  RequestFixture counter(kResponsesModel);
  counter.request.stream = false;
  return counter.hears_body(body);
}

std::string end(const std::string& head, const std::string& output) {
  return "finish " + head + R"( m-1 {"api":"responses","endpoint":"BASE","output":[)" + output +
         "]}";
}

TEST(OpenAiAnswer, A51_reasoning_a_call_and_text_in_one_response) {
  EXPECT_EQ(
      heard({event("created", R"("response":{"id":"r","status":"in_progress","output":[]})"),
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
             "args a nel\":3}", kOneCall, "usage 9 8 4 2",
             end("tool_calls completed", kReasoning + "," + message_item("Hi") + "," + kCall)}));
}

TEST(OpenAiAnswer, A52_two_calls) {
  const std::string second = call_item("b", R"({\"channel\":4})");
  EXPECT_EQ(
      came({item_event("added", 1, call_item("b", "")), item_event("added", 0, call_item("a", "")),
            delta("function_call_arguments", 1, R"({\"channel\":4})"),
            delta("function_call_arguments", 0, R"({\"channel\":3})"),
            item_event("done", 1, second), item_event("done", 0, kCall), terminal("completed")}),
      (Trace{kOneCall, R"(call b mixer_level {"channel":4})",
             end("tool_calls completed", kCall + "," + second)}));
}

TEST(OpenAiAnswer, A53_items_without_deltas_and_deltas_without_items) {
  EXPECT_EQ(
      heard({item_event("done", 0, kReasoning), item_event("done", 1, message_item("Hi")),
             item_event("done", 2, kCall), terminal("completed")}),
      (Trace{"reasoning Think.", "text Hi", kOneCall,
             end("tool_calls completed", kReasoning + "," + message_item("Hi") + "," + kCall)}));
  EXPECT_EQ(
      came({item_event("added", 0, call_item("a", "", "in_progress")),
            delta("function_call_arguments", 0, R"({\"channel\":3})"), terminal("completed")}),
      (Trace{kOneCall,
             end("tool_calls completed", call_item("a", R"({\"channel\":3})", "in_progress"))}));
}

TEST(OpenAiAnswer, A54_the_items_come_with_the_end_or_only_before_it) {
  const std::string items = kReasoning + "," + message_item("Hi") + "," + kCall;
  const Trace expected = {"reasoning Think.", "text Hi", kOneCall,
                          end("tool_calls completed", items)};
  EXPECT_EQ(heard({terminal("completed", R"("output":[)" + items + "]")}), expected);
  const std::vector<std::string> done = {item_event("done", 0, kReasoning),
                                         item_event("done", 1, message_item("Hi")),
                                         item_event("done", 2, kCall)};
  for (const std::string& last : {R"("output":[)" + items + "]", std::string(R"("output":[])"),
                                  std::string(), std::string(R"("output":null)")}) {
    EXPECT_EQ(heard({done[0], done[1], done[2], terminal("completed", last)}), expected) << last;
  }
  EXPECT_EQ(
      came({item_event("done", 5, kCall), terminal("completed", R"("output":[)" + kCall + "]")}),
      (Trace{kOneCall, end("tool_calls completed", kCall)}))
      << "another numbering at the end";
}

TEST(OpenAiAnswer, A55_item_ids_change_with_every_event) {
  EXPECT_EQ(came({item_event("added", 0, call_item("a", "")),
                  event("function_call_arguments.delta",
                        R"("item_id":"x1","output_index":0,"delta":"{\"channel\"")"),
                  event("function_call_arguments.delta",
                        R"("item_id":"x2","output_index":0,"delta":":3}")"),
                  event("function_call_arguments.done",
                        R"("item_id":"x3","output_index":0,"arguments":"{\"channel\":3}")"),
                  item_event("done", 0, kCall), terminal("completed")}),
            (Trace{kOneCall, end("tool_calls completed", kCall)}));
}

TEST(OpenAiAnswer, A56_the_end_of_arguments_with_and_without_the_name) {
  for (const char* name : {R"("name":"mixer_level",)", ""}) {
    EXPECT_EQ(came({item_event("added", 0, call_item("a", "")),
                    event("function_call_arguments.done",
                          std::string(name) + R"("output_index":0,"arguments":"{\"channel\":3}")"),
                    item_event("done", 0, kCall), terminal("completed")}),
              (Trace{kOneCall, end("tool_calls completed", kCall)}));
  }
}

TEST(OpenAiAnswer, A57_keepalives_unknown_events_and_unknown_items) {
  const std::string unknown = R"({"type":"unknown_hologram","id":"h_1","data":[1,2]})";
  RequestFixture counter(kResponsesModel);
  EXPECT_EQ(counter.hears(sse({R"({"type":"keepalive","sequence_number":3})", event("keep_alive"),
                               R"({"x":1})", "null", "[]",
                               event("web_search_call.searching", R"("output_index":0)"),
                               item_event("done", 0, unknown), terminal("completed")})),
            Trace{end("stop completed", unknown)});
  EXPECT_EQ(dump_json(counter.server.bodies().back()["input"][1]), unknown)
      << "sent back as it came";
}

TEST(OpenAiAnswer, A58_an_error_event_nested_or_flat) {
  const Trace quota = {
      "error rate_limited final quota: OpenAI says the quota or credit is used up: gone; trying "
      "again will not help, check the account's billing"};
  const std::string failed =
      terminal("failed", R"("error":{"code":"insufficient_quota","message":"gone"},"output":[])");
  for (const char* error :
       {R"({"type":"error","sequence_number":2,"error":{"type":"insufficient_quota",)"
        R"("code":"insufficient_quota","message":"gone","param":null}})",
        R"({"type":"error","code":"insufficient_quota","message":"gone","param":null})",
        R"({"type":"error","status":429,"error":{"code":"insufficient_quota","message":"gone"}})",
        R"({"error":{"message":"gone","code":"insufficient_quota"}})"}) {
    EXPECT_EQ(heard({event("created"), error, failed}), quota) << error;
  }
}

TEST(OpenAiAnswer, A59_a_failed_response_whose_socket_stays_open) {
  RequestFixture counter(kResponsesModel);
  Played open;
  open.end = Played::End::kHold;
  open.body = sse({event("created"),
                   terminal("failed", R"("error":{"code":"server_error","message":"oops"})")});
  EXPECT_EQ(
      counter.hears(open),
      Trace{"error unavailable retryable unavailable: server error at OpenAI: oops; try again "
            "shortly"});
  open.body = sse({delta("output_text", 0, "Hi"), terminal("completed")});
  EXPECT_THAT(counter.hears(open), ElementsAre("text Hi", StartsWith("finish stop completed m-1")))
      << "nobody waits for the end of the connection";
  EXPECT_EQ(heard({terminal("failed", R"("error":{"code":"invalid_prompt","message":"no"})")}),
            Trace{"error invalid_argument final content_filter: OpenAI blocked the request by its "
                  "content rules: no; rephrase it"});
  EXPECT_EQ(heard({terminal("cancelled")}),
            Trace{"error unavailable retryable unavailable: server error at OpenAI: the answer is "
                  "cancelled; try again shortly"});
}

TEST(OpenAiAnswer, A60_incomplete_at_the_output_limit_inside_a_call) {
  EXPECT_EQ(
      came({item_event("done", 0, kCall), item_event("added", 1, call_item("b", "")),
            delta("function_call_arguments", 1, R"({\"chan)"),
            item_event("done", 1, call_item("b", R"({\"chan)", "incomplete")),
            terminal("incomplete", R"("incomplete_details":{"reason":"max_output_tokens"})")}),
      (Trace{kOneCall,
             "bad b mixer_level the arguments of mixer_level were cut off at the output limit; "
             "call it again, shorter",
             end("length max_output_tokens", kCall + "," + call_item("b", "{}", "incomplete"))}));
}

TEST(OpenAiAnswer, A61_incomplete_by_the_content_filter) {
  EXPECT_EQ(heard({delta("output_text", 0, "Well"), item_event("done", 1, kCall),
                   terminal("incomplete", R"("incomplete_details":{"reason":"content_filter"})")}),
            (Trace{"text Well", "finish content_filter content_filter m-1"}));
}

TEST(OpenAiAnswer, A62_the_end_comes_before_the_terminal_event) {
  EXPECT_EQ(came({item_event("done", 0, kCall)}), kCut);
  EXPECT_EQ(came({item_event("done", 0, kCall), "[DONE]"}), kCut);
  EXPECT_EQ(came({event("created")}), kCut);
  EXPECT_EQ(came({}), kCut);
  RequestFixture counter(kResponsesModel);
  EXPECT_EQ(results(counter.hears(sse({item_event("done", 0, kCall)}) + "data: {\"type\":\"resp")),
            kCut)
      << "inside an event";
}

TEST(OpenAiAnswer, A63_done_after_completed) {
  EXPECT_EQ(came({item_event("done", 0, kCall), terminal("completed"), "[DONE]",
                  item_event("done", 1, call_item("b", R"({\"channel\":4})"))}),
            (Trace{kOneCall, end("tool_calls completed", kCall)}));
}

TEST(OpenAiAnswer, A64_sequence_numbers_are_missing_or_wrong) {
  const std::vector<std::string> events = {
      item_event("added", 0, call_item("a", "")),
      delta("function_call_arguments", 0, R"({\"channel\":3})"), item_event("done", 0, kCall),
      terminal("completed")};
  const Trace expected = {kOneCall, end("tool_calls completed", kCall)};
  EXPECT_EQ(came(events), expected);
  std::vector<std::string> numbered = events;
  int number = 9;
  for (std::string& text : numbered) {
    text.insert(1, R"("sequence_number":)" + std::to_string(number--) + ",");
  }
  EXPECT_EQ(came(numbered), expected);
}

TEST(OpenAiAnswer, A65_a_refusal_part) {
  const std::string refusal =
      R"({"type":"message","role":"assistant","content":[{"type":"refusal","refusal":"No."}]})";
  EXPECT_EQ(heard({delta("refusal", 0, "N"), delta("refusal", 0, "o."),
                   item_event("done", 0, refusal), terminal("completed")}),
            (Trace{"text N", "text o.", end("stop refusal", refusal)}));
  EXPECT_EQ(heard({item_event("done", 0, refusal), terminal("completed")}),
            (Trace{"text No.", end("stop refusal", refusal)}));
}

TEST(OpenAiAnswer, A66_two_messages_keep_their_phases) {
  const std::string first = message_item("Looking.", R"(,"phase":"commentary")");
  const std::string second = message_item("Found.", R"(,"phase":"final_answer")");
  RequestFixture counter(kResponsesModel);
  EXPECT_EQ(counter.hears(sse({item_event("done", 0, first), item_event("done", 1, second),
                               terminal("completed")})),
            (Trace{"text Looking.", "text Found.", end("stop completed", first + "," + second)}));
  const Json input = counter.server.bodies().back()["input"];
  EXPECT_EQ(input[1]["phase"], "commentary");
  EXPECT_EQ(input[2]["phase"], "final_answer");
}

TEST(OpenAiAnswer, A67_reasoning_without_its_encrypted_content) {
  const std::string bare =
      R"({"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":null})";
  RequestFixture counter(kResponsesModel);
  EXPECT_EQ(results(counter.hears(sse({item_event("done", 0, bare), item_event("done", 1, kCall),
                                       terminal("completed")}))),
            (Trace{kOneCall, end("tool_calls completed", bare + "," + kCall)}));
  EXPECT_EQ(counter.server.bodies().back()["input"][1]["type"], "function_call")
      << "nothing to send back";
}

TEST(OpenAiAnswer, A68_a_whole_body_that_failed_at_status_200) {
  EXPECT_EQ(heard_body(R"({"id":"r","object":"response","model":"m-1","status":"failed",)"
                       R"("error":{"code":"server_error","message":"x"},"output":[]})"),
            Trace{"error unavailable retryable unavailable: server error at OpenAI: x; try again "
                  "shortly"});
  EXPECT_THAT(heard_body(R"({"object":"response","model":"m-1","status":"cancelled"})"),
              ElementsAre(StartsWith("error unavailable retryable")));
}

TEST(OpenAiAnswer, A69_a_whole_body_that_is_still_on_its_way) {
  for (const char* status : {"in_progress", "queued"}) {
    EXPECT_EQ(heard_body(R"({"object":"response","model":"m-1","status":")" + std::string(status) +
                         R"(","output":[)" + kCall + "]}"),
              kCut);
  }
  EXPECT_EQ(heard_body(R"({"object":"chat.completion","choices":[]})"),
            Trace{"error protocol final : the answer of OpenAI is no Responses object; check "
                  "OPENAI_BASE_URL and the option api"});
}

TEST(OpenAiAnswer, A70_usage_and_error_are_null_and_times_are_absent) {
  const std::string body = R"("error":null,"usage":null,"incomplete_details":null,"output":[)" +
                           message_item("Hi") + "," + kCall + "]";
  const Trace expected = {"text Hi", kOneCall,
                          end("tool_calls completed", message_item("Hi") + "," + kCall)};
  EXPECT_EQ(heard_body(R"({"object":"response","status":"completed","model":"m-1",)" + body + "}"),
            expected);
  EXPECT_EQ(heard({terminal("completed", body)}), expected);
}

}  // namespace
}  // namespace cartpilot::openai
