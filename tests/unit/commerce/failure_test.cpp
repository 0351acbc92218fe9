// Every error shape CartPilot is known to send, and what is no CartPilot at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "unit/commerce/client_fixture.h"
#include "unit/commerce/sample_bodies.h"

namespace cartpilot::commerce {
namespace {

using namespace fakes;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

/// A failure as one comparable text: kind, status, codes, request id, retryable, may have run.
std::string summary(const CartPilotError& error) {
  return fmt::format("{} {} {} merchant={} id={} retry={} ran={} : {}", error_code_name(error.code),
                     error.http_status, error.error_code, error.merchant_code, error.request_id,
                     error.retryable, error.request_may_have_run, error.what());
}

/// What a POST answered with this comes to (a POST, because reads would be tried again).
CartPilotError post_failure(int status, const std::string& body,
                            HttpHeaders headers = {{"content-type", "application/json"},
                                                   {"x-request-id", "req-1"}},
                            const std::string& api_key = "test-key") {
  ClientFixture f({.api_key = api_key});
  f.transport.answer(status, body, std::move(headers));
  return f.failure_of(
      [&](const CartPilotClient& client) { client.request_approval("chk-1", {}, f.context); });
}

TEST(CartPilotError, carries_a_business_error_with_its_request_id) {
  const auto error = post_failure(
      404,
      R"({"error_code":"CHECKOUT_NOT_FOUND","message":"Checkout not found: chk-1","details":[],)"
      R"("request_id":"req-1"})");
  EXPECT_EQ(summary(error),
            "not_found 404 CHECKOUT_NOT_FOUND merchant= id=req-1 retry=false ran=true : "
            "Checkout not found: chk-1");
}

TEST(CartPilotError, takes_the_request_id_from_the_body_when_the_header_is_missing) {
  const auto error = post_failure(
      400, R"({"error_code":"NOT_APPROVED","message":"no","details":[],"request_id":"body-id"})",
      {{"content-type", "application/json"}});
  EXPECT_EQ(error.request_id, "body-id");
}

TEST(CartPilotError, says_which_variable_holds_a_refused_key) {
  const std::string body =
      R"({"error_code":"INVALID_API_KEY","message":"Invalid API key","details":[]})";
  EXPECT_EQ(summary(post_failure(401, body)),
            "unauthenticated 401 INVALID_API_KEY merchant= id=req-1 retry=false ran=true : "
            "CartPilot at http://localhost:8000 refused the API key (Invalid API key); set "
            "CARTPILOT_API_KEY to the key of this CartPilot");
}

TEST(CartPilotError, says_which_variable_is_missing) {
  const auto error = post_failure(
      401, R"({"error_code":"UNAUTHORIZED","message":"Missing Authorization header","details":[]})",
      {{"x-request-id", "req-1"}}, "");
  EXPECT_EQ(summary(error),
            "unauthenticated 401 UNAUTHORIZED merchant= id=req-1 retry=false ran=true : CartPilot "
            "at http://localhost:8000 needs an API key; set CARTPILOT_API_KEY");
}

TEST(CartPilotError, tells_the_two_meanings_of_409_apart) {
  EXPECT_EQ(
      summary(post_failure(
          409, R"({"error_code":"REAPPROVAL_REQUIRED","message":"[merchant-b] PRICE_CHANGED: )"
               R"(Price changed: $133.99 -> $154.08, re-quote required","details":[],)"
               R"("request_id":"req-1"})")),
      "invalid_argument 409 REAPPROVAL_REQUIRED merchant=PRICE_CHANGED id=req-1 retry=false "
      "ran=true : [merchant-b] PRICE_CHANGED: Price changed: $133.99 -> $154.08, re-quote "
      "required");
  const auto conflict = post_failure(
      409,
      R"({"error_code":"IDEMPOTENCY_CONFLICT","message":"Idempotency key already used with )"
      R"(different request body","details":[]})",
      {{"content-type", "application/json"}});
  EXPECT_EQ(conflict.error_code, "IDEMPOTENCY_CONFLICT");
  EXPECT_EQ(conflict.merchant_code, "");
  EXPECT_THAT(conflict.request_id, SizeIs(36)) << "our own id, as the server sent none";
}

