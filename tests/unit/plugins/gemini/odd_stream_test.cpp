// What servers of this format were seen to send beside the vendor's documentation.
#include <gmock/gmock.h>

#include "answers.h"

namespace cartpilot::gemini::tests::odd_stream {
namespace {

using fakes::GivenAnswer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class GeminiOddStream : public GeminiAnswer {
 protected:
  /// One stream under another Content-Type, or asked for as a whole.
  AnswerLog typed(const std::string& bytes, const std::string& type, bool stream = true) {
    GivenAnswer given = bytes_of_stream({bytes});
    given.headers.clear();
    if (!type.empty()) given.headers.emplace_back("Content-Type", type);
    return heard(given, stream);
  }
};

const std::string kCall = call_part("a", "Oslo", "S=");
const std::string kCallLine = R"(call a get_weather {"city":"Oslo"})";
const std::string kEars = "\xF0\x9F\x8E\xA7";

std::string text_event(const std::string& text, const std::string& more = "") {
  return chunk(R"([{"text":")" + text + R"("}])", more);
}

TEST_F(GeminiOddStream, several_contents_of_one_part_are_parts_of_their_own) {
  const std::string both =
      R"({"text":"Let me look.","functionCall":{"id":"a","name":"get_weather",)"
      R"("args":{"city":"Oslo"}},"thoughtSignature":"S="})";
  const AnswerLog log = streamed({chunk(list({both}), kStop)});
  EXPECT_EQ(log.lines,
            (Lines{"text Let me look.", "begin a get_weather", kCallLine, kFinishCalls}));
  EXPECT_EQ(log.parts, Json::parse(list({R"({"text":"Let me look."})", kCall})));
  const AnswerLog thought = decode_stream(
      {chunk(R"([{"functionCall":{"name":"get_weather","args":{}},"text":"Hm.","thought":true,)"
             R"("partMetadata":{"x":1}}])",
             kStop)});
  EXPECT_EQ(thought.lines[0], "thought Hm.");
  EXPECT_EQ(dump_json(thought.parts),
            R"([{"text":"Hm.","thought":true},{"functionCall":{"name":"get_weather","args":{}},)"
            R"("partMetadata":{"x":1}}])");
  const AnswerLog code = decode_stream({chunk(
      R"([{"executableCode":{"code":"1"},"codeExecutionResult":{"output":"1"},"text":"One."}])",
      kStop)});
  EXPECT_EQ(code.lines[0], "text One.");
  EXPECT_EQ(code.parts.size(), 3U);
}

TEST_F(GeminiOddStream, members_that_are_null_are_absent) {
  const AnswerLog log = decode_stream({chunk(
      R"([{"text":"Hi","functionCall":null,"thought":null,"thoughtSignature":null}])", kStop)});
  EXPECT_EQ(log.lines, (Lines{"text Hi", kFinishStop}));
  EXPECT_EQ(dump_json(log.parts), R"([{"text":"Hi"}])");
}

TEST_F(GeminiOddStream, one_part_that_is_no_list) {
  EXPECT_EQ(decode_stream({R"({"candidates":[{"content":{"role":"model","parts":{"text":"Hi"}},)"
                           R"("finishReason":"STOP"}]})"})
                .lines[0],
            "text Hi");
}

TEST_F(GeminiOddStream, a_call_without_a_name_is_told_and_goes_back_with_one) {
  const AnswerLog log =
      decode_stream({chunk(R"([{"functionCall":{"args":{"city":"Oslo"}}}])", kStop)});
  EXPECT_THAT(log.lines.at(1), HasSubstr("the call names no function"));
  EXPECT_EQ(log.parts[0]["functionCall"]["name"], "unnamed_function");
}

TEST_F(GeminiOddStream, no_arguments_are_spelled_in_many_ways) {
  for (const char* args : {"\"\"", "\"null\"", "\"{}\"", "[]", "\"None\"", "null", "\"{}{}\""}) {
    const AnswerLog log = decode_stream({chunk(
        R"([{"functionCall":{"id":"a","name":"get_weather","args":)" + std::string(args) + "}}]",
        kStop)});
    EXPECT_EQ(log.lines.at(1), "call a get_weather {}") << args;
  }
  EXPECT_EQ(decode_stream({chunk(R"([{"functionCall":{"id":"a","name":"get_weather",)"
                                 R"("args":"{}{\"city\":\"Oslo\"}"}}])",
                                 kStop)})
                .lines.at(1),
            kCallLine);
}

TEST_F(GeminiOddStream, halves_of_a_character_in_two_events_are_one) {
  const AnswerLog log = streamed({text_event(R"(a\ud83c)"), text_event(R"(\udfa7b)", kStop)});
  EXPECT_EQ(log.lines, (Lines{"text a", "text " + kEars + "b", kFinishStop}));
  EXPECT_EQ(log.parts[0]["text"], "a" + kEars + "b");
  const AnswerLog bytes = streamed({text_event("a\xF0\x9F"), text_event("\x8E\xA7"
                                                                        "b",
                                                                        kStop)});
  EXPECT_EQ(bytes.parts[0]["text"], "a" + kEars + "b");
  const AnswerLog alone = streamed({text_event(R"(a\ud83c)", kStop)});
  EXPECT_EQ(alone.lines, (Lines{"text a", "text \xEF\xBF\xBD", kFinishStop}));
  EXPECT_EQ(alone.parts[0]["text"], "a\xEF\xBF\xBD");
}

