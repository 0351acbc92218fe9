#include "cartpilot/vendor/errors.h"

#include <gtest/gtest.h>

namespace cartpilot::vendor {
namespace {

constexpr std::int64_t kNow = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT

Service acme() {
  Service service;
  service.title = "Acme";
  service.provider = "acme";
  service.key_variable = "ACME_API_KEY";
  service.url_variable = "ACME_BASE_URL";
  service.base = "https://api.acme.example";
  service.model = "acme-1";
  return service;
}

std::string told(const Error& error) {
  std::string line = std::string(error_code_name(error.code)) + " " + error.reason +
                     (error.retryable ? " retryable" : " final");
  if (error.retry_after_ms) line += " " + std::to_string(*error.retry_after_ms);
  return line;
}

Error refused(int status, const std::string& body, const HttpHeaders& headers = {}) {
  return error_of_answer({status, headers}, body, acme(), nullptr, kNow);
}

std::string body(const std::string& message, const std::string& code = "",
                 const std::string& type = "") {
  return dump_json(Json{{"error", {{"message", message}, {"code", code}, {"type", type}}}});
}

TEST(VendorErrors, what_each_refusal_means_and_says) {
  struct Row {
    int status;
    std::string body;
    const char* told;
    const char* message;
  };
  const std::vector<Row> rows = {
      {400, body("bad thing."), "invalid_argument bad_request final",
       "Acme refused the request (HTTP 400): bad thing; check --model and the options"},
      {400, "", "invalid_argument bad_request final",
       "Acme refused the request (HTTP 400); check --model and the options"},
      {422, R"({"detail":[{"loc":["body"],"msg":"bad"}]})", "invalid_argument bad_request final",
       "Acme refused the request (HTTP 422): body: bad; check --model and the options"},
      {418, "short and stout", "invalid_argument bad_request final",
       "Acme refused the request (HTTP 418): short and stout; check --model and the options"},
      {400, body("API key not valid."), "unauthenticated api_key_invalid final",
       "Acme refused the API key (HTTP 400); check ACME_API_KEY"},
      {401, body("Incorrect API key provided: sk-ab***yz", "invalid_api_key"),
       "unauthenticated api_key_invalid final",
       "Acme refused the API key (HTTP 401); check ACME_API_KEY"},
      {401, body("IP not authorized"), "unauthenticated api_key_invalid final",
       "Acme refused the API key (HTTP 401): IP not authorized; check ACME_API_KEY"},
      {402, body("top up"), "rate_limited quota final",
       "Acme says the quota or credit is used up (HTTP 402): top up; trying again will not help, "
       "check the account's billing"},
      {403, body("country"), "permission permission final",
       "Acme does not permit this (HTTP 403): country; check what the key may do"},
      {404, body("The model `acme-1` does not exist", "model_not_found"), "not_found model final",
       "Acme has no model 'acme-1' for this key; `cartpilot models --provider acme` lists what it "
       "has"},
      {404, body("model \"x\" not found, try pulling it first"), "not_found model final", nullptr},
      {400, body("x is not a valid model ID"), "not_found model final", nullptr},
      {404, "404 page not found", "not_found path final",
       "no API found at https://api.acme.example (HTTP 404); check ACME_BASE_URL"},
      {404, body("Item with id 'i' not found"), "not_found  final", nullptr},
      {408, "", "deadline deadline retryable", "Acme did not answer in time (HTTP 408); try again"},
      {504, "", "deadline deadline retryable", nullptr},
      {409, "", "unavailable conflict retryable", "Acme reports a conflict (HTTP 409); try again"},
      {413, "<html><title>413", "invalid_argument request_too_large final",
       "Acme takes no request of this size (HTTP 413): the answer is a web page: 413; start a new "
       "conversation"},
      {429, body("slow", "slow_down"), "rate_limited rate_limit retryable",
       "rate limit at Acme (HTTP 429): slow; try again shortly"},
      {429, body("Request too large for acme-1"), "invalid_argument request_too_large final",
       nullptr},
      {499, "", "unavailable cancelled retryable", nullptr},
      {500, body("oops"), "unavailable unavailable retryable",
       "server error at Acme (HTTP 500): oops; try again shortly"},
      {501, "", "unsupported unimplemented final",
       "Acme does not offer that (HTTP 501); choose another --model"},
      {503, "", "unavailable unavailable retryable", nullptr},
      {524, "", "unavailable unavailable retryable", nullptr},
      {529, body("Overloaded", "", "overloaded_error"), "unavailable unavailable retryable",
       nullptr},
      {307, "", "protocol redirect final",
       "Acme redirects elsewhere (HTTP 307), which is not followed with a key; put the final "
       "address into ACME_BASE_URL"},
      {400, body("blocked", "content_filter"), "invalid_argument content_filter final",
       "Acme blocked the request by its content rules (HTTP 400): blocked; rephrase it"},
  };
  for (const Row& row : rows) {
    const Error error = refused(row.status, row.body);
    EXPECT_EQ(told(error), row.told) << row.status << row.body;
    EXPECT_EQ(error.http_status, row.status);
    if (row.message == nullptr) continue;
    EXPECT_STREQ(error.what(), row.message);
  }
}

TEST(VendorErrors, a_conversation_that_is_too_long_is_known_by_anybodys_words) {
  for (const auto& [status, text] : std::vector<std::pair<int, std::string>>{
           {400, body("x", "context_length_exceeded")},
           {400, body("prompt is too long: 210000 tokens > 200000 maximum")},
           {400, body("The input token count (9) exceeds the maximum number of tokens allowed")},
           {500, body("request exceeds the available context size")},
           {500, body("The input context is too long.")}}) {
    EXPECT_EQ(told(refused(status, text)), "invalid_argument context_overflow final") << text;
  }
}

TEST(VendorErrors, a_spent_quota_is_never_retried) {
  for (const char* code : {"insufficient_quota", "credit_balance_exhausted",
                           "organization_spend_limit_exceeded", "project_spend_limit_exceeded",
                           "organization_usage_limit_exceeded", "billing_hard_limit_reached"}) {
    for (const std::string& text : {body("m", code), body("m", "", code)}) {
      EXPECT_EQ(told(refused(429, text, {{"retry-after", "1"}, {"x-should-retry", "true"}})),
                "rate_limited quota final")
          << text;
    }
  }
  const std::string anthropic = R"({"type":"error","error":{"type":"rate_limit_error",
      "message":"m","details":{"error_code":"enforced_spend_limit_reached"}}})";
  EXPECT_EQ(told(refused(429, anthropic)), "rate_limited quota final");
  EXPECT_EQ(told(refused(400, body("Your credit balance is too low"))), "rate_limited quota final");
}