TEST(CartPilotError, lists_the_fields_of_a_422) {
  const auto error = post_failure(
      422, R"({"detail":[{"type":"greater_than_equal","loc":["body","items",0,"quantity"],"msg":)"
           R"("Input should be greater than or equal to 1","input":0,"ctx":{"ge":1}},)"
           R"({"type":"missing","loc":["body"],"msg":"Field required","input":null},)"
           R"({"type":"json_invalid","loc":["body",9],"msg":"JSON decode error","input":{}}]})");
  EXPECT_EQ(summary(error),
            "invalid_argument 422 VALIDATION_ERROR merchant= id=req-1 retry=false ran=true : "
            "CartPilot refused the request: body.items[0].quantity: Input should be greater than "
            "or equal to 1; body: Field required; body[9]: JSON decode error");
  ASSERT_THAT(error.problems, SizeIs(3));
  EXPECT_EQ(error.problems[0].location, "body.items[0].quantity");
  EXPECT_EQ(error.problems[0].message, "Input should be greater than or equal to 1");
  EXPECT_EQ(error.problems[1].location, "body");
  EXPECT_EQ(error.problems[2].location, "body[9]");
}

TEST(CartPilotError, reads_the_frameworks_own_errors) {
  EXPECT_EQ(summary(post_failure(404, R"({"detail":"Not Found"})")),
            "not_found 404 HTTP_404 merchant= id=req-1 retry=false ran=true : POST "
            "/checkouts/chk-1/request-approval was answered 404 Not Found by "
            "http://localhost:8000; does CARTPILOT_API_URL point at CartPilot?");
  EXPECT_EQ(post_failure(405, R"({"detail":"Method Not Allowed"})").error_code, "HTTP_405");
  const auto undecodable = post_failure(400, R"({"detail":"There was an error parsing the body"})");
  EXPECT_EQ(undecodable.error_code, "HTTP_400");
  EXPECT_THAT(undecodable.what(), HasSubstr("There was an error parsing the body"));
}

TEST(CartPilotError, reads_an_error_nested_under_detail) {
  const auto error =
      post_failure(400, R"({"detail":{"error_code":"NOT_APPROVED","message":"not yet"}})");
  EXPECT_EQ(error.error_code, "NOT_APPROVED");
  EXPECT_STREQ(error.what(), "not yet");
}

TEST(CartPilotError, reads_documented_details) {
  const auto error = post_failure(400, R"({"error_code":"BAD","message":"No","details":)"
                                       R"([{"field":"query","message":"too long"},7]})");
  EXPECT_STREQ(error.what(), "No: query: too long");
}

TEST(CartPilotError, finds_the_merchants_own_code) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"[merchant-a] OUT_OF_STOCK: Items out of stock: a771c475", "OUT_OF_STOCK"},
      {"[merchant-b] INVALID_STATE: Cannot confirm checkout in state: failed", "INVALID_STATE"},
      {R"([merchant-a] Failed to create quote: {"error_code":"QUOTE_FAILED","message":"Product )"
       R"(not found: X","details":[]})",
       "QUOTE_FAILED"},
      {R"([m] Failed to confirm checkout: {"error_code":"CHECKOUT_EXPIRED"})", "CHECKOUT_EXPIRED"},
      {R"([m] Failed to create quote: {"error_code":"QUOTE_FAILED","mess)", ""},
      {R"([m] Failed to create quote: {"error_code":"<b>"})", ""},
      {R"([m] Failed to create quote: {"detail":[]})", ""},
      {"[m] Failed to create quote: <html>no</html>", ""},
      {"[merchant-a] Quote request failed: All connection attempts failed", ""},
      {"[merchant-a] Checkout not found: 684be8bc", ""},
      {"[merchant-a] ", ""},
      {"[merchant-a", ""},
      {"OUT_OF_STOCK: not from a merchant", ""},
      {"", ""},
  };
  for (const auto& [message, code] : table) {
    const Json body = {{"error_code", "MERCHANT_ERROR"}, {"message", message}, {"details", {}}};
    const auto error = post_failure(400, dump_json(body));
    EXPECT_EQ(error.merchant_code, code) << message;
    EXPECT_EQ(error.error_code, "MERCHANT_ERROR");
  }
}

