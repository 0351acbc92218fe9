// The other answers that a Chat Completions client meets: text, ends, errors, usage, reasoning.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode_testing.h"

namespace cartpilot::openai {
namespace {

using namespace testing;

const Trace kOneCall = {R"(call a mixer_level {"channel":3})", "finish tool_calls tool_calls m-1"};
#define CALL(index, id, n) \
  index id R"("function":{"name":"mixer_level","arguments":"{\"channel\":)" #n R"(}"}})"

TEST(ChatDecoder, text_becomes_deltas_and_a_finish) {
  EXPECT_EQ(
      decode_chat({chunk(R"({"role":"assistant","content":""})"), chunk(R"({"content":"Hel"})"),
                   chunk(R"({"content":"lo"})"), end_chunk("stop")}),
      (Trace{"text Hel", "text lo", "finish stop stop m-1"}));
}

TEST(ChatDecoder, finish_reason_may_come_with_the_last_piece) {
  EXPECT_EQ(
      results(decode_chat({call_chunk(CALL(R"({"index":0,)", R"("id":"a",)", 3), "tool_calls")})),
      kOneCall);
  EXPECT_EQ(decode_chat({chunk(R"({"content":"Hi"})", "stop")}),
            (Trace{"text Hi", "finish stop stop m-1"}));
}

TEST(ChatDecoder, the_calls_decide_and_not_the_finish_reason) {
  const std::string call = call_chunk(CALL(R"({"index":0,)", R"("id":"a",)", 3));
  EXPECT_EQ(results(decode_chat({call, end_chunk("stop")})).back(), "finish tool_calls stop m-1");
  EXPECT_EQ(results(decode_chat({call, end_chunk("eos")})).back(), "finish tool_calls eos m-1");
  EXPECT_EQ(results(decode_chat({call, end_chunk("tool_calls"), end_chunk("stop")})).back(),
            "finish tool_calls tool_calls m-1");
  EXPECT_EQ(results(decode_chat({chunk(R"({"content":"x"})"), end_chunk("tool_calls")})).back(),
            "finish stop tool_calls m-1");
  EXPECT_EQ(results(decode_chat({call})).back(), "finish tool_calls  m-1")
      << "[DONE] without a reason";
  EXPECT_EQ(results(decode_chat({chunk(R"({"content":"x"})")})).back(), "finish other  m-1");
}

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

TEST(ChatDecoder, a_refusal_is_what_the_model_says) {
  EXPECT_EQ(decode_chat({chunk(R"({"role":"assistant","content":null,"refusal":"I "})"),
                         chunk(R"({"refusal":"cannot."})"), end_chunk("stop")}),
            (Trace{"text I ", "text cannot.", "finish stop refusal m-1"}));
}

TEST(ChatDecoder, an_azure_preamble_is_no_answer) {
  EXPECT_EQ(
      decode_chat(
          {R"({"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[]})",
           chunk(R"({"content":"x"})"),
           R"({"model":"m-1","choices":[{"index":0,"content_filter_results":{},"finish_reason":"stop"}]})"}),
      (Trace{"text x", "finish stop stop m-1"}));
}

TEST(ChatDecoder, usage_is_told_once_from_wherever_it_came) {
  const std::string usage =
      R"("usage":{"prompt_tokens":96,"completion_tokens":18,"prompt_tokens_details":{"cached_tokens":7},)"
      R"("completion_tokens_details":{"reasoning_tokens":5}})";
  EXPECT_EQ(only(decode_chat({end_chunk("stop"), R"({"choices":[],)" + usage + "}"}), {"usage"}),
            (Trace{"usage 96 18 5 7"}));
  EXPECT_EQ(only(decode_chat({R"({"choices":[],"usage":{"prompt_tokens":1}})", end_chunk("stop"),
                              R"({"choices":[],)" + usage + "}"}),
                 {"usage"}),
            (Trace{"usage 96 18 5 7"}));
  EXPECT_EQ(only(decode_chat({end_chunk("stop"), R"({"choices":[],"x_groq":{)" + usage + "}}"}),
                 {"usage"}),
            (Trace{"usage 96 18 5 7"}));
  EXPECT_EQ(only(decode_chat({end_chunk("stop")}), {"usage"}), Trace{});
}

TEST(ChatDecoder, errors_inside_the_stream_are_errors) {
  const std::string text = chunk(R"({"content":"x"})");
  const std::string openai =
      R"({"error":{"message":"had an error","type":"server_error","param":null,"code":null}})";
  const std::string expected =
      "error unavailable retryable : Tester has a problem of its own: had an error; try again "
      "shortly";
  EXPECT_EQ(results(decode_chat({openai})), Trace{expected});
  EXPECT_EQ(results(decode_chat({text, openai})), Trace{expected});
  EXPECT_EQ(
      results(decode_chat({R"({"choices":[],"error":{"message":"busy","code":429}})"})),
      Trace{"error rate_limited retryable rate_limit: Tester asks for a pause: busy; try again "
            "shortly"});
  EXPECT_EQ(
      results(
          decode_chat({R"({"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],)"
                       R"("error":{"code":502,"message":"Provider disconnected"}})"})),
      Trace{"error unavailable retryable : Tester has a problem of its own: Provider disconnected; "
            "try again shortly"});
  EXPECT_EQ(results(decode_chat({text, end_chunk("error")})).at(0).substr(0, 27),
            "error unavailable retryable");
  EXPECT_EQ(
      results(decode_chat(
          {R"({"object":"error","message":"bad grammar","type":"BadRequestError","param":null,"code":400})"})),
      Trace{"error invalid_argument final : Tester refused the request: bad grammar"});
}

