// Refusals and failures of the service. Bodies are constructed from
// https://ai.google.dev/gemini-api/docs/troubleshooting and https://google.aip.dev/193.
#include "gemini/errors.h"

#include <gtest/gtest.h>

#include "answer_log.h"

namespace cartpilot::gemini::tests {
namespace {

std::string google_status(int code, const std::string& status, const std::string& message,
                          const std::string& details = "") {
  Json error{{"code", code}, {"message", message}, {"status", status}};
  if (!details.empty()) error["details"] = Json::parse(details);
  return dump_json(Json{{"error", error}});
}

std::string info(const std::string& reason) {
  return R"([{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":")" + reason + R"("}])";
}

/// "code reason retryable|final wait_ms" of a refusal.
std::string verdict(int status, const std::string& body, const HttpHeaders& headers = {}) {
  const Error error = classify_answer(HttpHead{status, headers}, body, "gemini-3.8-flash");
  EXPECT_EQ(error.http_status, status);
  std::string line = std::string(error_code_name(error.code)) + " " + error.reason +
                     (error.retryable ? " retryable" : " final");
  if (error.retry_after_ms) line += " " + std::to_string(*error.retry_after_ms);
  return line;
}

struct Case {
  const char* name;
  int status;
  std::string body;
  std::string verdict;
};

class GeminiRefusals : public testing::TestWithParam<Case> {};

TEST_P(GeminiRefusals, are_classified) {
  EXPECT_EQ(verdict(GetParam().status, GetParam().body), GetParam().verdict);
}

TEST_P(GeminiRefusals, say_what_the_person_can_do) {
  const std::string message =
      classify_answer(HttpHead{GetParam().status, {}}, GetParam().body, "gemini-3.8-flash").what();
  bool helps = false;
  for (const char* advice :
       {"try again", "lists what it offers", "choose another", "check ", "Check ",
        "set GEMINI_API_KEY", "start a new one", "start a new conversation", "wait "}) {
    helps = helps || message.find(advice) != std::string::npos;
  }
  EXPECT_TRUE(helps) << message;
}

