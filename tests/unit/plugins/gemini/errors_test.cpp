// Refusals that only this service knows; the numbered answers A37 to A45 hold the common ones.
// Bodies are constructed from https://ai.google.dev/gemini-api/docs/troubleshooting and
// https://google.aip.dev/193.
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

Error refused(int status, const std::string& body) {
  return vendor::error_of_answer({status, {}}, body, gemini_service(), gemini_error);
}

/// "code reason retryable|final" of a refusal.
std::string verdict(int status, const std::string& body) {
  const Error error = refused(status, body);
  EXPECT_EQ(error.http_status, status);
  return std::string(error_code_name(error.code)) + " " + error.reason +
         (error.retryable ? " retryable" : " final");
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
    {"bad_token", 401,
     google_status(401, "UNAUTHENTICATED", "Invalid.", info("ACCESS_TOKEN_TYPE_UNSUPPORTED")),
     "unauthenticated api_key_invalid final"},
    {"service_disabled", 403,
     google_status(403, "PERMISSION_DENIED", "Not enabled.", info("SERVICE_DISABLED")),
     "permission service_disabled final"},
    {"location", 400,
     google_status(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
     "permission location final"},
    {"precondition", 400, google_status(400, "FAILED_PRECONDITION", "Enable billing."),
     "permission precondition final"},
    {"turn_order", 400,
     google_status(400, "INVALID_ARGUMENT", "Requests ending with a model turn are not supported."),
     "invalid_argument turn_order final"},
    {"already_exists", 409, google_status(409, "ALREADY_EXISTS", "x"),
     "unavailable conflict final"},
};

INSTANTIATE_TEST_SUITE_P(Table, GeminiRefusals, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(GeminiErrors, messages_say_what_to_do) {
  const auto message = [](int status, const std::string& body) {
    return std::string(refused(status, body).what());
  };
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
