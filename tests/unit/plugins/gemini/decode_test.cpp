// What the service answers, and what a client has to make of it. Every case is constructed from
// https://ai.google.dev/api/generate-content and
// https://ai.google.dev/gemini-api/docs/thought-signatures.
#include "gemini/decode.h"

#include <gtest/gtest.h>

#include "answer_log.h"

namespace cartpilot::gemini::tests {
namespace {

TEST(GeminiDecoder, plain_text_with_stop) {
  EXPECT_EQ(decode_body(chunk(R"([{"text":"Hello"}])", kStop)).lines,
            (Lines{"text Hello", kFinishStop}));
}

TEST(GeminiDecoder, one_call_keeps_its_id_and_signature) {
  const AnswerLog log = decode_body(chunk(list({call_part("a1", "Oslo", "Sig+/=")}), kStop));
  EXPECT_EQ(log.lines, (Lines{"begin a1 get_weather", R"(call a1 get_weather {"city":"Oslo"})",
                              kFinishCalls}));
  EXPECT_EQ(log.parts, Json::parse(list({call_part("a1", "Oslo", "Sig+/=")})));
}

TEST(GeminiDecoder, two_parallel_calls_keep_their_order) {
  const std::string parts = list({call_part("a1", "Oslo", "Sig="), call_part("a2", "Rome")});
  const AnswerLog log = decode_body(chunk(parts, kStop));
  EXPECT_EQ(log.lines, (Lines{"begin a1 get_weather", "begin a2 get_weather",
                              R"(call a1 get_weather {"city":"Oslo"})",
                              R"(call a2 get_weather {"city":"Rome"})", kFinishCalls}));
  EXPECT_EQ(log.parts, Json::parse(parts));
}

TEST(GeminiDecoder, text_and_call_in_one_content) {
  const AnswerLog log =
      decode_body(chunk(list({R"({"text":"Let me look."})", call_part("a1", "Oslo")}), kStop));
  EXPECT_EQ(log.lines, (Lines{"text Let me look.", "begin a1 get_weather",
                              R"(call a1 get_weather {"city":"Oslo"})", kFinishCalls}));
}

TEST(GeminiDecoder, text_after_a_call_keeps_its_place_for_the_echo) {
  const std::string parts = list({call_part("a1", "Oslo", "S="), R"({"text":"Asked."})"});
  const AnswerLog log = decode_body(chunk(parts, kStop));
  EXPECT_EQ(log.lines, (Lines{"begin a1 get_weather", "text Asked.",
                              R"(call a1 get_weather {"city":"Oslo"})", kFinishCalls}));
  EXPECT_EQ(log.parts, Json::parse(parts));
}

TEST(GeminiDecoder, a_call_without_id_gets_one_that_stays_off_the_wire) {
  const std::string part = R"([{"functionCall":{"name":"get_weather","args":{"city":"Oslo"}}}])";
  const AnswerLog log = decode_body(chunk(part, kStop));
  const ToolCall call = tool_calls_of(log.message("m")).at(0);
  EXPECT_EQ(call.id.substr(0, 7), "call_1-");
  EXPECT_EQ(call.provider_metadata, (Json{{"wire_id", ""}}));
  EXPECT_EQ(log.parts, Json::parse(part));
}

TEST(GeminiDecoder, missing_null_and_empty_args_are_no_arguments) {
  for (const char* call :
       {R"({"id":"a","name":"get_time"})", R"({"id":"a","name":"get_time","args":{}})",
        R"({"id":"a","name":"get_time","args":null})"}) {
    const AnswerLog log =
        decode_body(chunk(std::string(R"([{"functionCall":)") + call + "}]", kStop));
    EXPECT_EQ(log.lines, (Lines{"begin a get_time", "call a get_time {}", kFinishCalls})) << call;
  }
}

TEST(GeminiDecoder, unusual_arguments_are_kept_as_they_are) {
  const AnswerLog log =
      decode_body(chunk(R"([{"functionCall":{"id":"a","name":"get_weather","args":)"
                        R"({"days":3.0,"big":1e21,"text":"é\u0000😀","deep":[[[[{"a":[]}]]]]}}}])",
                        kStop));
  EXPECT_EQ(log.lines.at(1),
            std::string(R"(call a get_weather {"days":3.0,"big":1e+21,"text":"é\u0000😀",)") +
                R"("deep":[[[[{"a":[]}]]]]})");
}

TEST(GeminiDecoder, bottomless_arguments_are_refused_before_they_are_built) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  const AnswerLog log = decode_body(
      chunk(R"([{"functionCall":{"id":"a","name":"f","args":{"x":)" + deep + "}}}]", kStop));
  EXPECT_EQ(log.lines, (Lines{"error protocol bad_json retryable"}));
}

TEST(GeminiDecoder, arguments_as_json_text_are_read_and_go_back_as_an_object) {
  const AnswerLog log = decode_body(chunk(
      R"([{"functionCall":{"id":"a","name":"get_weather","args":"{\"city\":\"Oslo\"}"}}])", kStop));
  EXPECT_EQ(log.lines.at(1), R"(call a get_weather {"city":"Oslo"})");
  EXPECT_EQ(log.parts[0]["functionCall"]["args"], (Json{{"city", "Oslo"}}));
}