TEST(VendorErrors, a_wait_is_obeyed_wherever_it_is_told) {
  const std::string limit = "rate_limited rate_limit retryable";
  EXPECT_EQ(told(refused(429, "", {{"Retry-After", "7"}})), limit + " 7000");
  EXPECT_EQ(told(refused(429, "", {{"Retry-After", "Sun, 06 Nov 1994 08:49:47 GMT"}})),
            limit + " 10000");
  EXPECT_EQ(told(refused(429, body("Please try again in 1.898s."))), limit + " 1898");
  EXPECT_EQ(told(refused(429, body("Please try again in 1.898s."), {{"Retry-After", "7"}})),
            limit + " 7000");
  EXPECT_EQ(told(refused(429, body("Please try again in 20s."), {{"Retry-After", "7"}})),
            limit + " 20000");
  EXPECT_EQ(told(refused(503, "", {{"retry-after-ms", "40"}})),
            "unavailable unavailable retryable 40");
  EXPECT_EQ(told(refused(400, "", {{"retry-after", "7"}})), "invalid_argument bad_request final");
  EXPECT_EQ(told(error_inside_answer(
                read_error_body(body("Try again in 2s", "rate_limit_exceeded")), acme())),
            limit + " 2000");
}

TEST(VendorErrors, x_should_retry_overrides_the_status) {
  EXPECT_FALSE(refused(500, "", {{"x-should-retry", "false"}}).retryable);
  EXPECT_TRUE(refused(400, "", {{"x-should-retry", "true"}}).retryable);
  EXPECT_EQ(told(refused(400, "", {{"x-should-retry", "true"}, {"retry-after", "3"}})),
            "invalid_argument bad_request retryable 3000");
}

TEST(VendorErrors, the_requests_id_is_kept) {
  EXPECT_EQ(refused(500, "", {{"X-Request-Id", "a"}}).request_id, "a");
  EXPECT_EQ(refused(500, "", {{"request-id", "b"}, {"x-request-id", "a"}}).request_id, "b");
  EXPECT_EQ(refused(500, "", {{"x-generation-id", "c"}}).request_id, "c");
  EXPECT_EQ(refused(500, R"({"error":{"message":"m"},"request_id":"d"})").request_id, "d");
}