TEST(CartPilotError, says_that_a_server_error_may_pass) {
  EXPECT_EQ(summary(post_failure(
                500, R"({"error_code":"INTERNAL_ERROR","message":"An internal error occurred",)"
                     R"("details":[],"request_id":"req-1"})")),
            "unavailable 500 INTERNAL_ERROR merchant= id=req-1 retry=true ran=true : CartPilot at "
            "http://localhost:8000 failed (500: An internal error occurred); try again later");
}

TEST(CartPilotError, makes_one_line_of_pages_that_are_not_json) {
  EXPECT_EQ(summary(post_failure(502, "<html>\n<h1>Bad Gateway</h1>\n</html>",
                                 {{"content-type", "text/html"}, {"x-request-id", "req-1"}})),
            "unavailable 502 HTTP_502 merchant= id=req-1 retry=true ran=true : CartPilot at "
            "http://localhost:8000 failed (502); try again later");
  EXPECT_EQ(summary(post_failure(403, "", {{"x-request-id", "req-1"}})),
            "permission 403 HTTP_403 merchant= id=req-1 retry=false ran=true : POST "
            "/checkouts/chk-1/request-approval was answered 403 by http://localhost:8000; does "
            "CARTPILOT_API_URL point at CartPilot?");
  for (const char* body : {"null", "[]", "7", "\"text\"", "{}", "{\"detail\":null}",
                           "{\"error_code\":5,\"message\":[]}", "{\"detail\":[1,null,{}]}"}) {
    EXPECT_EQ(post_failure(400, body).error_code, "HTTP_400") << body;
  }
}

TEST(CartPilotError, does_not_follow_redirects) {
  const auto error =
      post_failure(307, "", {{"location", "http://127.0.0.1:8000/x"}, {"x-request-id", "req-1"}});
  EXPECT_EQ(
      summary(error),
      "protocol 307 HTTP_307 merchant= id=req-1 retry=false ran=true : CartPilot at "
      "http://localhost:8000 answered with a redirect (307 to http://127.0.0.1:8000/x), which "
      "is never followed; set CARTPILOT_API_URL to the final address");
}

