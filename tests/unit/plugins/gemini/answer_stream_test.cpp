// What the service may answer, A26 to A36 and A49 to A53: streams, however they are framed, cut and
// broken. Constructed from https://ai.google.dev/api/generate-content.
#include "answers.h"

namespace cartpilot::gemini::tests {
namespace {

using fakes::GivenAnswer;

const std::string kCall = call_part("a", "Oslo", "S=");
const std::string kCallLine = R"(call a get_weather {"city":"Oslo"})";
const Lines kCut = {"error unavailable stream_cut retryable"};

TEST_F(GeminiAnswer, A26_every_framing) {
  const std::string a = chunk(R"([{"text":"a"}])");
  const std::string b = chunk(R"([{"text":"b"}])", kStop);
  const Lines expected = {"text a", "text b", kFinishStop};
  for (const std::string& stream :
       {"data: " + a + "\r\n\r\ndata: " + b + "\r\n\r\n", "data: " + a + "\n\ndata: " + b + "\n\n",
        "data: " + a + "\r\rdata: " + b + "\r\r",
        ": ping\r\n\r\ndata:" + a + "\r\n\r\nevent: message\nid: 7\ndata: " + b + "\n\n",
        "data: " + a + "\n\ndata: " + b + "\n\ndata: [DONE]\n\n",
        "data: " + a + "\r\n\r\ndata: " + b}) {
    EXPECT_EQ(heard(bytes_of_stream({stream})).lines, expected) << stream;
  }
}

TEST_F(GeminiAnswer, A27_cut_at_every_byte) {
  const std::string stream = framed(chunk(R"([{"text":"Grüße 😀"}])")) +
                             framed(chunk(list({kCall}))) +
                             framed(chunk(R"([{"text":"","thoughtSignature":"T="}])", kStop));
  const AnswerLog expected = heard(bytes_of_stream({stream}));
  EXPECT_EQ(expected.lines,
            (Lines{"text Grüße 😀", "begin a get_weather", kCallLine, kFinishCalls}));
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    const AnswerLog log = heard(bytes_of_stream({stream.substr(0, cut), stream.substr(cut)}));
    ASSERT_EQ(log.lines, expected.lines) << "cut at byte " << cut;
    ASSERT_EQ(log.parts, expected.parts) << "cut at byte " << cut;
  }
  std::vector<std::string> bytes;
  for (const char byte : stream) bytes.emplace_back(1, byte);
  EXPECT_EQ(heard(bytes_of_stream(bytes)).lines, expected.lines);
}

TEST_F(GeminiAnswer, A28_an_event_of_a_megabyte) {
  const std::string text(1 << 20, 'x');
  EXPECT_EQ(streamed({chunk(R"([{"text":")" + text + R"("}])", kStop)}).lines,
            (Lines{"text " + text, kFinishStop}));
}

TEST_F(GeminiAnswer, A29_call_then_empty_text_and_stop) {
  const std::vector<std::string> events = {chunk(list({kCall})), chunk(R"([{"text":""}])", kStop)};
  EXPECT_EQ(streamed(events).lines, (Lines{"begin a get_weather", kCallLine, kFinishCalls}));
  EXPECT_EQ(echo_of(events)[1]["parts"], Json::parse(list({kCall})));
}

TEST_F(GeminiAnswer, A30_call_then_chunks_without_parts_content_or_candidates) {
  for (const char* last : {R"({"candidates":[{"content":{"role":"model"},"finishReason":"STOP"}]})",
                           R"({"candidates":[{"finishReason":"STOP"}]})"}) {
    EXPECT_EQ(streamed({chunk(list({kCall})), R"({"usageMetadata":{}})", "{}", last}).lines,
              (Lines{"begin a get_weather", kCallLine, kFinishCalls}))
        << last;
  }
}

TEST_F(GeminiAnswer, A31_parallel_calls_in_separate_chunks) {
  const Json contents =
      echo_of({chunk(list({kCall})), chunk(list({call_part("b", "Rome")})),
               R"({"candidates":[{"finishReason":"STOP"}],"modelVersion":"gemini-3.8-flash"})"});
  ASSERT_EQ(contents.size(), 3U);
  EXPECT_EQ(contents[1]["parts"], Json::parse(list({kCall, call_part("b", "Rome")})));
  EXPECT_EQ(contents[2]["parts"].size(), 2U);
}

TEST_F(GeminiAnswer, A32_signature_on_a_closing_empty_part) {
  EXPECT_EQ(echo_of({chunk(R"([{"text":"Hel"}])"), chunk(R"([{"text":"lo"}])"),
                     chunk(R"([{"text":"","thoughtSignature":"S="}])", kStop)})[1]["parts"],
            Json::parse(R"([{"text":"Hello"},{"text":"","thoughtSignature":"S="}])"));
  // Signed text is never joined with its neighbours.
  EXPECT_EQ(
      streamed({chunk(R"([{"text":"a"}])"), chunk(R"([{"text":"b","thoughtSignature":"S1="}])"),
                chunk(R"([{"text":"c"}])"), chunk(R"([{"text":"d"}])", kStop)})
          .parts,
      Json::parse(R"([{"text":"a"},{"text":"b","thoughtSignature":"S1="},{"text":"cd"}])"));
}

TEST_F(GeminiAnswer, A33_growing_usage) {
  const auto with = [](const std::string& usage, const std::string& more) {
    return R"({"candidates":[{"content":{"parts":[{"text":"x"}]})" + more +
           R"(}],"usageMetadata":)" + usage + "}";
  };
  EXPECT_EQ(
      streamed(
          {with(R"({"promptTokenCount":70,"candidatesTokenCount":1})", ""),
           with(R"({"promptTokenCount":70,"candidatesTokenCount":4,"thoughtsTokenCount":9})", ""),
           with(R"({"promptTokenCount":71,"toolUsePromptTokenCount":2,)"
                R"("cachedContentTokenCount":50})",
                R"(,"finishReason":"STOP")")})
          .lines,
      (Lines{"usage in 70 out 1 thoughts 0 cached 0", "text x",
             "usage in 70 out 13 thoughts 9 cached 0", "text x",
             "usage in 73 out 13 thoughts 9 cached 50", "text x", "finish stop STOP "}));
}

TEST_F(GeminiAnswer, A34_one_event_over_several_data_lines) {
  EXPECT_EQ(heard(bytes_of_stream({"data: {\"candidates\":\ndata: [{\"content\":{\"parts\":[",
                                   "{\"text\":\"x\"}]},\ndata: \"finishReason\":\"STOP\"}]}\n\n"}))
                .lines,
            (Lines{"text x", "finish stop STOP "}));
}

TEST_F(GeminiAnswer, A35_end_without_finish_reason) {
  EXPECT_EQ(streamed({chunk(list({kCall}))}).lines,
            (Lines{"begin a get_weather", "error unavailable stream_cut retryable"}));
  EXPECT_EQ(
      streamed({chunk(R"([{"text":"x"}])", R"("finishReason":"FINISH_REASON_UNSPECIFIED")")}).lines,
      (Lines{"text x", "error unavailable stream_cut retryable"}));
  const Lines begun = {"text x", "error unavailable stream_cut retryable"};
  EXPECT_EQ(streamed({chunk(R"([{"text":"x"}])"), R"({"candidates":[{"conte)"}).lines, begun);
  EXPECT_EQ(streamed({chunk(R"([{"text":"x"}])", kStop), R"({"usageMeta)"}).lines, begun);
  // Wherever it ends before the finish reason: nothing runs.
  const std::string stream = framed(chunk(list({kCall}))) + framed(chunk("[]", kStop));
  for (std::size_t end = 0; end < stream.find("finishReason"); end += 7) {
    const AnswerLog log = heard(bytes_of_stream({stream.substr(0, end), ""}));
    ASSERT_EQ(log.lines.back(), kCut[0]) << "ended at byte " << end;
    for (const std::string& line : log.lines) ASSERT_NE(line, kCallLine) << end;
  }
}

TEST_F(GeminiAnswer, A36_empty_stream) {
  EXPECT_EQ(heard(bytes_of_stream({})).lines, kCut);
  EXPECT_EQ(whole("").lines, kCut);
}

TEST_F(GeminiAnswer, A49_arguments_in_pieces) {
  const AnswerLog log =
      streamed({chunk(R"([{"functionCall":{"name":"get_weather","willContinue":true,)"
                      R"("partialArgs":[{"jsonPath":"$.city","stringValue":"Os"}]}}])")});
  EXPECT_EQ(log.lines, (Lines{"error protocol partial_arguments final"}));
  EXPECT_STREQ(log.error->what(),
               "the server sends function arguments in pieces (partialArgs), which was not asked "
               "for; switch streamFunctionCallArguments off there");
}

TEST_F(GeminiAnswer, A50_signatures_of_any_alphabet_and_size) {
  for (const std::string& signature :
       {std::string("_-url_safe"), std::string("not+padded/4"), std::string(100 * 1024, 'Q')}) {
    const std::string parts = list({call_part("a", "Oslo", signature)});
    EXPECT_EQ(dump_json(echo_of({chunk(parts, kStop)})[1]["parts"]), parts);
  }
}

TEST_F(GeminiAnswer, A51_repeated_calls) {
  const AnswerLog log = streamed(
      {chunk(list({kCall})), chunk(list({kCall})), chunk(list({call_part("a", "Rome")}), kStop)});
  const std::vector<ToolCall> calls = tool_calls_of(log.message("m"));
  ASSERT_EQ(calls.size(), 2U) << "the same call once, another one with its id kept";
  EXPECT_EQ(calls[0].id, "a");
  EXPECT_EQ(calls[1].id.substr(0, 5), "call_");
  EXPECT_EQ(calls[1].provider_metadata, (Json{{"wire_id", "a"}}));
  EXPECT_EQ(log.parts, Json::parse(list({kCall, call_part("a", "Rome")})));
}

TEST_F(GeminiAnswer, A52_parts_after_stop) {
  EXPECT_EQ(streamed({chunk(R"([{"text":"a"}])", kStop), chunk(R"([{"text":"b"}])")}).lines,
            (Lines{"text a", "text b", kFinishStop}));
}

/// The program's client with hardly any patience.
class ImpatientTransport final : public HttpTransport {
 public:
  void send(const HttpRequest& request, HttpSink& sink, const CallContext& context) override {
    HttpRequest hurried = request;
    hurried.idle_timeout_ms = 50;
    client_.send(hurried, sink, context);
  }

 private:
  net::HttpClient client_;
};

TEST_F(GeminiAnswer, A53_broken_and_silent_connections) {
  const std::string event = framed(chunk(list({kCall})));
  for (const GivenAnswer::End end : {GivenAnswer::End::kReset, GivenAnswer::End::kClose}) {
    GivenAnswer broken = bytes_of_stream({event, event.substr(0, 40)});
    broken.end = end;
    const AnswerLog log = heard(broken);
    ASSERT_TRUE(log.error);
    EXPECT_EQ(log.error->code, ErrorCode::kUnavailable);
    EXPECT_TRUE(log.error->retryable);
    for (const std::string& line : log.lines) EXPECT_NE(line, kCallLine);
  }
  ImpatientTransport transport;
  ProviderConfig config;
  config.environment = {{"GEMINI_API_KEY", "test-key"}, {"GEMINI_BASE_URL", service_.url()}};
  config.transport = &transport;
  GeminiProvider provider(config);
  GenerateRequest request;
  request.messages = {Message::user("x")};
  for (const std::vector<std::string>& said : {std::vector<std::string>{}, {event}}) {
    GivenAnswer silent = bytes_of_stream(said);
    silent.end = GivenAnswer::End::kStall;
    service_.play(silent);
    AnswerLog log;
    try {
      provider.generate(request, log, CallContext());
      ADD_FAILURE() << "went on";
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::kDeadline);
      EXPECT_EQ(error.reason, "idle_timeout");
    }
  }
}

}  // namespace
}  // namespace cartpilot::gemini::tests
