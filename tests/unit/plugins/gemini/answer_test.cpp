// What the service may answer, A1 to A25: parts, calls, ends. Every answer is constructed from
// https://ai.google.dev/api/generate-content and
// https://ai.google.dev/gemini-api/docs/thought-signatures, and played over HTTP.
#include <set>

#include "answers.h"

namespace cartpilot::gemini::tests {
namespace {

/// `reason` without any content.
std::string ended(const std::string& reason, const std::string& more = "") {
  return R"({"candidates":[{"finishReason":")" + reason + "\"" + more + "}]}";
}

std::string call_json(const std::string& members) {
  return R"([{"functionCall":{"id":"a","name":"get_weather")" + members + "}}]";
}

TEST_F(GeminiAnswer, A01_plain_text) {
  EXPECT_EQ(either(chunk(R"([{"text":"Hello"}])", kStop)).lines,
            (Lines{"text Hello", kFinishStop}));
}

TEST_F(GeminiAnswer, A02_one_call_with_id_and_signature) {
  const std::string body = chunk(list({call_part("a1", "Oslo", "Sig+/=")}), kStop);
  EXPECT_EQ(either(body).lines, (Lines{"begin a1 get_weather",
                                       R"(call a1 get_weather {"city":"Oslo"})", kFinishCalls}));
  const Json contents = echo_of({body});
  EXPECT_EQ(contents[1]["parts"], Json::parse(list({call_part("a1", "Oslo", "Sig+/=")})));
  EXPECT_EQ(contents[2]["parts"][0]["functionResponse"]["id"], "a1");
}

TEST_F(GeminiAnswer, A03_two_parallel_calls_in_order) {
  const std::string parts = list({call_part("a1", "Oslo", "Sig="), call_part("a2", "Rome")});
  EXPECT_EQ(either(chunk(parts, kStop)).lines,
            (Lines{"begin a1 get_weather", "begin a2 get_weather",
                   R"(call a1 get_weather {"city":"Oslo"})",
                   R"(call a2 get_weather {"city":"Rome"})", kFinishCalls}));
  const Json contents = echo_of({chunk(parts, kStop)});
  EXPECT_EQ(contents[1]["parts"], Json::parse(parts));
  ASSERT_EQ(contents[2]["parts"].size(), 2U);
  EXPECT_EQ(contents[2]["parts"][0]["functionResponse"]["id"], "a1");
  EXPECT_EQ(contents[2]["parts"][1]["functionResponse"]["id"], "a2");
}

TEST_F(GeminiAnswer, A04_text_and_call_in_one_content) {
  EXPECT_EQ(
      either(chunk(list({R"({"text":"Let me look."})", call_part("a1", "Oslo", "S=")}), kStop))
          .lines,
      (Lines{"text Let me look.", "begin a1 get_weather", R"(call a1 get_weather {"city":"Oslo"})",
             kFinishCalls}));
}

TEST_F(GeminiAnswer, A05_call_followed_by_text) {
  const std::string parts = list({call_part("a1", "Oslo", "S="), R"({"text":"Asked."})"});
  EXPECT_EQ(either(chunk(parts, kStop)).lines,
            (Lines{"begin a1 get_weather", "text Asked.", R"(call a1 get_weather {"city":"Oslo"})",
                   kFinishCalls}));
  EXPECT_EQ(echo_of({chunk(parts, kStop)})[1]["parts"], Json::parse(parts));
}

TEST_F(GeminiAnswer, A06_call_without_id) {
  const std::string parts =
      R"([{"functionCall":{"name":"get_weather","args":{"city":"Oslo"}},"thoughtSignature":"S="}])";
  const std::string body = chunk(parts, kStop);
  std::set<std::string> ids;
  for (const AnswerLog& log : {whole(body), streamed({body})}) {
    const ToolCall call = tool_calls_of(log.message("m")).at(0);
    EXPECT_EQ(call.id.substr(0, 5), "call_");
    ids.insert(call.id);
    EXPECT_EQ(call.provider_metadata, (Json{{"wire_id", ""}}));
    EXPECT_EQ(log.lines,
              (Lines{"begin " + call.id + " get_weather",
                     "call " + call.id + R"( get_weather {"city":"Oslo"})", kFinishCalls}));
    EXPECT_EQ(log.parts, Json::parse(parts));
  }
  EXPECT_EQ(ids.size(), 1U) << "the same conversation again has the same ids";
  const AnswerLog two = whole(chunk(
      R"([{"functionCall":{"name":"get_weather","args":{}}},{"functionCall":{"name":"get_weather","args":{}}}])",
      kStop));
  const std::vector<ToolCall> calls = tool_calls_of(two.message("m"));
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_NE(calls[0].id, calls[1].id);
  const Json contents = echo_of({chunk(parts, kStop)});
  EXPECT_EQ(contents[1]["parts"], Json::parse(parts));
  EXPECT_FALSE(contents[2]["parts"][0]["functionResponse"].contains("id"));
}

TEST_F(GeminiAnswer, A07_call_without_args) {
  for (const char* args : {"", R"(,"args":{})", R"(,"args":null)"}) {
    EXPECT_EQ(either(chunk(call_json(args), kStop)).lines,
              (Lines{"begin a get_weather", "call a get_weather {}", kFinishCalls}))
        << args;
  }
}

TEST_F(GeminiAnswer, A08_unusual_arguments) {
  EXPECT_EQ(either(chunk(call_json(R"(,"args":{"days":3.0,"big":1e21,"text":"é\u0000😀",)"
                                   R"("deep":[[[[{"a":[]}]]]]})"),
                         kStop))
                .lines.at(1),
            std::string(R"(call a get_weather {"days":3.0,"big":1e+21,"text":"é\u0000😀",)") +
                R"("deep":[[[[{"a":[]}]]]]})");
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_EQ(whole(chunk(call_json(R"(,"args":{"x":)" + deep + "}"), kStop)).lines,
            (Lines{"error protocol bad_json retryable"}));
  // Text that is a JSON object is one, anything else is answered and not run.
  const AnswerLog text = either(chunk(call_json(R"(,"args":"{\"city\":\"Oslo\"}")"), kStop));
  EXPECT_EQ(text.lines.at(1), R"(call a get_weather {"city":"Oslo"})");
  EXPECT_EQ(text.parts[0]["functionCall"]["args"], (Json{{"city", "Oslo"}}));
  EXPECT_EQ(either(chunk(call_json(R"(,"args":[1])"), kStop)).lines.at(1),
            "call a get_weather {} error: the arguments of get_weather are no JSON object; call it "
            "again with one JSON object");
  // The schema says integer, so a tool gets one.
  HostedChat chat(service_);
  const std::string part = R"({"functionCall":{"id":"q","name":"look","args":{"n":3.0}},)"
                           R"("thoughtSignature":"S="})";
  service_.issue(Json::parse(list({part})));
  service_.play(bytes_of_stream({framed(chunk(list({part}), kStop))}));
  service_.play(bytes_of_stream({framed(chunk(R"([{"text":"3"}])", kStop))}));
  EXPECT_EQ(chat.say("look").text, "3");
  EXPECT_EQ(dump_json(service_.bodies().back()["contents"][2]["parts"][0]),
            R"({"functionResponse":{"id":"q","name":"look",)"
            R"("response":{"tool":"look","arguments":{"n":3}}}})");
}

TEST_F(GeminiAnswer, A09_undeclared_and_prefixed_names) {
  const AnswerLog log =
      either(chunk(R"([{"functionCall":{"id":"a","name":"default_api:get_weather"}},)"
                   R"({"functionCall":{"id":"b","name":"default_api.get_time"}},)"
                   R"({"functionCall":{"id":"c","name":"default_api:drop_tables"}},)"
                   R"({"functionCall":{"id":"d","name":"nobody"}}])",
                   kStop));
  EXPECT_EQ(Lines(log.lines.begin() + 4, log.lines.end()),
            (Lines{"call a get_weather {}", "call b get_time {}",
                   "call c default_api:drop_tables {}", "call d nobody {}", kFinishCalls}));
  EXPECT_EQ(log.parts[0]["functionCall"]["name"], "default_api:get_weather");
  HostedChat chat(service_);
  const std::string part = R"({"functionCall":{"id":"a","name":"nobody"},"thoughtSignature":"S="})";
  service_.issue(Json::parse(list({part})));
  service_.play(bytes_of_stream({framed(chunk(list({part}), kStop))}));
  service_.play(bytes_of_stream({framed(chunk(R"([{"text":"Sorry."}])", kStop))}));
  EXPECT_EQ(chat.say("look").text, "Sorry.");
  const Json response = service_.bodies().back()["contents"][2]["parts"][0]["functionResponse"];
  EXPECT_EQ(response["name"], "nobody");
  EXPECT_EQ(response["response"]["error_code"], "UNKNOWN_FUNCTION");
}

TEST_F(GeminiAnswer, A10_thoughts_and_text) {
  const std::string body =
      chunk(R"([{"text":"Hm.","thought":true},{"text":"Yes.","thoughtSignature":"S="}])", kStop);
  EXPECT_EQ(either(body).lines, (Lines{"thought Hm.", "text Yes.", kFinishStop}));
  EXPECT_EQ(echo_of({body})[1]["parts"][0], Json::parse(R"({"text":"Hm.","thought":true})"));
  const AnswerLog log = either(
      chunk(R"([{"text":"Hm.","thought":true},{"text":"Yes."},{"text":" More.","thought":false}])",
            kStop));
  EXPECT_EQ(log.lines, (Lines{"thought Hm.", "text Yes.", "text  More.", kFinishStop}));
  EXPECT_EQ(log.parts, Json::parse(R"([{"text":"Hm.","thought":true},{"text":"Yes. More."}])"));
}

TEST_F(GeminiAnswer, A11_only_thoughts) {
  const AnswerLog log = either(chunk(R"([{"text":"Hm.","thought":true}])", kStop));
  EXPECT_EQ(log.lines, (Lines{"thought Hm.", "error protocol empty_answer retryable"}));
  EXPECT_STREQ(log.error->what(), "Gemini only thought and gave no answer; try again or rephrase");
}

TEST_F(GeminiAnswer, A12_empty_answer) {
  const std::string empty =
      R"({"candidates":[{"content":{"role":"model"},"finishReason":"STOP"}]})";
  EXPECT_EQ(either(empty).lines, (Lines{"error protocol empty_answer retryable"}));
  EXPECT_EQ(either(chunk(R"([{"text":""}])", kStop)).lines,
            (Lines{"error protocol empty_answer retryable"}));
  // Once more by itself, and it is seen.
  HostedChat chat(service_);
  service_.play(bytes_of_stream({framed(empty)}));
  service_.play(bytes_of_stream({framed(chunk(R"([{"text":"Here."}])", kStop))}));
  EXPECT_EQ(chat.say("hello").text, "Here.");
  EXPECT_EQ(chat.notebook.lines,
            (Lines{"retry Gemini gave an empty answer; try again or rephrase", "text Here."}));
  // But only once.
  for (int i = 0; i < 2; ++i) service_.play(bytes_of_stream({framed(empty)}));
  const std::size_t before = service_.bodies().size();
  const chat::TurnResult turn = chat.say("and?");
  ASSERT_TRUE(turn.error);
  EXPECT_STREQ(turn.error->what(),
               "Gemini gave an empty answer, twice in a row; rephrase, or choose another --model");
  EXPECT_EQ(service_.bodies().size(), before + 2);
}

TEST_F(GeminiAnswer, A13_filtered_answer_without_content) {
  const Lines expected = {"warning Gemini stopped the answer (SAFETY); rephrase",
                          "finish content_filter SAFETY "};
  EXPECT_EQ(either(R"({"candidates":[{"content":{},"finishReason":"SAFETY"}]})").lines, expected);
  EXPECT_EQ(either(ended("SAFETY")).lines, expected);
  for (const char* reason :
       {"RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR",
        "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"}) {
    EXPECT_EQ(either(ended(reason)).lines.back(),
              std::string("finish content_filter ") + reason + " ");
  }
  const AnswerLog calls =
      either(chunk(list({call_part("a1", "Oslo")}), R"("finishReason":"PROHIBITED_CONTENT")"));
  EXPECT_EQ(calls.lines,
            (Lines{"begin a1 get_weather",
                   "warning 1 function call was not carried out: the answer was stopped by a "
                   "content filter",
                   "warning Gemini stopped the answer (PROHIBITED_CONTENT); rephrase",
                   "finish content_filter PROHIBITED_CONTENT gemini-3.8-flash"}));
  EXPECT_EQ(calls.parts, Json::array());
}

TEST_F(GeminiAnswer, A14_blocked_prompt) {
  for (const char* reason :
       {"SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "JAILBREAK"}) {
    EXPECT_EQ(
        either(std::string(R"({"promptFeedback":{"blockReason":")") + reason + "\"}}").lines,
        (Lines{std::string("warning Gemini blocked the request (") + reason + "); rephrase it",
               std::string("finish content_filter ") + reason + " "}));
  }
  EXPECT_EQ(either(R"({"promptFeedback":{"blockReason":"OTHER"},)"
                   R"("usageMetadata":{"promptTokenCount":12}})")
                .lines.at(0),
            "usage in 12 out 0 thoughts 0 cached 0");
  EXPECT_EQ(either(R"({"promptFeedback":{"safetyRatings":[]},"candidates":[{"content":{"parts":)"
                   R"([{"text":"Hi"}]},"finishReason":"STOP"}]})")
                .lines,
            (Lines{"text Hi", "finish stop STOP "}));
}

TEST_F(GeminiAnswer, A15_empty_object) {
  const AnswerLog log = whole("{}");
  EXPECT_EQ(log.lines, (Lines{"error protocol empty_answer retryable"}));
  EXPECT_STREQ(log.error->what(), "Gemini answered without any candidate; try again or rephrase");
  EXPECT_EQ(streamed({"{}"}).lines, (Lines{"error unavailable stream_cut retryable"}));
}

TEST_F(GeminiAnswer, A16_length_limit_without_parts) {
  EXPECT_EQ(
      either(R"({"candidates":[{"content":{"role":"model"},"finishReason":"MAX_TOKENS"}]})").lines,
      (Lines{"warning the length limit was used up before any answer; raise max-output-tokens or "
             "lower thinking",
             "finish length MAX_TOKENS "}));
}

TEST_F(GeminiAnswer, A17_length_limit_after_half_a_text) {
  EXPECT_EQ(either(chunk(R"([{"text":"Half"}])", R"("finishReason":"MAX_TOKENS")")).lines,
            (Lines{"text Half", "finish length MAX_TOKENS gemini-3.8-flash"}));
  const AnswerLog calls = either(
      chunk(list({R"({"text":"Half"})", call_part("a", "Oslo", "S="), call_part("b", "Rome")}),
            R"("finishReason":"MAX_TOKENS")"));
  EXPECT_EQ(calls.lines,
            (Lines{"text Half", "begin a get_weather", "begin b get_weather",
                   "warning 2 function calls were not carried out: the answer reached its length "
                   "limit",
                   "finish length MAX_TOKENS gemini-3.8-flash"}));
  EXPECT_EQ(calls.parts, Json::parse(R"([{"text":"Half"}])"));
}

TEST_F(GeminiAnswer, A18_malformed_function_call) {
  const std::string body =
      ended("MALFORMED_FUNCTION_CALL", R"(,"finishMessage":"Malformed function call: print(f(")");
  EXPECT_EQ(either(body).lines, (Lines{"error protocol malformed_function_call retryable"}));
  HostedChat chat(service_);
  service_.play(bytes_of_stream({framed(body)}));
  service_.play(bytes_of_stream({framed(chunk(R"([{"text":"Here."}])", kStop))}));
  EXPECT_EQ(chat.say("hello").text, "Here.");
  EXPECT_EQ(chat.notebook.lines,
            (Lines{"retry Gemini wrote a function call nobody can read (MALFORMED_FUNCTION_CALL); "
                   "try again or rephrase: Malformed function call: print(f(",
                   "text Here."}));
  for (int i = 0; i < 2; ++i) service_.play(bytes_of_stream({framed(body)}));
  const chat::TurnResult turn = chat.say("and?");
  ASSERT_TRUE(turn.error);
  EXPECT_EQ(turn.error->reason, "malformed_function_call");
  EXPECT_STREQ(turn.error->what(),
               "Gemini wrote a function call nobody can read (MALFORMED_FUNCTION_CALL), twice in a "
               "row; rephrase, or choose another --model: Malformed function call: print(f(");
}

TEST_F(GeminiAnswer, A19_other_failed_ends) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"UNEXPECTED_TOOL_CALL", "error protocol unexpected_tool_call retryable"},
      {"MALFORMED_RESPONSE", "error protocol malformed_response retryable"},
      {"TOO_MANY_TOOL_CALLS", "error protocol too_many_tool_calls final"},
      {"MISSING_THOUGHT_SIGNATURE", "error protocol signature final"}};
  for (const auto& [reason, line] : cases) EXPECT_EQ(either(ended(reason)).lines, Lines{line});
}

TEST_F(GeminiAnswer, A20_continuation) {
  EXPECT_EQ(either(chunk(R"([{"text":"Long"}])",
                         R"("finishReason":"CONTINUATION","continuationToken":"dG9r")"))
                .lines,
            (Lines{"text Long", "finish length CONTINUATION gemini-3.8-flash"}));
}

TEST_F(GeminiAnswer, A21_unknown_finish_reason) {
  EXPECT_EQ(either(chunk(R"([{"text":"x"}])", R"("finishReason":"FOO_BAR")")).lines,
            (Lines{"text x", "finish other FOO_BAR gemini-3.8-flash"}));
  EXPECT_EQ(either(chunk(R"([{"text":"x"}])", R"("finishReason":17)")).lines,
            (Lines{"text x", "finish other 17 gemini-3.8-flash"}));
}

TEST_F(GeminiAnswer, A22_unknown_parts_and_keys) {
  const std::string parts = R"([{"text":"a"},{"fooBar":{}},{"text":"b","partMetadata":{"x":1}}])";
  const std::string body =
      R"({"candidates":[{"content":{"parts":)" + parts +
      R"(,"role":"model","new":1},"finishReason":"STOP","other":[]}],"brandNew":true})";
  EXPECT_EQ(either(body).lines, (Lines{"text a", "text b", "finish stop STOP "}));
  EXPECT_EQ(echo_of({body})[1]["parts"], Json::parse(parts));
}

TEST_F(GeminiAnswer, A23_tolerant_usage) {
  const auto with = [](const std::string& usage) {
    return R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}])" +
           (usage.empty() ? "" : R"(,"usageMetadata":)" + usage) + "}";
  };
  EXPECT_EQ(either(with("")).lines, (Lines{"text x", "finish stop STOP "}));
  EXPECT_EQ(either(with(R"({"promptTokenCount":7})")).lines.at(0),
            "usage in 7 out 0 thoughts 0 cached 0");
  EXPECT_EQ(either(with(R"({"promptTokenCount":"71","thoughtsTokenCount":5,)"
                        R"("candidatesTokenCount":null,"cachedContentTokenCount":{}})"))
                .lines.at(0),
            "usage in 71 out 5 thoughts 5 cached 0");
  EXPECT_EQ(either(with("7")).lines, (Lines{"text x", "finish stop STOP "}));
}

TEST_F(GeminiAnswer, A24_another_model_answers) {
  const std::string body =
      R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}],)"
      R"("modelVersion":"gemini-4-argon",)"
      R"("modelStatus":{"modelStage":"DEPRECATED","message":"Use another."}})";
  EXPECT_EQ(either(body).lines,
            (Lines{"warning gemini-3.8-flash was asked, gemini-4-argon answered",
                   "warning gemini-3.8-flash is deprecated: Use another.", "text x",
                   "finish stop STOP gemini-4-argon"}));
  const std::string status =
      R"("modelStatus":{"modelStage":"DEPRECATED","retirementTime":"2026-12-01T00:00:00Z",)"
      R"("message":"Use\nanother one."})";
  EXPECT_EQ(
      streamed({R"({"candidates":[{"content":{"parts":[{"text":"x"}]}}],)" + status + "}",
                R"({"candidates":[{"finishReason":"STOP"}],)" + status + "}"})
          .lines,
      (Lines{
          "warning gemini-3.8-flash is deprecated, retires 2026-12-01T00:00:00Z: Use another one.",
          "text x", "finish stop STOP "}));
}

TEST_F(GeminiAnswer, A25_several_candidates) {
  EXPECT_EQ(
      either(
          R"({"candidates":[{"index":1,"content":{"parts":[{"text":"B"}]},"finishReason":"STOP"},)"
          R"({"index":0,"content":{"parts":[{"text":"A"}]},"finishReason":"STOP"}]})")
          .lines,
      (Lines{"text A", "finish stop STOP "}));
  EXPECT_EQ(either(R"({"candidates":[{"content":{"parts":[{"text":"A"}]},"finishReason":"STOP"},)"
                   R"({"content":{"parts":[{"text":"B"}]},"finishReason":"STOP"}]})")
                .lines,
            (Lines{"text A", "finish stop STOP "}));
  EXPECT_EQ(streamed({R"({"candidates":[{"content":{"parts":[{"text":"A"}]}}]})",
                      R"({"candidates":[{"index":1,"content":{"parts":[{"text":"B"}]}}]})",
                      R"({"candidates":[{"index":0,"finishReason":"STOP"}]})"})
                .lines,
            (Lines{"text A", "finish stop STOP "}));
}

}  // namespace
}  // namespace cartpilot::gemini::tests
