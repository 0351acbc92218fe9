// What the service may answer, A37 to A48 and A54: errors in and instead of answers. Bodies are
// constructed from https://ai.google.dev/gemini-api/docs/troubleshooting and
// https://google.aip.dev/193.
#include <tuple>

#include "answers.h"

namespace cartpilot::gemini::tests {
namespace {

using fakes::GivenAnswer;

const std::string kPartial = framed(chunk(R"([{"text":"par"}])"));

std::string retry_info(const std::string& delay) {
  return R"([{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":")" + delay + "\"}]";
}

std::string quota_failure(const std::string& id, const std::string& value) {
  return R"([{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":")" +
         id + R"(","quotaValue":")" + value + "\"}]}]";
}

TEST_F(GeminiAnswer, A37_error_event_after_two_chunks) {
  const AnswerLog log = streamed(
      {chunk(R"([{"text":"par"}])"), chunk(R"([{"text":"tial"}])"),
       status_body(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")});
  EXPECT_EQ(log.lines, (Lines{"text par", "text tial", "error unavailable unavailable retryable"}));
  EXPECT_EQ(log.error->http_status, 503);
}

TEST_F(GeminiAnswer, A38_bare_error_lines_after_chunks) {
  const std::string lines =
      "{\r\n  \"error\": {\r\n    \"code\": 429,\r\n    \"message\": \"quota\",\r\n    "
      "\"status\": \"RESOURCE_EXHAUSTED\"\r\n  }\r\n}\r\n";
  EXPECT_EQ(heard(bytes_of_stream({kPartial, lines})).lines,
            (Lines{"text par", "error rate_limited rate_limit retryable"}));
  EXPECT_STREQ(heard(bytes_of_stream({"upstream connect error\n\n"})).error->what(),
               "Gemini's answer was cut off before its end; try again (the server also sent: "
               "upstream connect error)");
}

TEST_F(GeminiAnswer, A39_error_without_code) {
  const std::vector<std::pair<std::string, int>> cases = {
      {"INVALID_ARGUMENT", 400}, {"RESOURCE_EXHAUSTED", 429}, {"SOMETHING_NEW", 500}};
  for (const auto& [status, code] : cases) {
    const AnswerLog log = streamed({R"({"error":{"message":"x","status":")" + status + "\"}}"});
    ASSERT_TRUE(log.error) << status;
    EXPECT_EQ(log.error->http_status, code) << status;
  }
}

TEST_F(GeminiAnswer, A40_error_as_an_array) {
  EXPECT_EQ(
      refused(400, "[" + status_body(400, "INVALID_ARGUMENT", "API key not valid.") + "]").lines,
      (Lines{"error unauthenticated api_key_invalid final"}));
}

TEST_F(GeminiAnswer, A41_invalid_key) {
  const std::string details =
      R"([{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}])";
  const AnswerLog log = refused(400, status_body(400, "INVALID_ARGUMENT", "No.", details));
  EXPECT_EQ(log.lines, (Lines{"error unauthenticated api_key_invalid final"}));
  EXPECT_STREQ(log.error->what(),
               "Gemini refused the API key (HTTP 400); check GEMINI_API_KEY; keys are made at "
               "https://aistudio.google.com/apikey");
  EXPECT_EQ(service_.requests().size(), 1U);
}

TEST_F(GeminiAnswer, A42_refusals_have_classes) {
  EXPECT_EQ(refused(401, status_body(401, "UNAUTHENTICATED", "Invalid.")).lines,
            (Lines{"error unauthenticated api_key_invalid final"}));
  EXPECT_EQ(refused(403, status_body(403, "PERMISSION_DENIED",
                                     "Method doesn't allow unregistered callers."))
                .lines,
            (Lines{"error unauthenticated api_key_missing final"}));
  EXPECT_EQ(refused(403, status_body(403, "PERMISSION_DENIED", "Blocked.")).lines,
            (Lines{"error permission permission final"}));
  EXPECT_EQ(refused(404, status_body(404, "NOT_FOUND", "models/x is not found")).lines,
            (Lines{"error not_found model final"}));
  EXPECT_EQ(refused(413, "<html><title>413</title></html>").lines,
            (Lines{"error invalid_argument request_too_large final"}));
  EXPECT_EQ(
      refused(400, status_body(400, "INVALID_ARGUMENT",
                               "The input token count (9) exceeds the maximum number of tokens "
                               "allowed (8)."))
          .lines,
      (Lines{"error invalid_argument context_overflow final"}));
}

TEST_F(GeminiAnswer, A43_waits_and_quotas) {
  const auto limited = [&](const std::string& details, const std::string& message = "Quota.") {
    const AnswerLog log = refused(429, status_body(429, "RESOURCE_EXHAUSTED", message, details));
    std::string line = log.lines.back();
    if (log.error->retry_after_ms) line += " " + std::to_string(*log.error->retry_after_ms);
    return line;
  };
  // Terminal ones first: they ask for no wait, which the next request would break.
  EXPECT_EQ(limited(quota_failure("GenerateRequestsPerDayPerProjectPerModel", "250")),
            "error rate_limited quota final");
  EXPECT_EQ(limited(quota_failure("GenerateRequestsPerMinute", "0")),
            "error rate_limited quota final");
  EXPECT_EQ(limited("", "Quota exceeded for metric: m, limit: 0, model: x"),
            "error rate_limited quota final");
  EXPECT_EQ(limited(""), "error rate_limited rate_limit retryable");
  EXPECT_EQ(limited(retry_info("0s")), "error rate_limited rate_limit retryable 0");
  for (const auto& [delay, expected] : std::vector<std::pair<std::string, std::string>>{
           {"34.07s", "error rate_limited rate_limit retryable 34070"},
           {"900ms", "error rate_limited rate_limit retryable 900"},
           {"7200s", "error rate_limited quota final"}}) {
    fakes::FakeGemini service;  // one each: a fake minds requests that come too early
    service.play(GivenAnswer::json(
        429, Json::parse(status_body(429, "RESOURCE_EXHAUSTED", "Quota.", retry_info(delay)))));
    Conversation conversation(service);
    conversation.request().messages = {Message::user("x")};
    const AnswerLog log = conversation.answer();
    EXPECT_EQ(
        log.lines.back() +
            (log.error->retry_after_ms ? " " + std::to_string(*log.error->retry_after_ms) : ""),
        expected);
    EXPECT_EQ(service.violations(), Lines{});
  }
}

TEST_F(GeminiAnswer, A44_trouble_that_passes) {
  const std::string server_error = "retry server error at Gemini (HTTP ";
  for (const auto& [status, word, retry] : std::vector<std::tuple<int, std::string, std::string>>{
           {500, "INTERNAL", server_error + "500): Busy; try again shortly"},
           {503, "UNAVAILABLE", server_error + "503): Busy; try again shortly"},
           {504, "DEADLINE_EXCEEDED",
            "retry Gemini did not answer in time (HTTP 504): Busy; try again"}}) {
    HostedChat chat(service_);
    service_.play(GivenAnswer::json(status, Json::parse(status_body(status, word, "Busy."))));
    service_.play(bytes_of_stream({framed(chunk(R"([{"text":"Here."}])", kStop))}));
    EXPECT_EQ(chat.say(word).text, "Here.");
    ASSERT_EQ(chat.notebook.lines.size(), 2U) << word;
    EXPECT_EQ(chat.notebook.lines[0], retry);
    EXPECT_EQ(chat.notebook.lines[1], "text Here.");
  }
}

TEST_F(GeminiAnswer, A45_web_pages_empty_bodies_and_half_json) {
  const AnswerLog page = refused(502, "<html><h1>Bad Gateway</h1></html>");
  EXPECT_EQ(page.lines, (Lines{"error unavailable unavailable retryable"}));
  EXPECT_STREQ(
      page.error->what(),
      "server error at Gemini (HTTP 502): the answer is a web page: Bad Gateway; try again "
      "shortly");
  EXPECT_EQ(refused(500, "").lines, (Lines{"error unavailable unavailable retryable"}));
  const AnswerLog half = whole(R"({"candidates":[{"content":)");
  EXPECT_EQ(half.lines, (Lines{"error protocol bad_json retryable"}));
  EXPECT_NE(std::string(half.error->what()).find(R"(it began: {"candidates")"), std::string::npos);
  EXPECT_EQ(whole("<html>Log in</html>").lines, (Lines{"error protocol bad_json final"}));
  EXPECT_EQ(streamed({R"({"candidates":[{"conte)", chunk(R"([{"text":"x"}])", kStop)}).lines,
            (Lines{"error protocol bad_json retryable"}));
}

TEST_F(GeminiAnswer, A46_alt_sse_ignored) {
  const auto array = [](const std::string& text) {
    GivenAnswer answer;
    answer.chunks = {text};
    return answer;
  };
  const std::string a = chunk(R"([{"text":"a"}])");
  EXPECT_EQ(heard(array("[" + a + ",\r\n" + chunk(R"([{"text":"b"}])", kStop) + "]")).lines,
            (Lines{"text a", "text b", kFinishStop}));
  EXPECT_EQ(heard(array("[" + a + "]")).lines,
            (Lines{"text a", "error unavailable stream_cut retryable"}));
}

TEST_F(GeminiAnswer, A47_compressed_without_being_asked) {
  const std::string gzip("\x1F\x8B\x08\x00\x00\x00\x00\x00", 8);
  const AnswerLog body = whole(gzip);
  EXPECT_EQ(body.lines, (Lines{"error protocol compressed final"}));
  EXPECT_STREQ(body.error->what(),
               "Gemini's answer arrived compressed although no compression was asked for; check "
               "the proxy in between or GEMINI_BASE_URL");
  EXPECT_EQ(heard(bytes_of_stream({gzip})).lines, (Lines{"error protocol compressed final"}));
  EXPECT_EQ(header_value(service_.requests().back().headers, "accept-encoding"), "");
}

TEST_F(GeminiAnswer, A48_white_space_around_the_body) {
  const std::string body = chunk(R"([{"text":"x"}])", kStop);
  for (const std::string& text :
       {"\xEF\xBB\xBF" + body, "  \r\n\t" + body, Json::parse(body).dump(4) + "\n"}) {
    EXPECT_EQ(whole(text).lines, (Lines{"text x", kFinishStop})) << text;
  }
  EXPECT_EQ(heard(bytes_of_stream({"\xEF\xBB\xBF" + framed(body)})).lines,
            (Lines{"text x", kFinishStop}));
}

TEST_F(GeminiAnswer, A54_refused_signatures) {
  const std::string part = R"({"functionCall":{"id":"q","name":"look"},"thoughtSignature":"OLD="})";
  for (const char* message : {"Function call is missing a thought_signature in functionCall parts.",
                              "Corrupted thought signature.", "Thought signature is not valid"}) {
    fakes::FakeGemini service;
    service.issue(Json::parse(list({part})));
    HostedChat chat(service);
    service.play(bytes_of_stream({framed(chunk(list({part}), kStop))}));
    service.play(
        GivenAnswer::json(400, Json::parse(status_body(400, "INVALID_ARGUMENT", message))));
    service.play(bytes_of_stream({framed(chunk(R"([{"text":"Here."}])", kStop))}));
    EXPECT_EQ(chat.say("hello").text, "Here.") << message;
    const auto bodies = service.bodies();
    ASSERT_EQ(bodies.size(), 3U) << "one repair";
    EXPECT_EQ(bodies[1]["contents"][1]["parts"][0]["thoughtSignature"], "OLD=");
    EXPECT_EQ(bodies[2]["contents"][1]["parts"][0]["thoughtSignature"],
              "skip_thought_signature_validator");
    // To the fake the signature was good; here it plays a service that has forgotten it.
    EXPECT_EQ(service.violations(), (Lines{"Q25 an issued signature was lost in contents[1]"}));
  }
  fakes::FakeGemini service;
  service.play(GivenAnswer::json(
      400, Json::parse(status_body(400, "INVALID_ARGUMENT", "Corrupted thought signature."))));
  Conversation conversation(service);
  conversation.request().messages = {Message::user("x")};
  EXPECT_EQ(conversation.answer().lines.back(), "error invalid_argument signature final");
  EXPECT_EQ(service.bodies().size(), 1U) << "there was nothing to repair";
}

}  // namespace
}  // namespace cartpilot::gemini::tests