TEST(GeminiDecoder, arguments_that_are_no_object_are_answered_not_run) {
  const AnswerLog log =
      decode_body(chunk(R"([{"functionCall":{"id":"a","name":"get_weather","args":[1]}}])", kStop));
  EXPECT_EQ(log.lines.at(1),
            "call a get_weather {} error: arguments of get_weather are no JSON object but [1]");
}

TEST(GeminiDecoder, unknown_names_stay_and_the_service_prefix_goes) {
  const AnswerLog log =
      decode_body(chunk(R"([{"functionCall":{"id":"a","name":"default_api:get_weather"}},)"
                        R"({"functionCall":{"id":"b","name":"default_api.get_time"}},)"
                        R"({"functionCall":{"id":"c","name":"default_api:drop_tables"}},)"
                        R"({"functionCall":{"id":"d","name":"nobody"}}])",
                        kStop));
  EXPECT_EQ(Lines(log.lines.begin() + 4, log.lines.end()),
            (Lines{"call a get_weather {}", "call b get_time {}",
                   "call c default_api:drop_tables {}", "call d nobody {}", kFinishCalls}));
  EXPECT_EQ(log.parts[0]["functionCall"]["name"], "default_api:get_weather");
}

TEST(GeminiDecoder, thoughts_are_apart_from_the_answer) {
  const AnswerLog log = decode_body(
      chunk(R"([{"text":"Hm.","thought":true},{"text":"Yes."},{"text":" More.","thought":false}])",
            kStop));
  EXPECT_EQ(log.lines, (Lines{"thought Hm.", "text Yes.", "text  More.", kFinishStop}));
  EXPECT_EQ(log.parts, Json::parse(R"([{"text":"Hm.","thought":true},{"text":"Yes. More."}])"));
}

TEST(GeminiDecoder, only_thoughts_is_an_empty_answer) {
  EXPECT_EQ(decode_body(chunk(R"([{"text":"Hm.","thought":true}])", kStop)).lines,
            (Lines{"thought Hm.", "error protocol empty_answer retryable"}));
}

TEST(GeminiDecoder, no_parts_or_one_empty_text_is_an_empty_answer) {
  const Lines empty = {"error protocol empty_answer retryable"};
  EXPECT_EQ(
      decode_body(R"({"candidates":[{"content":{"role":"model"},"finishReason":"STOP"}]})").lines,
      empty);
  EXPECT_EQ(decode_body(chunk(R"([{"text":""}])", kStop)).lines, empty);
  EXPECT_EQ(decode_stream({chunk(R"([{"text":""}])", kStop)}).lines, empty);
}

TEST(GeminiDecoder, a_filtered_answer_says_so) {
  for (const char* body : {R"({"candidates":[{"content":{},"finishReason":"SAFETY"}]})",
                           R"({"candidates":[{"finishReason":"SAFETY"}]})"}) {
    EXPECT_EQ(decode_body(body).lines,
              (Lines{"warning Gemini stopped the answer (SAFETY); rephrase",
                     "finish content_filter SAFETY "}))
        << body;
  }
}

