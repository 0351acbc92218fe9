// Error answers A71 to A78 and what becomes of them.
#include "openai/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode_testing.h"
#include "openai/retry_hints.h"

namespace cartpilot::openai {
namespace {

using namespace testing;

constexpr std::int64_t kNow = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT

ServiceInfo service() {
  ServiceInfo info;
  info.title = "OpenAI";
  info.base = "https://api.openai.com/v1";
  info.key_variable = "OPENAI_API_KEY";
  info.model = "gpt-9";
  return info;
}

std::string line(const Error& error) {
  TraceSink sink;
  sink.fail(error);
  return sink.trace[0].substr(6);
}

std::string told(int status, const std::string& body, const HttpHeaders& headers = {}) {
  return line(error_of_answer({status, headers}, body, service(), kNow));
}

std::string body(const std::string& message, const std::string& type = "",
                 const std::string& code = "") {
  return R"({"error":{"message":")" + message + R"(","type":")" + type +
         R"(","param":null,"code":")" + code + R"("}})";
}

TEST(OpenAiErrors, every_envelope_is_read) {
  const std::vector<std::pair<const char*, const char*>> envelopes = {
      {R"({"error":{"message":"m","type":"t","param":"p","code":"c"}})", "m|t|c|p|0"},
      {R"({"error":{"message":"m","type":null,"param":"p","code":418}})", "m||418|p|418"},
      {R"({"error":{"message":"Provider returned error","code":502,"metadata":{"raw":"the cause"}}})",
       "Provider returned error: the cause||502||502"},
      {R"({"error":"text"})", "text||||0"},
      {R"([{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}])", "m||400||400"},
      {R"({"object":"error","message":"m","type":"BadRequestError","param":null,"code":400})",
       "m|BadRequestError|400||400"},
      {R"({"detail":"Not Found"})", "Not Found||||0"},
      {R"({"detail":[{"loc":["body","model"],"msg":"required","type":"x"},{"loc":[0],"msg":"bad"}]})",
       "body.model: required; 0: bad||||0"},
      {R"({"message":"m","code":"c"})", "m||c||0"},
      {"  <html><body>Bad gateway", "the answer is a web page||||0"},
      {"plain\n  words\x1b[31m", "plain words [31m||||0"},
      {"", "||||0"},
      {R"({"error":{"code":"only_code"}})", "only_code||only_code||0"},
      {R"({"error":null,"x":1})", R"({"error":null,"x":1}||||0)"},
  };
  for (const auto& [text, expected] : envelopes) {
    const ErrorBody read = read_error_body(text);
    EXPECT_EQ(read.message + "|" + read.type + "|" + read.code + "|" + read.param + "|" +
                  std::to_string(read.status),
              expected)
        << text;
  }
  EXPECT_EQ(read_error_body(std::string(600, 'x')).message, std::string(500, 'x') + "...");
}

TEST(OpenAiErrors, what_each_status_means) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {told(400, body("bad thing")),
       "invalid_argument final : OpenAI refused the request (HTTP 400): bad thing"},
      {told(400, body("too long", "", "context_length_exceeded")),
       "invalid_argument final context_overflow: the conversation is too long for gpt-9: too long; "
       "start a "
       "new one or use a model with a larger context"},
      {told(400, body("blocked", "", "content_filter")),
       "invalid_argument final content_filter: OpenAI blocked the request by its content rules: "
       "blocked"},
      {told(400,
            R"([{"error":{"code":400,"message":"API key not valid. Please pass a valid one."}}])"),
       "unauthenticated final : OpenAI refused the API key; check OPENAI_API_KEY"},
      {told(401, body("Incorrect API key provided: sk-ab***yz", "", "invalid_api_key")),
       "unauthenticated final : OpenAI refused the API key (HTTP 401); check OPENAI_API_KEY"},
      {told(401, body("IP not authorized")),
       "unauthenticated final : OpenAI refused the API key (HTTP 401): IP not authorized; check "
       "OPENAI_API_KEY"},
      {told(402, body("top up")),
       "rate_limited final quota: OpenAI says there is no credit left (HTTP 402): top up"},
      {told(403, body("country")),
       "permission final : OpenAI does not permit this (HTTP 403): country"},
      {told(404, body("The model `gpt-9` does not exist", "", "model_not_found")),
       "not_found final model: OpenAI has no model 'gpt-9' for this key; `cartpilot models "
       "--provider "
       "openai` lists what it has"},
      {told(404, R"({"error":{"message":"model \"x\" not found, try pulling it first"}})"),
       "not_found final model: OpenAI has no model 'gpt-9' for this key; `cartpilot models "
       "--provider "
       "openai` lists what it has"},
      {told(404, "404 page not found"),
       "not_found final path: nothing answers below https://api.openai.com/v1 (HTTP 404); check "
       "OPENAI_BASE_URL"},
      {told(408, ""), "deadline retryable : OpenAI gave up waiting (HTTP 408)"},
      {told(409, ""), "unavailable retryable : OpenAI reports a conflict (HTTP 409)"},
      {told(413, "x"), "invalid_argument final : OpenAI refused the request (HTTP 413): x"},
      {told(422, R"({"detail":[{"loc":["body"],"msg":"bad"}]})"),
       "invalid_argument final : OpenAI refused the request (HTTP 422): body: bad"},
      {told(429, body("slow", "rate_limit_error", "slow_down")),
       "rate_limited retryable rate_limit: OpenAI asks for a pause: slow; try again shortly"},
      {told(429, body("Request too large for gpt-9")),
       "rate_limited final request_too_large: OpenAI takes no request of this size: Request too "
       "large for "
       "gpt-9; start a new conversation"},
      {told(500, body("oops", "server_error")),
       "unavailable retryable : OpenAI has a problem of its own (HTTP 500): oops; try again "
       "shortly"},
      {told(500, body("request exceeds the available context size")),
       "invalid_argument final context_overflow: the conversation is too long for gpt-9: request "
       "exceeds "
       "the available context size; start a new one or use a model with a larger context"},
      {told(503, "<html>"),
       "unavailable retryable overloaded: OpenAI has a problem of its own (HTTP 503): the answer "
       "is a web "
       "page; try again shortly"},
      {told(524, ""),
       "unavailable retryable : OpenAI has a problem of its own (HTTP 524); try again shortly"},
      {told(307, ""),
       "protocol final redirect: OpenAI redirects elsewhere (HTTP 307), which is not followed with "
       "a key; "
       "put the final address into OPENAI_BASE_URL"},
  };
  for (const auto& [actual, expected] : table) EXPECT_EQ(actual, expected);
}