const std::vector<Case> kCases = {
    {"invalid_key", 400,
     google_status(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
                   info("API_KEY_INVALID")),
     "unauthenticated api_key_invalid final"},
    {"invalid_key_by_reason_alone", 400,
     google_status(400, "INVALID_ARGUMENT", "No.", info("API_KEY_INVALID")),
     "unauthenticated api_key_invalid final"},
    {"expired_key", 400,
     google_status(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."),
     "unauthenticated api_key_invalid final"},
    {"bad_token", 401,
     google_status(401, "UNAUTHENTICATED", "Invalid.", info("ACCESS_TOKEN_TYPE_UNSUPPORTED")),
     "unauthenticated credentials final"},
    {"no_key", 403,
     google_status(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers."),
     "unauthenticated api_key_missing final"},
    {"service_disabled", 403,
     google_status(403, "PERMISSION_DENIED", "Not enabled.", info("SERVICE_DISABLED")),
     "permission service_disabled final"},
    {"unknown_model", 404,
     google_status(404, "NOT_FOUND", "models/x is not found for API version v1beta"),
     "not_found model final"},
    {"too_large", 413, "<html><title>413</title></html>", "invalid_argument too_large final"},
    {"location", 400,
     google_status(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
     "permission location final"},
    {"precondition", 400, google_status(400, "FAILED_PRECONDITION", "Enable billing."),
     "permission precondition final"},
    {"context_overflow", 400,
     google_status(400, "INVALID_ARGUMENT",
                   "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
     "invalid_argument context_overflow final"},
    {"context_overflow_as_500", 500,
     google_status(500, "INTERNAL", "The input context is too long."),
     "invalid_argument context_overflow final"},
    {"missing_signature", 400,
     google_status(400, "INVALID_ARGUMENT",
                   "Function call is missing a thought_signature in functionCall parts."),
     "invalid_argument signature final"},
    {"corrupted_signature", 400,
     google_status(400, "INVALID_ARGUMENT", "Corrupted thought signature."),
     "invalid_argument signature final"},
    {"turn_order", 400,
     google_status(400, "INVALID_ARGUMENT", "Requests ending with a model turn are not supported."),
     "invalid_argument turn_order final"},
    {"unknown_field", 400,
     google_status(400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name \"x\""),
     "invalid_argument bad_request final"},
    {"delay_in_seconds", 429,
     google_status(429, "RESOURCE_EXHAUSTED", "Quota.",
                   R"([{"@type":"t/google.rpc.RetryInfo","retryDelay":"34.07s"}])"),
     "rate_limited rate_limit retryable 34070"},
    {"delay_in_milliseconds", 429,
     google_status(429, "RESOURCE_EXHAUSTED", "Quota.",
                   R"([{"@type":"t/google.rpc.RetryInfo","retryDelay":"900ms"}])"),
     "rate_limited rate_limit retryable 900"},
    {"delay_of_nothing", 429,
     google_status(429, "RESOURCE_EXHAUSTED", "Quota.",
                   R"([{"@type":"t/google.rpc.RetryInfo","retryDelay":"0s"}])"),
     "rate_limited rate_limit retryable 0"},
    {"no_delay", 429,
     google_status(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
     "rate_limited rate_limit retryable"},
    {"delay_in_the_message", 429,
     google_status(429, "RESOURCE_EXHAUSTED",
                   "Quota exceeded, limit: 20\nPlease retry in 34.074s."),
     "rate_limited rate_limit retryable 34074"},
    {"daily_quota", 429,
     google_status(429, "RESOURCE_EXHAUSTED", "Quota.",
                   R"([{"@type":"t/google.rpc.QuotaFailure","violations":[)"
                   R"({"quotaId":"GenerateRequestsPerDayPerProject","quotaValue":"250"}]},)"
                   R"({"@type":"t/google.rpc.RetryInfo","retryDelay":"34s"}])"),
     "rate_limited quota final"},
    {"not_in_the_plan", 429,
     google_status(429, "RESOURCE_EXHAUSTED", "Quota exceeded for metric: m, limit: 0, model: x"),
     "rate_limited quota final"},
    {"not_in_the_plan_by_value", 429,
     google_status(429, "RESOURCE_EXHAUSTED", "Quota.",
                   R"([{"@type":"t/google.rpc.QuotaFailure","violations":[{"quotaValue":"0"}]}])"),
     "rate_limited quota final"},
    {"delay_of_hours", 429,
     google_status(429, "RESOURCE_EXHAUSTED", "Quota.",
                   R"([{"@type":"t/google.rpc.RetryInfo","retryDelay":"7200s"}])"),
     "rate_limited quota final"},
    {"cancelled", 499, google_status(499, "CANCELLED", "x"), "unavailable cancelled retryable"},
    {"internal", 500, google_status(500, "INTERNAL", "x"), "unavailable unavailable retryable"},
    {"unimplemented", 501, google_status(501, "UNIMPLEMENTED", "x"),
     "unsupported unimplemented final"},
    {"overloaded", 503, google_status(503, "UNAVAILABLE", "The model is overloaded."),
     "unavailable unavailable retryable"},
    {"deadline", 504, google_status(504, "DEADLINE_EXCEEDED", "x"), "deadline deadline retryable"},
    {"timeout", 408, "", "deadline deadline retryable"},
    {"aborted", 409, google_status(409, "ABORTED", "x"), "unavailable aborted retryable"},
    {"already_exists", 409, google_status(409, "ALREADY_EXISTS", "x"), "unavailable aborted final"},
    {"redirect", 302, "", "protocol redirect final"},
    {"teapot", 418, "short and stout", "invalid_argument bad_request final"},
    {"array", 400, "[" + google_status(400, "INVALID_ARGUMENT", "API key not valid.") + "]",
     "unauthenticated api_key_invalid final"},
    {"json_in_the_message", 400,
     google_status(400, "", google_status(400, "INVALID_ARGUMENT", "x", info("API_KEY_INVALID"))),
     "unauthenticated api_key_invalid final"},
    {"error_as_text", 400, R"({"error":"API key not valid"})",
     "unauthenticated api_key_invalid final"},
    {"html", 502, "<html><h1>Bad Gateway</h1></html>", "unavailable unavailable retryable"},
    {"empty", 500, "", "unavailable unavailable retryable"},
    {"truncated", 503, R"({"error":{"code":5)", "unavailable unavailable retryable"},
    {"details_of_wrong_types", 429,
     R"({"error":{"code":"429","message":7,"details":[1,{"@type":4},{"@type":"QuotaFailure",)"
     R"("violations":"x"},{"@type":"RetryInfo","retryDelay":5}]}})",
     "rate_limited rate_limit retryable"},
};

INSTANTIATE_TEST_SUITE_P(Table, GeminiRefusals, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(GeminiErrors, messages_say_what_to_do) {
  const auto message = [](int status, const std::string& body) {
    return std::string(classify_answer(HttpHead{status, {}}, body, "gemini-3.8-flash").what());
  };
  EXPECT_EQ(message(400, google_status(400, "INVALID_ARGUMENT", "API key not valid.")),
            "Gemini refused the API key: API key not valid. Check GEMINI_API_KEY; keys are made at "
            "https://aistudio.google.com/apikey");
  EXPECT_EQ(message(404, google_status(404, "NOT_FOUND", "Not\nfound.")),
            "Gemini does not know the model gemini-3.8-flash; `cartpilot models --provider gemini` "
            "lists what it offers: Not found.");
  EXPECT_EQ(message(429, google_status(429, "RESOURCE_EXHAUSTED", "Please retry in 34.074s.")),
            "Gemini's rate limit is reached; it asks to wait 35 s");
  EXPECT_EQ(message(502, "<html><style>a</style><h1>Bad\x1b[31m Gateway</h1></html>"),
            "Gemini is unavailable at the moment (502); try again: a Bad [31m Gateway");
  EXPECT_EQ(message(503, ""),
            "Gemini is unavailable at the moment (503); try again: no explanation");
}

TEST(GeminiErrors, a_status_of_two_lines_is_told_in_one) {
  const HttpHead head{429, {}};
  const Error error =
      classify_answer(head, google_status(429, "QUOTA\nplease", ""), "gemini-3.8-flash");
  EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
}

TEST(GeminiErrors, long_texts_are_cut_between_characters) {
  std::string words;
  for (int i = 0; i < 400; ++i) words += "é";
  const std::string message =
      classify_answer(HttpHead{400, {}}, google_status(400, "INVALID_ARGUMENT", words), "m").what();
  EXPECT_EQ(message, "Gemini refused the request; check --model and the options: " +
                         words.substr(0, 300) + "...");
}

TEST(GeminiErrors, retry_after_header_counts_when_the_body_is_silent) {
  const std::string body = google_status(503, "UNAVAILABLE", "x");
  EXPECT_EQ(verdict(503, body, {{"Retry-After", "7"}}), "unavailable unavailable retryable 7000");
  EXPECT_EQ(verdict(503, body, {{"Retry-After", "soon"}}), "unavailable unavailable retryable");
  EXPECT_EQ(
      verdict(429, google_status(429, "", "x", R"([{"@type":"RetryInfo","retryDelay":"2s"}])"),
              {{"retry-after", "7"}}),
      "rate_limited rate_limit retryable 2000");
}

TEST(GeminiErrors, durations) {
  const std::vector<std::pair<std::string, std::optional<std::int64_t>>> cases = {
      {"34s", 34000}, {"34.074824224s", 34075},
      {"0.9s", 900},  {"900ms", 900},
      {"0s", 0},      {"1.5ms", 2},
      {"", {}},       {"s", {}},
      {"ms", {}},     {"5", {}},
      {"-3s", {}},    {"1e3s", {}},
      {"1.2.3s", {}}, {".s", {}},
      {".5s", 500},   {"99999999999999999999s", {}},
      {"3 s", {}}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(parse_duration_ms(text), expected) << text;
}

TEST(GeminiErrors, limits_other_than_zero_are_not_terminal) {
  for (const char* text : {"limit: 20", "limit: 0.5", "limit: 05"}) {
    EXPECT_EQ(verdict(429, google_status(429, "RESOURCE_EXHAUSTED", text)),
              "rate_limited rate_limit retryable")
        << text;
  }
  EXPECT_EQ(verdict(429, google_status(429, "RESOURCE_EXHAUSTED", "limit: 0.")),
            "rate_limited quota final");
}

TEST(GeminiErrors, answers_that_are_no_errors_are_not_taken_for_some) {
  EXPECT_FALSE(find_service_error(Json::parse(R"({"candidates":[],"message":"x","code":1})")));
  EXPECT_FALSE(find_service_error(Json::parse("[1,2]")));
  EXPECT_FALSE(find_service_error(Json::parse(R"({"error":null})")));
  EXPECT_TRUE(find_service_error(Json::parse(R"({"code":503,"message":"x"})")));
}

}  // namespace
}  // namespace cartpilot::gemini::tests