TEST(GeminiDecoder, calls_of_a_filtered_answer_are_dropped) {
  const AnswerLog log =
      decode_body(chunk(list({call_part("a1", "Oslo")}), R"("finishReason":"PROHIBITED_CONTENT")"));
  EXPECT_EQ(log.lines,
            (Lines{"begin a1 get_weather",
                   "warning 1 function call was not carried out: the answer was stopped by a "
                   "content filter",
                   "warning Gemini stopped the answer (PROHIBITED_CONTENT); rephrase",
                   "finish content_filter PROHIBITED_CONTENT gemini-3.8-flash"}));
  EXPECT_EQ(log.parts, Json::array());
}

TEST(GeminiDecoder, a_blocked_prompt_is_no_cut_stream) {
  const std::string body =
      R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":12}})";
  const Lines expected = {"usage in 12 out 0 thoughts 0 cached 0",
                          "warning Gemini blocked the request (PROHIBITED_CONTENT); rephrase it",
                          "finish content_filter PROHIBITED_CONTENT "};
  EXPECT_EQ(decode_body(body).lines, expected);
  EXPECT_EQ(decode_stream({body}).lines, expected);
}

TEST(GeminiDecoder, ratings_without_a_reason_block_nothing) {
  const std::string body =
      R"({"promptFeedback":{"safetyRatings":[]},"candidates":[{"content":{"parts":[{"text":"Hi"}]},)"
      R"("finishReason":"STOP"}]})";
  EXPECT_EQ(decode_body(body).lines, (Lines{"text Hi", "finish stop STOP "}));
}

TEST(GeminiDecoder, an_empty_object_is_an_error) {
  const AnswerLog log = decode_body("{}");
  EXPECT_EQ(log.lines, (Lines{"error protocol empty_answer retryable"}));
  EXPECT_STREQ(log.error->what(), "Gemini answered without any candidate; try again or rephrase");
}

TEST(GeminiDecoder, thinking_that_ate_the_limit_is_named) {
  EXPECT_EQ(
      decode_body(R"({"candidates":[{"content":{"role":"model"},"finishReason":"MAX_TOKENS"}]})")
          .lines,
      (Lines{"warning the length limit was used up before any answer; raise "
             "max-output-tokens or lower thinking",
             "finish length MAX_TOKENS "}));
}

TEST(GeminiDecoder, half_a_text_at_the_limit) {
  EXPECT_EQ(decode_body(chunk(R"([{"text":"Half"}])", R"("finishReason":"MAX_TOKENS")")).lines,
            (Lines{"text Half", "finish length MAX_TOKENS gemini-3.8-flash"}));
}

TEST(GeminiDecoder, calls_at_the_limit_are_not_run) {
  const AnswerLog log = decode_body(
      chunk(list({R"({"text":"Half"})", call_part("a", "Oslo", "S="), call_part("b", "Rome")}),
            R"("finishReason":"MAX_TOKENS")"));
  EXPECT_EQ(Lines(log.lines.begin() + 3, log.lines.end()),
            (Lines{"warning 2 function calls were not carried out: the answer reached its length "
                   "limit",
                   "finish length MAX_TOKENS gemini-3.8-flash"}));
  EXPECT_EQ(log.parts, Json::parse(R"([{"text":"Half"}])"));
}

TEST(GeminiDecoder, a_malformed_call_may_be_tried_again) {
  const AnswerLog log =
      decode_body(R"({"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL",)"
                  R"("finishMessage":"Malformed function call: print(default_api.f("}]})");
  EXPECT_EQ(log.lines, (Lines{"error protocol malformed_function_call retryable"}));
  EXPECT_STREQ(
      log.error->what(),
      "Gemini wrote a function call nobody can read (MALFORMED_FUNCTION_CALL); try again or "
      "rephrase: Malformed function call: print(default_api.f(");
}

TEST(GeminiDecoder, other_failed_ends_are_errors) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"UNEXPECTED_TOOL_CALL", "error protocol unexpected_tool_call retryable"},
      {"MALFORMED_RESPONSE", "error protocol malformed_response retryable"},
      {"TOO_MANY_TOOL_CALLS", "error protocol too_many_tool_calls final"},
      {"MISSING_THOUGHT_SIGNATURE", "error protocol signature final"}};
  for (const auto& [reason, line] : cases) {
    EXPECT_EQ(decode_body(R"({"candidates":[{"finishReason":")" + reason + "\"}]}").lines,
              Lines{line});
  }
}

