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

Error refused(int status, const std::string& body, const HttpHeaders& headers = {}) {
  return vendor::error_of_answer({status, headers}, body, gemini_service(), gemini_error);
}

/// "code reason retryable|final wait_ms" of a refusal.
std::string verdict(int status, const std::string& body, const HttpHeaders& headers = {}) {
  const Error error = refused(status, body, headers);
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
  const std::string message = refused(GetParam().status, GetParam().body).what();
  bool helps = false;
  for (const char* advice :
       {"try again", "lists what it has", "choose another", "check ", "Check ",
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
    {"bad_token", 401,
     google_status(401, "UNAUTHENTICATED", "Invalid.", info("ACCESS_TOKEN_TYPE_UNSUPPORTED")),
     "unauthenticated api_key_invalid final"},
    {"no_key", 403,
     google_status(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers."),
     "unauthenticated api_key_missing final"},
    {"service_disabled", 403,
     google_status(403, "PERMISSION_DENIED", "Not enabled.", info("SERVICE_DISABLED")),
     "permission service_disabled final"},
    {"unknown_model", 404,
     google_status(404, "NOT_FOUND", "models/x is not found for API version v1beta"),
     "not_found model final"},
    {"location", 400,
     google_status(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
     "permission location final"},
    {"precondition", 400, google_status(400, "FAILED_PRECONDITION", "Enable billing."),
     "permission precondition final"},
    {"context_overflow", 400,
     google_status(400, "INVALID_ARGUMENT",
                   "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
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
    {"aborted", 409, google_status(409, "ABORTED", "x"), "unavailable conflict retryable"},
    {"already_exists", 409, google_status(409, "ALREADY_EXISTS", "x"),
     "unavailable conflict final"},
    {"array", 400, "[" + google_status(400, "INVALID_ARGUMENT", "API key not valid.") + "]",
     "unauthenticated api_key_invalid final"},
    {"json_in_the_message", 400,
     google_status(400, "", google_status(400, "INVALID_ARGUMENT", "x", info("API_KEY_INVALID"))),
     "unauthenticated api_key_invalid final"},
    {"details_of_wrong_types", 429,
     R"({"error":{"code":"429","message":7,"details":[1,{"@type":4},{"@type":"QuotaFailure",)"
     R"("violations":"x"},{"@type":"RetryInfo","retryDelay":5}]}})",
     "rate_limited rate_limit retryable"},
};

INSTANTIATE_TEST_SUITE_P(Table, GeminiRefusals, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(GeminiErrors, messages_say_what_to_do) {
  const auto message = [](int status, const std::string& body) {
    return std::string(refused(status, body).what());
  };
  EXPECT_EQ(message(400, google_status(400, "INVALID_ARGUMENT", "API key not valid.")),
            "Gemini refused the API key (HTTP 400); check GEMINI_API_KEY; keys are made at "
            "https://aistudio.google.com/apikey");
  EXPECT_EQ(message(403, google_status(403, "PERMISSION_DENIED",
                                       "Method doesn't allow unregistered callers.")),
            "Gemini wants an API key (HTTP 403); set GEMINI_API_KEY");
  EXPECT_EQ(message(404, google_status(404, "NOT_FOUND", "Not\nfound.")),
            "Gemini has no model 'gemini-3.8-flash' for this key; `cartpilot models --provider "
            "gemini` lists what it has");
  EXPECT_EQ(message(429, google_status(429, "RESOURCE_EXHAUSTED", "Please retry in 34.074s.")),
            "rate limit at Gemini (HTTP 429): Please retry in 34.074s; try again shortly");
  EXPECT_EQ(message(429, google_status(429, "RESOURCE_EXHAUSTED", "limit: 0")),
            "the plan of this Gemini key does not include gemini-3.8-flash (limit 0); choose "
            "another --model or enable billing");
}

TEST(GeminiErrors, a_status_of_two_lines_is_told_in_one) {
  const Error error = refused(429, google_status(429, "QUOTA\nplease", ""));
  EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
}

TEST(GeminiErrors, the_longest_wait_that_is_told_counts) {
  const std::string two_seconds =
      google_status(429, "", "x", R"([{"@type":"RetryInfo","retryDelay":"2s"}])");
  EXPECT_EQ(verdict(429, two_seconds, {{"retry-after", "7"}}),
            "rate_limited rate_limit retryable 7000");
  EXPECT_EQ(verdict(429, two_seconds, {{"retry-after", "1"}}),
            "rate_limited rate_limit retryable 2000");
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

}  // namespace
}  // namespace cartpilot::gemini::tests