TEST(VendorErrors, an_error_inside_an_answer_gets_its_status_from_its_words) {
  const std::vector<std::pair<const char*, int>> cases = {{"rate_limit_exceeded", 429},
                                                          {"slow_down", 429},
                                                          {"insufficient_quota", 429},
                                                          {"invalid_request_error", 400},
                                                          {"BadRequestError", 400},
                                                          {"content_filter", 400},
                                                          {"authentication_error", 401},
                                                          {"invalid_api_key", 401},
                                                          {"permission_error", 403},
                                                          {"not_found_error", 404},
                                                          {"request_too_large", 413},
                                                          {"overloaded_error", 503},
                                                          {"service_unavailable", 503},
                                                          {"timeout_error", 504},
                                                          {"api_error", 500},
                                                          {"CANCELLED", 499},
                                                          {"INVALID_ARGUMENT", 400},
                                                          {"FAILED_PRECONDITION", 400},
                                                          {"OUT_OF_RANGE", 400},
                                                          {"UNAUTHENTICATED", 401},
                                                          {"PERMISSION_DENIED", 403},
                                                          {"NOT_FOUND", 404},
                                                          {"ABORTED", 409},
                                                          {"ALREADY_EXISTS", 409},
                                                          {"RESOURCE_EXHAUSTED", 429},
                                                          {"UNKNOWN", 500},
                                                          {"INTERNAL", 500},
                                                          {"DATA_LOSS", 500},
                                                          {"UNIMPLEMENTED", 501},
                                                          {"UNAVAILABLE", 503},
                                                          {"DEADLINE_EXCEEDED", 504},
                                                          {"something_new", 500}};
  for (const auto& [word, status] : cases) {
    for (const std::string& text : {body("m", word), body("m", "", word)}) {
      EXPECT_EQ(error_inside_answer(read_error_body(text), acme()).http_status, status) << text;
    }
  }
  const Error error = error_inside_answer(read_error_body(body("oops")), acme());
  EXPECT_STREQ(error.what(), "server error at Acme: oops; try again shortly");
}

TEST(VendorErrors, a_key_that_is_missing_or_made_somewhere_is_told_so) {
  Service service = acme();
  service.key_page = "https://acme.example/keys";
  EXPECT_STREQ(error_of_answer({401, {}}, "", service).what(),
               "Acme refused the API key (HTTP 401); check ACME_API_KEY; keys are made at "
               "https://acme.example/keys");
  service.has_key = false;
  const Error missing = error_of_answer({401, {}}, "", service);
  EXPECT_STREQ(missing.what(), "Acme wants an API key (HTTP 401); set ACME_API_KEY");
  EXPECT_EQ(missing.reason, "api_key_missing");
}

TEST(VendorErrors, an_address_without_a_version_is_told_how_it_should_look) {
  Service service = acme();
  service.version_hint = "https://api.acme.example/v1";
  EXPECT_STREQ(error_of_answer({404, {}}, "", service).what(),
               "no API found at https://api.acme.example (HTTP 404); check ACME_BASE_URL, try "
               "https://api.acme.example/v1");
}

std::optional<Error> holiday(int status, int told, const ErrorBody& body, const Service& service) {
  if (body.code == "closed") return error_of_cause(Cause::kQuota, told, body, service);
  if (status == 400) return make_error(ErrorCode::kPermission, "holiday", "Acme is closed", true);
  return std::nullopt;
}

TEST(VendorErrors, a_vendor_overrides_what_it_knows_better) {
  const auto refused_by = [](int status, const std::string& text) {
    return error_of_answer({status, {{"retry-after", "5"}}}, text, acme(), holiday, kNow);
  };
  EXPECT_EQ(told(refused_by(500, body("m", "closed"))), "rate_limited quota final");
  EXPECT_EQ(told(refused_by(400, body("m"))), "permission holiday retryable 5000");
  EXPECT_EQ(refused_by(400, body("m")).http_status, 400);
  EXPECT_EQ(told(refused_by(403, body("m"))), "permission permission final");
  EXPECT_EQ(told(error_inside_answer(read_error_body(body("m", "closed")), acme(), holiday)),
            "rate_limited quota final");
}

TEST(VendorErrors, a_cut_answer_may_be_asked_again) {
  EXPECT_EQ(told(stream_cut(acme())), "unavailable stream_cut retryable");
  EXPECT_STREQ(stream_cut(acme()).what(), "the answer of Acme broke off before its end; try again");
}

}  // namespace
}  // namespace cartpilot::vendor