TEST(OpenAiErrors, a_base_url_without_a_version_is_told_how_it_should_look) {
  ServiceInfo info = service();
  info.base = "http://localhost:11434";
  info.has_version = false;
  EXPECT_EQ(
      line(error_of_answer({404, {}}, "404 page not found", info, kNow)),
      "not_found final path: nothing answers below http://localhost:11434 (HTTP 404); the base URL "
      "usually ends in /v1, try OPENAI_BASE_URL=http://localhost:11434/v1");
}

TEST(OpenAiErrors, a_server_that_wants_a_key_where_none_is_set_says_so) {
  ServiceInfo info = service();
  info.has_key = false;
  EXPECT_EQ(line(error_of_answer({401, {}}, "", info, kNow)),
            "unauthenticated final : OpenAI wants an API key (HTTP 401); set OPENAI_API_KEY");
}

TEST(OpenAiErrors, waits_the_server_asks_for) {
  const auto wait = [](const HttpHeaders& headers) {
    return error_of_answer({429, headers}, "", service(), kNow).retry_after_ms;
  };
  using Ms = std::optional<std::int64_t>;
  EXPECT_EQ(wait({{"Retry-After", "1"}}), Ms(1000));
  EXPECT_EQ(wait({{"Retry-After", "0.25"}}), Ms(250));
  EXPECT_EQ(wait({{"retry-after-ms", "250"}, {"Retry-After", "9"}}), Ms(250));
  EXPECT_EQ(wait({{"retry-after-ms", "0"}}), Ms(0));
  EXPECT_EQ(wait({{"Retry-After", "9999"}}), Ms(9'999'000));
  EXPECT_EQ(wait({{"Retry-After", "Sun, 06 Nov 1994 08:49:47 GMT"}}), Ms(10'000));
  EXPECT_EQ(wait({{"Retry-After", "Sun, 06 Nov 1994 08:49:07 GMT"}}), Ms(0));
  EXPECT_EQ(wait({{"Retry-After", "soon"}}), std::nullopt);
  EXPECT_EQ(wait({{"Retry-After", "-5"}}), std::nullopt);
  EXPECT_EQ(wait({{"Retry-After", "1e400"}}), std::nullopt);
  EXPECT_EQ(wait({{"Retry-After", "1e300"}}), Ms(366LL * 24 * 3600 * 1000));
  EXPECT_EQ(wait({}), std::nullopt);
  EXPECT_EQ(http_date_ms("Sun, 06 Nov 1994 08:49:37 GMT"), Ms(kNow));
  EXPECT_EQ(http_date_ms("Sun, 06 Foo 1994 08:49:37 GMT"), std::nullopt);
  EXPECT_EQ(http_date_ms("Sunday, 06-Nov-94 08:49:37 GMT"), std::nullopt);
}

TEST(OpenAiErrors, x_should_retry_overrides_the_status) {
  EXPECT_FALSE(
      error_of_answer({500, {{"x-should-retry", "false"}}}, "", service(), kNow).retryable);
  EXPECT_TRUE(error_of_answer({400, {{"x-should-retry", "true"}}}, "", service(), kNow).retryable);
}

TEST(OpenAiErrors, status_and_request_id_are_kept) {
  const Error error = error_of_answer({500, {{"X-Request-Id", "req_1"}}}, "", service(), kNow);
  EXPECT_EQ(error.http_status, 500);
  EXPECT_EQ(error.request_id, "req_1");
  EXPECT_EQ(error_of_answer({500, {{"X-Generation-Id", "gen"}}}, "", service(), kNow).request_id,
            "gen");
}

}  // namespace
}  // namespace cartpilot::openai