TEST(ChatDecoder, an_error_event_with_plain_words_is_an_error) {
  EXPECT_EQ(
      results(decode_stream(Api::kChat, "event: error\ndata: upstream overloaded\n\n", {})),
      Trace{"error unavailable retryable : Tester has a problem of its own: upstream overloaded; "
            "try again shortly"});
  EXPECT_EQ(
      results(decode_stream(Api::kChat, "{\"error\":{\"message\":\"no\",\"code\":403}}\n\n", {})),
      Trace{"error permission final : Tester does not permit this: no"})
      << "an error as a bare line in the stream";
  EXPECT_EQ(results(decode_stream(Api::kChat, "OK so far\n\n" + sse({end_chunk("stop")}), {})),
            Trace{"finish stop stop m-1"});
}

TEST(ChatDecoder, both_names_of_the_reasoning_field_are_read_and_only_once) {
  EXPECT_EQ(
      decode_chat({chunk(R"({"reasoning":"Hm"})"),
                   chunk(R"({"reasoning":"b","reasoning_content":"a"})"),
                   chunk(R"({"content":"x"})"), end_chunk("stop")}),
      (Trace{
          "reasoning Hm", "reasoning a", "text x",
          R"(finish stop stop m-1 {"api":"chat","endpoint":"https://test/v1","reasoning_content":"Hma"})"}));
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

TEST(ChatDecoder, what_is_not_ours_is_ignored) {
  EXPECT_EQ(
      decode_chat(
          {R"({"x":1,"model":"m-1","choices":[{"index":1,"delta":{"content":"other"},"finish_reason":"length"},)"
           R"({"index":0,"y":[],"delta":{"content":"x","z":{},"tool_calls":[]},"finish_reason":null}]})",
           chunk(R"({"tool_calls":null,"content":null,"role":""})"),
           R"({"model":"m-1","choices":[{"index":0,"delta":null,"finish_reason":""}]})",
           end_chunk("stop")}),
      (Trace{"text x", "finish stop stop m-1"}));
}

TEST(ChatDecoder, a_whole_body_is_the_same_as_a_stream) {
  const std::string body =
      R"({"id":"x","object":"chat.completion","model":"m-1","choices":[{"index":0,"message":{"role":"assistant",)"
      R"("content":"Hi","refusal":null,"annotations":[],"tool_calls":[{"id":"a","type":"function","function":)"
      R"({"name":"mixer_level","arguments":"{\"channel\":3}"}}]},"logprobs":null,"finish_reason":"tool_calls"}],)"
      R"("usage":{"prompt_tokens":9,"completion_tokens":8}})";
  EXPECT_EQ(decode_body(Api::kChat, body, mixer_tools()),
            (Trace{"text Hi", "begin a mixer_level", "args a {\"channel\":3}",
                   R"(call a mixer_level {"channel":3})", "usage 9 8 0 0",
                   "finish tool_calls tool_calls m-1"}));
}

TEST(ChatDecoder, bodies_that_are_no_answer_are_errors) {
  EXPECT_EQ(
      decode_body(Api::kChat, R"({"choices":[],"error":{"message":"no credit","code":402}})", {}),
      Trace{"error rate_limited final quota: Tester says there is no credit left: no credit"});
  EXPECT_EQ(
      decode_body(Api::kChat, "<!DOCTYPE html><html>", {}),
      Trace{"error protocol final : https://test/v1 answers with a web page instead of JSON; check "
            "OPENAI_BASE_URL"});
  EXPECT_EQ(
      decode_body(Api::kChat, "", {}),
      Trace{
          "error unavailable retryable stream_cut: the answer of Tester broke off before its end; "
          "try again"});
  EXPECT_THAT(decode_body(Api::kChat, "[]", {}).at(0), ::testing::StartsWith("error protocol"));
  EXPECT_THAT(decode_body(Api::kChat, "hello", {}).at(0), ::testing::StartsWith("error protocol"));
}

TEST(ChatDecoder, nothing_is_read_after_done) {
  EXPECT_EQ(decode_stream(Api::kChat,
                          sse({end_chunk("stop"), "[DONE]", chunk(R"({"content":"late"})")}), {}),
            Trace{"finish stop stop m-1"});
}

}  // namespace
}  // namespace cartpilot::openai