TEST_F(GeminiOddStream, json_that_is_no_object_is_a_sign_of_life) {
  for (const char* life : {"null", "0", "true", "[]", "\"ping\"", "ping"}) {
    EXPECT_EQ(streamed({text_event("Hel"), life, text_event("lo", kStop), life}).lines,
              (Lines{"text Hel", "text lo", kFinishStop}))
        << life;
  }
  const AnswerLog cut = streamed({text_event("Hel"), "overloaded, sorry"});
  EXPECT_EQ(cut.lines.back(), "error unavailable stream_cut retryable");
  EXPECT_THAT(cut.error->what(), HasSubstr("(the server also sent: overloaded, sorry)"));
}

TEST_F(GeminiOddStream, a_whole_answer_may_have_an_end_mark_behind_it_or_event_clothing) {
  const std::string text = text_event("Hi", kStop);
  for (const std::string& body : {text + "data: [DONE]\n\n", text + "\n\ndata: [DONE]\n\n",
                                  "data: " + text + "\n\ndata: [DONE]\n\n", "data: " + text}) {
    for (const char* type : {"application/json", "text/event-stream", ""}) {
      EXPECT_EQ(typed(body, type).lines, (Lines{"text Hi", kFinishStop})) << type << body;
      EXPECT_EQ(typed(body, type, false).lines, (Lines{"text Hi", kFinishStop})) << type << body;
    }
  }
}

TEST_F(GeminiOddStream, streams_are_known_by_their_bytes) {
  const std::string stream = framed(text_event("Hel")) + framed(text_event("lo", kStop));
  for (const char* type : {"application/json", "text/plain; charset=utf-8", "text/html", ""}) {
    EXPECT_EQ(typed(stream, type).lines, (Lines{"text Hel", "text lo", kFinishStop})) << type;
  }
}

TEST_F(GeminiOddStream, an_error_is_one_behind_a_word_and_under_any_name) {
  const std::string error =
      R"({"code":400,"message":"the request exceeds the available context size","status":"INVALID_ARGUMENT"})";
  for (const std::string& bytes :
       {"error: " + error + "\n\ndata: [DONE]\n\n", "event: error\ndata: " + error + "\n\n",
        std::string("event: error\ndata: the context size is too small\n\n")}) {
    for (const char* type : {"application/json", "text/event-stream", ""}) {
      EXPECT_THAT(typed(bytes, type).lines,
                  ElementsAre("error invalid_argument context_overflow final"))
          << type << bytes;
    }
  }
}

TEST_F(GeminiOddStream, a_failed_generation_is_never_the_answer) {
  for (const char* reason : {"ERROR", "error", "failed", "CANCELLED"}) {
    const std::string end = R"("finishReason":")" + std::string(reason) + '"';
    EXPECT_EQ(streamed({text_event("Hi"), chunk("[]", end)}).lines.back(),
              "error unavailable unavailable retryable")
        << reason;
  }
  EXPECT_THAT(
      streamed({text_event("Hi"), chunk("[]", R"("finishReason":"malformed_function_call")")})
          .lines.back(),
      StartsWith("error protocol malformed_function_call"));
}

TEST_F(GeminiOddStream, a_wait_is_obeyed_inside_a_stream_too) {
  for (const char* more :
       {R"("message":"Please retry in 1.898s.")", R"("message":"slow","retry_after":1.898)",
        R"("message":"slow","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo",)"
        R"("retryDelay":"1.898s"}])"}) {
    const AnswerLog log = streamed(
        {R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED",)" + std::string(more) + "}}"});
    EXPECT_EQ(log.error->retry_after_ms.value_or(-1), 1898) << more;
  }
}

TEST_F(GeminiOddStream, a_connection_that_breaks_after_the_end_loses_nothing) {
  for (const GivenAnswer::End end : {GivenAnswer::End::kClose, GivenAnswer::End::kReset}) {
    const auto hears = [&](const std::vector<std::string>& events) {
      std::vector<std::string> pieces;
      for (const std::string& event : events) pieces.push_back(framed(event));
      GivenAnswer given = bytes_of_stream(pieces);
      given.end = end;
      return heard(given).lines;
    };
    EXPECT_EQ(hears({text_event("Hi", kStop), "{}"}), (Lines{"text Hi", kFinishStop}));
    EXPECT_EQ(hears({chunk(list({kCall}), kStop), "{}"}),
              (Lines{"begin a get_weather", kCallLine, kFinishCalls}));
    EXPECT_THAT(hears({text_event("Hi"), "{}"}),
                ElementsAre("text Hi", StartsWith("error unavailable")));
    EXPECT_THAT(hears({chunk("[]", kStop), text_event("Hi"), "{}"}),
                ElementsAre("text Hi", StartsWith("error unavailable")))
        << "a finish reason before the first word is no end";
  }
}

TEST(GeminiFunctions, nothing_follows_a_message_without_calls) {
  const std::vector<ToolCall> calls =
      parse_calls(Json::parse(R"({"role":"model","parts":[{"text":"Hi"}]})"));
  EXPECT_TRUE(calls.empty());
  EXPECT_EQ(dump_json(encode_responses({})), "[]");
}

}  // namespace
}  // namespace cartpilot::gemini::tests::odd_stream
