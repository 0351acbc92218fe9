// The Chat Completions decoder alone: ends, reasoning, and calls that are told to the model or
// kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode_testing.h"

namespace cartpilot::openai {
namespace {

using namespace testing;

#define CALL(index, id, n) \
  index id R"("function":{"name":"mixer_level","arguments":"{\"channel\":)" #n R"(}"}})"

TEST(ChatDecoder, an_answer_without_its_end_is_cut_and_no_call_comes_out) {
  const Trace cut = {
      "error unavailable retryable stream_cut: the answer of Tester broke off before "
      "its end; try again"};
  const std::string call = call_chunk(CALL(R"({"index":0,)", R"("id":"a",)", 3));
  const std::string half =
      call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":"{"}})");
  EXPECT_EQ(results(decode_chat({call}, false)), cut);
  EXPECT_EQ(results(decode_chat({half})), cut) << "[DONE], but the arguments are half";
  EXPECT_EQ(results(decode_chat({chunk(R"({"content":"Hel"})")}, false)), cut);
  EXPECT_EQ(results(decode_chat({}, false)), cut) << "empty answer";
  EXPECT_EQ(results(decode_chat({}, true)), cut) << "nothing but [DONE]";
  EXPECT_EQ(results(decode_stream(Api::kChat, sse({call}) + "data: {\"choi", mixer_tools())), cut)
      << "cut inside an event";
}

TEST(ChatDecoder, an_end_without_done_is_an_end) {
  EXPECT_EQ(results(decode_chat({chunk(R"({"content":"x"})"), end_chunk("stop")}, false)),
            (Trace{"finish stop stop m-1"}));
  EXPECT_EQ(results(decode_stream(Api::kChat, sse({chunk("{}", "stop")}) + "data: {\"cho", {})),
            (Trace{"finish stop stop m-1"}))
      << "what broke off after the end does not matter";
}

TEST(ChatDecoder, garbage_between_events_is_a_protocol_error) {
  EXPECT_THAT(
      results(decode_chat({"{not json", end_chunk("stop")})).at(0),
      ::testing::StartsWith("error protocol final : the answer of Tester is not valid JSON"));
}

TEST(ChatDecoder, streamed_reasoning_details_become_whole_blocks) {
  EXPECT_EQ(
      decode_chat(
          {chunk(R"({"reasoning_details":[{"type":"reasoning.text","text":"a","index":0}]})"),
           chunk(
               R"({"reasoning_details":[{"type":"reasoning.text","text":"b","index":0,"signature":"s"}]})"),
           chunk(R"({"reasoning_details":[{"type":"reasoning.encrypted","data":"e","index":1}]})"),
           end_chunk("stop")})
          .back(),
      R"(finish stop stop m-1 {"api":"chat","endpoint":"https://test/v1","reasoning_details":[)"
      R"({"type":"reasoning.text","text":"ab","index":0,"signature":"s"},)"
      R"({"type":"reasoning.encrypted","data":"e","index":1}]})");
}

TEST(ChatDecoder, one_id_for_several_calls_gives_the_later_one_a_new_id) {
  const Trace trace = results(decode_chat({call_chunk(CALL(R"({"index":0,)", R"("id":"a",)", 1)),
                                           call_chunk(CALL(R"({"index":1,)", R"("id":"a",)", 2)),
                                           end_chunk("tool_calls")}));
  ASSERT_EQ(trace.size(), 3U);
  EXPECT_EQ(trace[0], R"(call a mixer_level {"channel":1})");
  EXPECT_THAT(trace[1],
              ::testing::MatchesRegex("call call_[0-9A-Za-z]{24} mixer_level \\{\"channel\":2\\}"));
}

TEST(ChatDecoder, arguments_that_are_no_object_are_told_to_the_model) {
  for (const char* text : {"[1]", "3", "\\\"x\\\"", "{\\\"a\\\":1", "{\\\"a\\\":1}{\\\"b\\\":2}",
                           "{\\\"a\\\":1} trailing"}) {
    const Trace trace = results(decode_chat(
        {call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":")" +
                    std::string(text) + "\"}}"),
         end_chunk("tool_calls")}));
    EXPECT_THAT(trace.at(0),
                ::testing::StartsWith("bad a mixer_level the arguments of mixer_level "))
        << text;
  }
}

TEST(ChatDecoder, the_models_own_spelling_of_arguments_is_kept_for_the_way_back) {
  EXPECT_EQ(
      results(
          decode_chat(
              {call_chunk(
                   R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":"{\"channel\": 3, \"unit\": null}"}})"),
               end_chunk("tool_calls")}))
          .at(0),
      R"(call a mixer_level {"channel":3} {"arguments":"{\"channel\": 3, \"unit\": null}",)"
      R"("api":"chat","endpoint":"https://test/v1"})");
}

TEST(ChatDecoder, strict_nulls_of_optional_members_are_taken_out) {
  EXPECT_EQ(
      only(
          decode_chat(
              {call_chunk(
                   R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":"{\"channel\":null,\"unit\":null}"}})"),
               end_chunk("tool_calls")}),
          {"call"})
          .at(0)
          .substr(0, 35),
      R"(call a mixer_level {"channel":null})");
}

}  // namespace
}  // namespace cartpilot::openai
