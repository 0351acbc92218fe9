// Answers in pieces, answers that were cut, and answers that are something else. Constructed from
// https://ai.google.dev/api/generate-content and
// https://ai.google.dev/gemini-api/docs/thought-signatures.
#include <gtest/gtest.h>

#include "answer_log.h"
#include "gemini/decode.h"

namespace cartpilot::gemini::tests {
namespace {

TEST(GeminiDecoder, a_call_survives_the_closing_chunk) {
  const AnswerLog log = decode_stream(
      {chunk(list({call_part("a", "Oslo", "S=")})), chunk(R"([{"text":""}])", kStop)});
  EXPECT_EQ(log.lines,
            (Lines{"begin a get_weather", R"(call a get_weather {"city":"Oslo"})", kFinishCalls}));
  EXPECT_EQ(log.parts, Json::parse(list({call_part("a", "Oslo", "S=")})));
}

TEST(GeminiDecoder, a_call_survives_chunks_without_parts_content_or_candidates) {
  for (const std::string& last :
       {std::string(R"({"candidates":[{"content":{"role":"model"},"finishReason":"STOP"}]})"),
        std::string(R"({"candidates":[{"finishReason":"STOP"}]})")}) {
    const AnswerLog log =
        decode_stream({chunk(list({call_part("a", "Oslo")})), R"({"usageMetadata":{}})", last});
    EXPECT_EQ(log.lines.back(), kFinishCalls) << last;
  }
}

TEST(GeminiDecoder, parallel_calls_in_separate_chunks_are_one_content) {
  const AnswerLog log = decode_stream({chunk(list({call_part("a", "Oslo", "S=")})),
                                       chunk(list({call_part("b", "Rome")})),
                                       R"({"candidates":[{"finishReason":"STOP"}]})"});
  EXPECT_EQ(log.parts, Json::parse(list({call_part("a", "Oslo", "S="), call_part("b", "Rome")})));
}

TEST(GeminiDecoder, a_signature_on_an_empty_part_is_kept_as_a_part) {
  const AnswerLog log = decode_stream({chunk(R"([{"text":"Hel"}])"), chunk(R"([{"text":"lo"}])"),
                                       chunk(R"([{"text":"","thoughtSignature":"S="}])", kStop)});
  EXPECT_EQ(log.lines, (Lines{"text Hel", "text lo", kFinishStop}));
  EXPECT_EQ(log.parts, Json::parse(R"([{"text":"Hello"},{"text":"","thoughtSignature":"S="}])"));
}

TEST(GeminiDecoder, signed_text_is_never_joined) {
  const AnswerLog log = decode_stream(
      {chunk(R"([{"text":"a"}])"), chunk(R"([{"text":"b","thoughtSignature":"S1="}])"),
       chunk(R"([{"text":"c"}])"), chunk(R"([{"text":"d"}])", kStop)});
  EXPECT_EQ(log.parts,
            Json::parse(R"([{"text":"a"},{"text":"b","thoughtSignature":"S1="},{"text":"cd"}])"));
}

TEST(GeminiDecoder, usage_is_a_snapshot_not_a_sum) {
  const auto with = [](const std::string& usage, const std::string& more) {
    return R"({"candidates":[{"content":{"parts":[{"text":"x"}]})" + more +
           R"(}],"usageMetadata":)" + usage + "}";
  };
  const AnswerLog log = decode_stream(
      {with(R"({"promptTokenCount":70,"candidatesTokenCount":1})", ""),
       with(R"({"promptTokenCount":70,"candidatesTokenCount":4,"thoughtsTokenCount":9})", ""),
       with(R"({"promptTokenCount":71,"toolUsePromptTokenCount":2,"cachedContentTokenCount":50})",
            R"(,"finishReason":"STOP")")});
  EXPECT_EQ(log.lines,
            (Lines{"usage in 70 out 1 thoughts 0 cached 0", "text x",
                   "usage in 70 out 13 thoughts 9 cached 0", "text x",
                   "usage in 73 out 13 thoughts 9 cached 50", "text x", "finish stop STOP "}));
}

TEST(GeminiDecoder, an_answer_without_its_end_runs_nothing) {
  const AnswerLog log = decode_stream({chunk(list({call_part("a", "Oslo", "S=")}))});
  EXPECT_EQ(log.lines, (Lines{"begin a get_weather", "error unavailable stream_cut retryable"}));
  EXPECT_EQ(
      decode_stream({chunk(R"([{"text":"x"}])", R"("finishReason":"FINISH_REASON_UNSPECIFIED")")})
          .lines,
      (Lines{"text x", "error unavailable stream_cut retryable"}));
}

TEST(GeminiDecoder, a_last_event_that_is_half_json_is_a_cut) {
  EXPECT_EQ(decode_stream({chunk(R"([{"text":"x"}])"), R"({"candidates":[{"conte)"}).lines,
            (Lines{"text x", "error unavailable stream_cut retryable"}));
  EXPECT_EQ(decode_stream({chunk(R"([{"text":"x"}])", kStop), R"({"usageMeta)"}).lines,
            (Lines{"text x", "error unavailable stream_cut retryable"}));
}

TEST(GeminiDecoder, half_json_in_the_middle_is_no_answer) {
  EXPECT_EQ(decode_stream({R"({"candidates":[{"conte)", chunk(R"([{"text":"x"}])", kStop)}).lines,
            (Lines{"error protocol bad_json retryable"}));
}

TEST(GeminiDecoder, an_empty_stream_is_a_cut_stream) {
  EXPECT_EQ(decode_stream({}).lines, (Lines{"error unavailable stream_cut retryable"}));
  EXPECT_EQ(decode_body("").lines, (Lines{"error unavailable stream_cut retryable"}));
}

TEST(GeminiDecoder, an_error_inside_the_stream_is_that_error) {
  const AnswerLog log = decode_stream(
      {chunk(R"([{"text":"par"}])"), chunk(R"([{"text":"tial"}])"),
       R"({"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}})"});
  EXPECT_EQ(log.lines, (Lines{"text par", "text tial", "error unavailable unavailable retryable"}));
  EXPECT_EQ(log.error->http_status, 503);
}

TEST(GeminiDecoder, a_bare_error_between_events_is_found) {
  const AnswerLog log = decode_bytes(
      {"data: " + chunk(R"([{"text":"par"}])") + "\r\n\r\n",
       "{\r\n  \"error\": {\r\n    \"code\": 429,\r\n    \"message\": \"quota\",\r\n    "
       "\"status\": \"RESOURCE_EXHAUSTED\"\r\n  }\r\n}\r\n"});
  EXPECT_EQ(log.lines, (Lines{"text par", "error rate_limited rate_limit retryable"}));
}

TEST(GeminiDecoder, other_stray_text_is_mentioned_when_the_answer_is_cut) {
  const AnswerLog log = decode_bytes({"upstream connect error\n\n"});
  EXPECT_STREQ(log.error->what(),
               "Gemini's answer was cut off before its end; try again (the server also sent: "
               "upstream connect error)");
}

TEST(GeminiDecoder, an_error_without_code_is_mapped_by_its_status) {
  EXPECT_EQ(decode_stream({R"({"error":{"message":"x","status":"RESOURCE_EXHAUSTED"}})"}).lines,
            (Lines{"error rate_limited rate_limit retryable"}));
}

TEST(GeminiDecoder, truncated_json_and_web_pages_show_how_they_began) {
  const AnswerLog truncated = decode_body(R"({"candidates":[{"content":)");
  EXPECT_EQ(truncated.lines, (Lines{"error protocol bad_json retryable"}));
  EXPECT_NE(std::string(truncated.error->what()).find(R"(it began: {"candidates")"),
            std::string::npos);
  EXPECT_EQ(decode_body("<html>Log in</html>").lines, (Lines{"error protocol bad_json final"}));
}

TEST(GeminiDecoder, an_array_of_chunks_is_a_stream) {
  EXPECT_EQ(decode_body("[" + chunk(R"([{"text":"a"}])") + ",\r\n" +
                        chunk(R"([{"text":"b"}])", kStop) + "]")
                .lines,
            (Lines{"text a", "text b", kFinishStop}));
  EXPECT_EQ(decode_body("[" + chunk(R"([{"text":"a"}])") + "]").lines,
            (Lines{"text a", "error unavailable stream_cut retryable"}));
}

TEST(GeminiDecoder, compressed_bytes_are_named_as_such) {
  EXPECT_EQ(decode_body("\x1F\x8B\x08").lines, (Lines{"error protocol compressed final"}));
}

TEST(GeminiDecoder, bom_white_space_and_pretty_print_are_accepted) {
  EXPECT_EQ(
      decode_body("\xEF\xBB\xBF" + Json::parse(chunk(R"([{"text":"x"}])", kStop)).dump(4) + "\n")
          .lines,
      (Lines{"text x", kFinishStop}));
  EXPECT_EQ(decode_body("  \n" + chunk(R"([{"text":"x"}])", kStop)).lines,
            (Lines{"text x", kFinishStop}));
}

TEST(GeminiDecoder, arguments_in_pieces_are_refused_clearly) {
  EXPECT_EQ(decode_stream({chunk(R"([{"functionCall":{"name":"get_weather","willContinue":true,)"
                                 R"("partialArgs":[{"jsonPath":"$.city","stringValue":"Os"}]}}])")})
                .lines,
            (Lines{"error protocol partial_arguments final"}));
}

TEST(GeminiDecoder, signatures_are_opaque_bytes) {
  const std::string signature = "_-url_safe-" + std::string(100000, 'Q');
  const AnswerLog log =
      decode_bytes({"data: " + chunk(list({call_part("a", "Oslo", signature)}), kStop) + "\n\n"});
  EXPECT_EQ(log.parts[0]["thoughtSignature"], signature);
}

TEST(GeminiDecoder, a_repeated_call_counts_once_a_different_one_twice) {
  const AnswerLog log = decode_stream({chunk(list({call_part("a", "Oslo", "S=")})),
                                       chunk(list({call_part("a", "Oslo", "S=")})),
                                       chunk(list({call_part("a", "Rome")}), kStop)});
  const std::vector<ToolCall> calls = tool_calls_of(log.message("m"));
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].id, "a");
  EXPECT_EQ(calls[1].id.substr(0, 5), "call_");
  EXPECT_EQ(calls[1].provider_metadata, (Json{{"wire_id", "a"}}));
  EXPECT_EQ(log.parts, Json::parse(list({call_part("a", "Oslo", "S="), call_part("a", "Rome")})));
}

TEST(GeminiDecoder, parts_after_stop_are_taken) {
  EXPECT_EQ(decode_stream({chunk(R"([{"text":"a"}])", kStop), chunk(R"([{"text":"b"}])")}).lines,
            (Lines{"text a", "text b", kFinishStop}));
}

TEST(GeminiDecoder, ids_used_earlier_in_the_conversation_are_not_used_again) {
  Notices notices;
  SecondTry second_try;
  DecodeContext context = decode_context(notices, second_try);
  context.used_ids = {"a", "b"};
  GeminiDecoder decoder(context);
  AnswerLog log;
  const std::string body = chunk(list({call_part("a", "Oslo"), call_part("c", "Rome")}), kStop);
  decoder.decode(HttpEvent{HttpEvent::Kind::kBody, "", body}, log);
  decoder.finish(log);
  const std::vector<ToolCall> calls = tool_calls_of(log.message("m"));
  EXPECT_EQ(calls.at(0).id.substr(0, 7), "call_3-");
  EXPECT_EQ(calls.at(1).id, "c");
}

TEST(GeminiDecoder, metadata_names_backend_and_model) {
  const AnswerLog log = decode_body(chunk(R"([{"text":"x"}])", kStop));
  EXPECT_EQ(log.message("m").provider_metadata,
            (Json{{"backend", "generativelanguage.googleapis.com"},
                  {"model", "gemini-3.8-flash"},
                  {"model_version", "gemini-3.8-flash"},
                  {"parts", Json::parse(R"([{"text":"x"}])")}}));
}

}  // namespace
}  // namespace cartpilot::gemini::tests
