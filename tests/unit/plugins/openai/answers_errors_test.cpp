// A71 to A78: refusals with a status, and what the program makes of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <ctime>

#include "turn_runner.h"

namespace cartpilot::openai {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string refusal(const std::string& message, const std::string& param = "",
                    const std::string& code = "", const std::string& type = "x") {
  return R"({"error":{"message":")" + message + R"(","type":")" + type + R"(","param":)" +
         (param.empty() ? "null" : '"' + param + '"') + R"(,"code":)" +
         (code.empty() ? "null" : '"' + code + '"') + "}}";
}

Played played(int status, const std::string& body, HttpHeaders headers = {}) {
  Played answer;
  answer.status = status;
  answer.headers = std::move(headers);
  answer.body = body;
  return answer;
}

TEST(OpenAiAnswer, A71_every_envelope_of_an_error_is_read) {
  // The kit's own test reads all of them; here, one that OpenAI writes and two of its imitators.
  const std::vector<std::pair<const char*, const char*>> envelopes = {
      {R"({"error":{"message":"the cause","type":"t","param":"p","code":"c"}})", "the cause"},
      {R"({"detail":[{"loc":["body","x"],"msg":"the cause","type":"value_error"}]})",
       "body.x: the cause"},
      {"<html><title>the cause", "the answer is a web page: the cause"},
  };
  for (const auto& [body, said] : envelopes) {
    RequestFixture counter(kChatModel);
    EXPECT_EQ(
        counter.refused(400, body),
        Trace{"error invalid_argument final bad_request: OpenAI refused the request (HTTP 400): " +
              std::string(said) + "; check --model and the options"})
        << body;
  }
  RequestFixture counter(kChatModel);
  EXPECT_EQ(
      counter.refused(400, ""),
      Trace{"error invalid_argument final bad_request: OpenAI refused the request (HTTP 400); "
            "check --model and the options"});
  EXPECT_EQ(
      counter.refused(418, std::string(70'000, 'x')).at(0).size(),
      std::string(
          "error invalid_argument final bad_request: OpenAI refused the request (HTTP 418): ...; "
          "check --model and the options")
              .size() +
          500)
      << "the first 500 characters of anything else";
}

TEST(OpenAiAnswer, A72_pauses_the_server_asks_for) {
  const std::string limit = refusal("slower", "", "rate_limit_exceeded");
  struct Case {
    HttpHeaders headers;
    std::int64_t least_ms;
    std::int64_t most_ms;
  };
  const std::time_t soon =
      std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) + 2;
  char date[64];
  std::strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", std::gmtime(&soon));
  for (const Case& c : std::vector<Case>{
           {{{"Retry-After", "1"}}, 1000, 1250},
           {{{"Retry-After", date}}, 1, 2250},
           {{{"retry-after-ms", "0"}}, 1, 20},
           {{{"retry-after-ms", "40"}, {"Retry-After", "9999"}}, 40, 44},
           {{{"Retry-After", "in a while"}}, 1, 20},
           {{{"Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"}}, 1, 20},
       }) {
    RequestFixture counter(kChatModel);
    TurnRunner runner(counter);
    counter.server.play(played(429, limit, c.headers));
    EXPECT_EQ(runner.turn(), "stop ok") << c.headers[0].second;
    ASSERT_EQ(runner.waits.size(), 1U) << c.headers[0].second;
    EXPECT_GE(runner.waits[0], c.least_ms) << c.headers[0].second;
    EXPECT_LE(runner.waits[0], c.most_ms) << c.headers[0].second;
    EXPECT_THAT(counter.server.violations(), IsEmpty());
  }
  RequestFixture counter(kChatModel);
  TurnRunner runner(counter);
  counter.server.play(played(429, limit, {{"Retry-After", "9999"}}));
  EXPECT_EQ(runner.turn(), "error");
  EXPECT_THAT(runner.waits, IsEmpty()) << "nobody waits three hours";
  EXPECT_EQ(runner.error->retry_after_ms, 9'999'000) << "but is told";
}

TEST(OpenAiAnswer, A73_a_spent_credit_is_final) {
  for (const char* code : {"credit_balance_exhausted", "insufficient_quota"}) {
    RequestFixture counter(kChatModel);
    TurnRunner runner(counter);
    counter.server.play(played(429, refusal("gone", "", code), {{"Retry-After", "1"}}));
    EXPECT_EQ(runner.turn(), "error") << code;
    EXPECT_EQ(runner.error->reason, "quota");
    EXPECT_EQ(counter.server.requests().size(), 1U);
  }
}

TEST(OpenAiAnswer, A74_key_permission_model_and_path) {
  RequestFixture counter(kChatModel);
  EXPECT_EQ(counter.refused(
                401, refusal("Incorrect API key provided: sk-ab***yz", "", "invalid_api_key")),
            Trace{"error unauthenticated final api_key_invalid: OpenAI refused the API key (HTTP "
                  "401); check "
                  "OPENAI_API_KEY"});
  EXPECT_EQ(
      counter.refused(403, refusal("Country not supported")),
      Trace{
          "error permission final permission: OpenAI does not permit this (HTTP 403): Country not "
          "supported; check what the key may do"});
  EXPECT_EQ(counter.refused(
                404, refusal("The model `gpt-4.1-mini` does not exist", "", "model_not_found")),
            Trace{"error not_found final model: OpenAI has no model 'gpt-4.1-mini' for this key; "
                  "`cartpilot models --provider openai` lists what it has; near names: "
                  "gpt-4.1-mini, gpt-5.6-luna, gpt-6.1-terra"});
  EXPECT_EQ(counter.refused(404, "404 page not found"),
            Trace{"error not_found final path: no API found at BASE (HTTP 404); check "
                  "OPENAI_BASE_URL"});
  EXPECT_EQ(counter.refused(404, refusal("Item with id 'rs_1' not found.", "input")),
            Trace{"error not_found final : OpenAI refused the request (HTTP 404): Item with id "
                  "'rs_1' not found"});
}

TEST(OpenAiAnswer, A75_a_failure_and_then_an_answer) {
  for (const int status : {500, 502, 503, 504, 520, 408, 409}) {
    RequestFixture counter(kChatModel);
    TurnRunner runner(counter);
    counter.server.play(played(status, refusal("oops", "", "", "server_error")));
    EXPECT_EQ(runner.turn(), "stop ok") << status;
    EXPECT_EQ(counter.server.requests().size(), 2U) << status;
  }
  // The same inside a stream, before anything was shown; after it, nobody asks again.
  const std::string error = refusal("oops", "", "", "server_error");
  RequestFixture early(kChatModel);
  TurnRunner runner(early);
  early.server.play(played(200, sse({error}), {{"Content-Type", "text/event-stream"}}));
  EXPECT_EQ(runner.turn(), "stop ok");
  RequestFixture late(kChatModel);
  TurnRunner no_more(late);
  late.server.play(played(200, sse({chunk(R"({"content":"Well"})"), error}),
                          {{"Content-Type", "text/event-stream"}}));
  EXPECT_EQ(no_more.turn(), "error Well");
  EXPECT_EQ(late.server.requests().size(), 1U);
}

TEST(OpenAiAnswer, A76_a_refused_parameter_is_dropped_once_told_once_and_remembered) {
  RequestFixture counter(kChatModel, {{"server", "openai"}, {"temperature", "0.5"}});
  const Played unsupported =
      played(400, refusal("Unsupported parameter: 'temperature' is not supported with this model.",
                          "temperature", "unsupported_parameter"));
  EXPECT_EQ(counter.hears(unsupported),
            (Trace{"warning gpt-4.1-mini does not accept temperature; left out", "text ok",
                   "usage 96 18 3 32", "finish stop stop gpt-4.1-mini"}));
  const std::vector<Json> bodies = counter.server.bodies();
  ASSERT_EQ(bodies.size(), 3U) << "the refused one, the accepted one, the next turn";
  EXPECT_EQ(bodies[0]["temperature"], 0.5);
  Json expected = bodies[0];
  expected.erase("temperature");
  EXPECT_EQ(bodies[1], expected) << "nothing else changed";
  EXPECT_FALSE(bodies[2].contains("temperature"));
  EXPECT_THAT(counter.hears(unsupported), ElementsAre(StartsWith("error invalid_argument final")))
      << "what is not sent cannot be left out";
}

TEST(OpenAiAnswer, A77_too_large_and_not_valid) {
  RequestFixture counter(kChatModel);
  EXPECT_EQ(
      counter.refused(413, "Payload Too Large"),
      Trace{"error invalid_argument final request_too_large: OpenAI takes no request of this size "
            "(HTTP 413): Payload Too Large; start a new conversation"});
  EXPECT_EQ(
      counter.refused(
          422, R"({"detail":[{"loc":["body","messages",0],"msg":"field required","type":"m"}]})"),
      Trace{"error invalid_argument final bad_request: OpenAI refused the request (HTTP 422): "
            "body.messages.0: field required; check --model and the options"});
}

TEST(OpenAiAnswer, A78_a_web_page_with_status_503) {
  RequestFixture counter(kChatModel);
  EXPECT_EQ(counter.refused(503, "<html><head><title>503 Service Unavailable</title>",
                            {{"Content-Type", "text/html"}}),
            Trace{"error unavailable retryable unavailable: server error at OpenAI (HTTP "
                  "503): the answer is a web page: 503 Service Unavailable; try again shortly"});
}

}  // namespace
}  // namespace cartpilot::openai