TEST(GeminiDecoder, continuation_is_a_length_limit) {
  EXPECT_EQ(decode_body(chunk(R"([{"text":"Long"}])",
                              R"("finishReason":"CONTINUATION","continuationToken":"dG9r")"))
                .lines,
            (Lines{"text Long", "finish length CONTINUATION gemini-3.8-flash"}));
}

TEST(GeminiDecoder, unknown_finish_reasons_are_kept) {
  EXPECT_EQ(decode_body(chunk(R"([{"text":"x"}])", R"("finishReason":"FOO_BAR")")).lines,
            (Lines{"text x", "finish other FOO_BAR gemini-3.8-flash"}));
  EXPECT_EQ(decode_body(chunk(R"([{"text":"x"}])", R"("finishReason":17)")).lines,
            (Lines{"text x", "finish other 17 gemini-3.8-flash"}));
}

TEST(GeminiDecoder, unknown_parts_and_keys_are_ignored_and_echoed) {
  const std::string parts = R"([{"text":"a"},{"fooBar":{}},{"text":"b","partMetadata":{"x":1}}])";
  const AnswerLog log = decode_body(
      R"({"candidates":[{"content":{"parts":)" + parts +
      R"(,"role":"model","new":1},"finishReason":"STOP","other":[]}],"brandNew":true})");
  EXPECT_EQ(log.lines, (Lines{"text a", "text b", "finish stop STOP "}));
  EXPECT_EQ(log.parts, Json::parse(parts));
}

TEST(GeminiDecoder, parts_without_content_are_not_echoed_but_signatures_are) {
  const AnswerLog log = decode_body(
      chunk(R"([{},{"text":"a"},7,null,{"thoughtSignature":"S="},{"thought":true}])", kStop));
  EXPECT_EQ(log.parts, Json::parse(R"([{"text":"a"},{"text":"","thoughtSignature":"S="}])"));
}

TEST(GeminiDecoder, usage_may_be_missing_partial_or_text) {
  EXPECT_EQ(
      decode_body(R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}],)"
                  R"("usageMetadata":{"promptTokenCount":"71","thoughtsTokenCount":5,)"
                  R"("candidatesTokenCount":null,"cachedContentTokenCount":{}}})")
          .lines.at(0),
      "usage in 71 out 5 thoughts 5 cached 0");
}

TEST(GeminiDecoder, the_answering_model_is_reported) {
  const AnswerLog log =
      decode_body(R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}],)"
                  R"("modelVersion":"gemini-3.9-flash-001"})");
  EXPECT_EQ(log.lines, (Lines{"warning gemini-3.8-flash was asked, gemini-3.9-flash-001 answered",
                              "text x", "finish stop STOP gemini-3.9-flash-001"}));
}

TEST(GeminiDecoder, a_model_on_its_way_out_is_announced_once) {
  const std::string status =
      R"("modelStatus":{"modelStage":"DEPRECATED","retirementTime":"2026-12-01T00:00:00Z",)"
      R"("message":"Use\nanother one."})";
  const AnswerLog log =
      decode_stream({R"({"candidates":[{"content":{"parts":[{"text":"x"}]}}],)" + status + "}",
                     R"({"candidates":[{"finishReason":"STOP"}],)" + status + "}"});
  EXPECT_EQ(
      log.lines,
      (Lines{
          "warning gemini-3.8-flash is deprecated, retires 2026-12-01T00:00:00Z: Use another one.",
          "text x", "finish stop STOP "}));
}

TEST(GeminiDecoder, one_candidate_is_followed) {
  EXPECT_EQ(
      decode_body(
          R"({"candidates":[{"index":1,"content":{"parts":[{"text":"B"}]},"finishReason":"STOP"},)"
          R"({"index":0,"content":{"parts":[{"text":"A"}]},"finishReason":"STOP"}]})")
          .lines,
      (Lines{"text A", "finish stop STOP "}));
  EXPECT_EQ(decode_stream({R"({"candidates":[{"content":{"parts":[{"text":"A"}]}}]})",
                           R"({"candidates":[{"index":1,"content":{"parts":[{"text":"B"}]}}]})",
                           R"({"candidates":[{"index":0,"finishReason":"STOP"}]})"})
                .lines,
            (Lines{"text A", "finish stop STOP "}));
}

}  // namespace
}  // namespace cartpilot::gemini::tests