TEST(CartPilotError, keeps_the_wait_a_server_asked_for) {
  const auto wait_of = [](HttpHeaders headers) {
    return post_failure(429, "", std::move(headers)).retry_after_ms;
  };
  EXPECT_EQ(wait_of({{"retry-after", "7"}}), 7'000);
  EXPECT_EQ(wait_of({{"retry-after", "7"}, {"retry-after-ms", "250"}}), 250);
  for (const char* odd : {"", "-1", "1.5", "soon", "99999999999999999999", "9223372036854775807"}) {
    EXPECT_EQ(wait_of({{"retry-after", odd}}), std::nullopt) << odd;
  }
  EXPECT_EQ(wait_of({{"retry-after", "Mon, 23 Nov 2026 08:00:30 GMT"},
                     {"date", "Mon, 23 Nov 2026 08:00:00 GMT"}}),
            30'000);
  EXPECT_EQ(wait_of({{"retry-after", "Mon, 23 Nov 2026 07:00:00 GMT"},
                     {"date", "Mon, 23 Nov 2026 08:00:00 GMT"}}),
            0);
  EXPECT_EQ(wait_of({{"retry-after", "Mon, 01 Jan 2001 00:00:00 GMT"}}), 0);
  EXPECT_EQ(wait_of({{"retry-after", "Mon, 23 Foo 2026 08:00:30 GMT"}}), std::nullopt);
  const auto error = post_failure(429, "");
  EXPECT_EQ(error.code, ErrorCode::kRateLimited);
  EXPECT_TRUE(error.retryable);
}

TEST(CartPilotError, keeps_messages_short_and_free_of_control_characters) {
  const Json body = {{"error_code", "MERCHANT_ERROR"},
                     {"message", "a\r\n\x1b[31mb\t " + std::string(5'000, 'x')}};
  const std::string message = post_failure(400, dump_json(body)).what();
  EXPECT_THAT(message, AllOf(testing::StartsWith("a [31mb xxx"), testing::EndsWith("xxx...")));
  EXPECT_LE(message.size(), 1'003u);

  std::string accents;
  for (int i = 0; i < 1'000; ++i) accents += "\xC3\xA9";
  const Json long_body = {{"error_code", "MERCHANT_ERROR"}, {"message", "x" + accents}};
  const std::string cut = post_failure(400, dump_json(long_body)).what();
  EXPECT_EQ(cut, "x" + accents.substr(0, 998) + "...") << "cut between characters";
}

TEST(CartPilotError, refuses_success_answers_it_cannot_read) {
  const std::string fine = dump_json(frozen_checkout_body());
  const HttpHeaders json = {{"content-type", "application/json"}, {"x-request-id", "req-1"}};
  const std::vector<std::tuple<std::string, HttpHeaders, std::string>> table = {
      {"", json, "it is empty"},
      {"<html>", {{"content-type", "text/html; charset=utf-8"}}, "it is text/html; charset=utf-8"},
      {fine, {{"content-type", "text/plain"}}, "it is text/plain, not JSON"},
      {"{\"id\":", json, "it is not valid JSON: line 1, column 7: expected a value"},
      {"\xff", json, "it is not valid JSON"},
      {std::string(65, '[') + std::string(65, ']'), json, "it is nested deeper than 64 levels"},
      {R"({"items":[{"quantity":1,"quantity":3}]})", json,
       R"(it is ambiguous: the member "quantity" occurs twice)"},
      {"[]", json, "checkout must be an object, not array"},
      {"{}", json, "checkout.id is missing"},
  };
  for (const auto& [body, headers, why] : table) {
    const auto error = post_failure(200, body, headers);
    EXPECT_EQ(error.error_code, "BAD_RESPONSE");
    EXPECT_EQ(error.code, ErrorCode::kProtocol);
    EXPECT_EQ(error.http_status, 200);
    EXPECT_TRUE(error.request_may_have_run);
    EXPECT_THAT(error.what(), HasSubstr(why));
    EXPECT_THAT(error.what(), HasSubstr("look before repeating it"));
  }
  EXPECT_EQ(post_failure(200, "[]").request_id, "req-1");
}

TEST(CartPilotError, takes_no_code_from_a_body_that_gives_two) {
  const char* twice =
      R"({"error_code":"CHECKOUT_EXPIRED","error_code":"NOT_APPROVED","message":"no"})";
  EXPECT_EQ(summary(post_failure(400, twice)), summary(post_failure(400, "")));
  EXPECT_EQ(post_failure(400, R"({"detail":{"error_code":"A","error_code":"B"}})").error_code,
            post_failure(400, "").error_code);
  EXPECT_EQ(
      post_failure(400, R"({"error_code":"MERCHANT_ERROR","message":)"
                        R"("[merchant-a] Failed: {\"error_code\":\"A\",\"error_code\":\"B\"}"})")
          .merchant_code,
      "");
}

TEST(CartPilotClient, refuses_repeated_members_in_every_answer) {
  ClientFixture f;
  const std::string twice = R"({"items":[],"total":0,"total":1,"page":1,"page_size":20})";
  const std::string problem = R"(it is ambiguous: the member "total" occurs twice)";
  f.transport.answer(200, twice);
  EXPECT_THAT(f.failure_of([&](const CartPilotClient& client) {
                 client.list_orders({}, f.context);
               }).what(),
              HasSubstr(problem));
  f.transport.answer(200, twice);
  EXPECT_THAT(f.failure_of([&](const CartPilotClient& client) {
                 client.get_order("ord-1", f.context);
               }).what(),
              HasSubstr(problem));
}

TEST(CartPilotClient, accepts_json_under_its_other_names) {
  for (const char* type :
       {"application/json", "Application/JSON; charset=utf-8", "application/problem+json", ""}) {
    ClientFixture f;
    f.transport.answer(200, dump_json(frozen_checkout_body()), {{"content-type", type}});
    EXPECT_EQ(f.client.request_approval("chk-1", {}, f.context).value.id, "chk-1") << type;
  }
}

TEST(CartPilotError, knows_whether_the_request_may_have_run) {
  struct Row {
    ErrorCode code;
    const char* reason;
    const char* error_code;
    bool may_have_run;
  };
  const std::vector<Row> table = {
      {ErrorCode::kInvalidArgument, "url", "INVALID_URL", false},
      {ErrorCode::kUnavailable, "dns", "NETWORK_ERROR", false},
      {ErrorCode::kUnavailable, "connect", "NETWORK_ERROR", false},
      {ErrorCode::kUnavailable, "tls", "NETWORK_ERROR", false},
      {ErrorCode::kDeadline, "connect_timeout", "TIMEOUT", false},
      {ErrorCode::kUnavailable, "reset", "NETWORK_ERROR", true},
      {ErrorCode::kUnavailable, "", "NETWORK_ERROR", true},
      {ErrorCode::kDeadline, "idle_timeout", "TIMEOUT", true},
      {ErrorCode::kDeadline, "total_timeout", "TIMEOUT", true},
      {ErrorCode::kProtocol, "too_large", "BAD_RESPONSE", true},
      {ErrorCode::kProtocol, "http", "BAD_RESPONSE", true},
      {ErrorCode::kCancelled, "", "CANCELLED", true},
      {ErrorCode::kInternal, "", "NETWORK_ERROR", true},
  };
  for (const Row& row : table) {
    ClientFixture f;
    f.transport.fail(row.code, row.reason, true);
    const auto error = f.failure_of([&](const CartPilotClient& client) {
      client.confirm("chk-1", "test_card", "", {}, f.context);
    });
    EXPECT_EQ(error.code, row.code) << row.reason;
    EXPECT_EQ(error.error_code, row.error_code) << row.reason;
    EXPECT_EQ(error.reason, row.reason);
    EXPECT_EQ(error.request_may_have_run, row.may_have_run) << row.reason;
    EXPECT_EQ(std::string(error.what()).find("look before repeating it") != std::string::npos,
              row.may_have_run)
        << row.reason;
    EXPECT_EQ(error.http_status, 0);
    EXPECT_EQ(error.request_id, header_value(f.transport.last().headers, "X-Request-ID"));
  }
}

TEST(CartPilotError, says_where_it_looked_and_what_to_try) {
  ClientFixture f;
  f.transport.fail(ErrorCode::kUnavailable, "connect", false, "connection refused");
  const auto error = f.failure_of(
      [&](const CartPilotClient& client) { client.request_approval("chk-1", {}, f.context); });
  EXPECT_STREQ(error.what(),
               "no answer from CartPilot at http://localhost:8000 (connection refused); is "
               "CartPilot running?");
}

TEST(CartPilotClient, sends_nothing_once_cancelled) {
  ClientFixture f;
  const CancelAfter cancelled(0);
  const auto error = f.failure_of(
      [&](const CartPilotClient& client) { client.request_approval("chk-1", {}, cancelled); });
  EXPECT_EQ(error.code, ErrorCode::kCancelled);
  EXPECT_EQ(error.error_code, "CANCELLED");
  EXPECT_FALSE(error.request_may_have_run);
  EXPECT_TRUE(f.transport.requests().empty());
}

TEST(CartPilotError, never_holds_the_api_key) {
  for (const int status : {301, 400, 401, 403, 404, 409, 422, 429, 500, 503}) {
    const auto error = post_failure(status, "{}", {}, "secret-key-123");
    EXPECT_THAT(error.what(), Not(HasSubstr("secret-key-123")));
  }
}

}  // namespace
}  // namespace cartpilot::commerce
