// The five shapes of an error, the refusals of the key check, and every kind of validation problem,
// one test each; docs/sandbox.md lists them.
#include <Poco/TemporaryFile.h>
#include <SQLiteCpp/Database.h>
#include <gmock/gmock.h>

#include "unit/sandbox/shopper.h"

namespace cartpilot::sandbox {
namespace {

class ErrorShapes : public ShopTest {
 protected:
  /// The text of the only problem in the answer to `body`.
  std::string problem(const std::string& target, const std::string& body) {
    const Answer answer = shopper_.post_text(target, body);
    EXPECT_EQ(answer.status, 422) << body;
    const Json problems = answer.json().at("detail");
    EXPECT_EQ(problems.size(), 1U) << body;
    return dump_json(problems.at(0));
  }
  std::string query_problem(const std::string& target) {
    const Answer answer = shopper_.get(target);
    EXPECT_EQ(answer.status, 422) << target;
    return dump_json(answer.json().at("detail").at(0));
  }
};

std::string checkout_with_quantity(const std::string& quantity) {
  return R"({"offer_id":"o","items":[{"product_id":"p","quantity":)" + quantity + "}]}";
}

TEST_F(ErrorShapes, business_errors_carry_code_message_empty_details_and_request_id) {
  const Answer answer = shopper_.http().send(
      "GET", "/orders/none",
      {{"Authorization", std::string("Bearer ") + kKey}, {"X-Request-ID", "mine"}});
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, R"({"error_code":"ORDER_NOT_FOUND","message":"Order not found: none",)"
                         R"("details":[],"request_id":"mine"})");
  EXPECT_EQ(answer.header("X-Request-ID"), "mine");
}

TEST_F(ErrorShapes, a_failure_inside_is_a_500_of_the_same_shape) {
  const std::string path = Poco::TemporaryFile::tempName();
  const SandboxServer::Options options = kept_in(path);
  std::string target;
  {
    SandboxServer server(options);
    target = "/intents/" + Shopper(server.port()).intent("a") + "/offers";
  }
  SQLite::Database(path, SQLite::OPEN_READWRITE).exec("UPDATE intents SET document = 'torn'");
  {
    SandboxServer server(options);
    const Answer answer = Shopper(server.port()).get(target);
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.body, R"({"error_code":"INTERNAL_ERROR",)"
                           R"("message":"An internal error occurred","details":[],"request_id":")" +
                               answer.header("X-Request-ID") + "\"}");
  }
  for (const char* suffix : {"", "-wal", "-shm"}) std::remove((path + suffix).c_str());
}

TEST_F(ErrorShapes, refusals_before_the_handlers_have_no_request_id_in_the_body) {
  const Answer answer = RawHttp(server_.port()).send("GET", "/merchants", {});
  EXPECT_EQ(answer.status, 401);
  EXPECT_FALSE(answer.json().contains("request_id"));
  EXPECT_NE(answer.header("X-Request-ID"), "");
}

TEST_F(ErrorShapes, validation_problems_are_a_list_under_detail) {
  const Answer answer = shopper_.post_text("/intents", "{}");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.body, R"({"detail":[{"type":"missing","loc":["body","query"],)"
                         R"("msg":"Field required","input":{}}]})");
}

TEST_F(ErrorShapes, unknown_paths_and_methods_are_a_word_under_detail) {
  const Answer unknown = shopper_.get("/nope");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, R"({"detail":"Not Found"})");
  const Answer wrong = shopper_.get("/checkouts");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.body, R"({"detail":"Method Not Allowed"})");
  EXPECT_EQ(wrong.header("Allow"), "POST");
}

TEST_F(ErrorShapes, a_body_that_is_not_utf8_is_a_400_of_its_own) {
  const Answer answer = shopper_.post_text("/intents", "{\"query\":\"\xff\"}");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, R"({"detail":"There was an error parsing the body"})");
}

void expect_unauthorized(const HttpHeaders& headers, const std::string& body) {
  SandboxServer server({});
  const Answer answer = RawHttp(server.port()).send("GET", "/merchants", headers);
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.header("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(answer.body, body);
}

TEST_F(ErrorShapes, no_authorization_header) {
  const char* body =
      R"({"error_code":"UNAUTHORIZED","message":"Missing Authorization header","details":[]})";
  expect_unauthorized({}, body);
  expect_unauthorized({{"Authorization", ""}}, body);
}

TEST_F(ErrorShapes, another_form_of_authorization) {
  const char* body =
      R"({"error_code":"UNAUTHORIZED",)"
      R"("message":"Invalid Authorization header format. Use 'Bearer <api_key>'","details":[]})";
  expect_unauthorized({{"Authorization", "Basic abc"}}, body);
  expect_unauthorized({{"Authorization", "Bearer"}}, body);
}

TEST_F(ErrorShapes, a_wrong_key) {
  const char* body = R"({"error_code":"INVALID_API_KEY","message":"Invalid API key","details":[]})";
  expect_unauthorized({{"Authorization", "Bearer wrong"}}, body);
  expect_unauthorized({{"Authorization", std::string("Bearer  ") + kKey}}, body);
}

TEST_F(ErrorShapes, missing) {
  EXPECT_EQ(problem("/intents", "null"),
            R"({"type":"missing","loc":["body"],"msg":"Field required","input":null})");
  EXPECT_EQ(query_problem("/webhooks/events/e1"),
            R"({"type":"missing","loc":["query","merchant_id"],"msg":"Field required",)"
            R"("input":null})");
}

TEST_F(ErrorShapes, string_type) {
  EXPECT_EQ(problem("/checkouts/c/approve", R"({"approved_by":null})"),
            R"({"type":"string_type","loc":["body","approved_by"],)"
            R"("msg":"Input should be a valid string","input":null})");
}

TEST_F(ErrorShapes, string_too_short) {
  EXPECT_EQ(problem("/intents", R"({"query":""})"),
            R"({"type":"string_too_short","loc":["body","query"],)"
            R"("msg":"String should have at least 1 character","input":"",)"
            R"("ctx":{"min_length":1}})");
}

TEST_F(ErrorShapes, string_too_long_counts_code_points) {
  std::string exactly;
  for (int i = 0; i < 500; ++i) exactly += "é";
  EXPECT_EQ(shopper_.post("/intents", {{"query", exactly}}).status, 201);
  EXPECT_EQ(problem("/intents", dump_json({{"query", exactly + "é"}})),
            R"({"type":"string_too_long","loc":["body","query"],)"
            R"("msg":"String should have at most 500 characters","input":")" +
                exactly + R"(é","ctx":{"max_length":500}})");
}

TEST_F(ErrorShapes, int_type) {
  EXPECT_EQ(problem("/checkouts", checkout_with_quantity("null")),
            R"({"type":"int_type","loc":["body","items",0,"quantity"],)"
            R"("msg":"Input should be a valid integer","input":null})");
}

TEST_F(ErrorShapes, int_parsing) {
  for (const char* text : {"abc", "1e3", "2.", "0x10", ""}) {
    EXPECT_EQ(problem("/checkouts", checkout_with_quantity(dump_json(text))),
              R"({"type":"int_parsing","loc":["body","items",0,"quantity"],)"
              R"("msg":"Input should be a valid integer, unable to parse string as an integer",)"
              R"("input":)" +
                  dump_json(text) + "}");
  }
  EXPECT_EQ(query_problem("/orders?page=1.5"),
            R"({"type":"int_parsing","loc":["query","page"],)"
            R"("msg":"Input should be a valid integer, unable to parse string as an integer",)"
            R"("input":"1.5"})");
}

TEST_F(ErrorShapes, int_from_float) {
  EXPECT_EQ(problem("/checkouts", checkout_with_quantity("2.5")),
            R"({"type":"int_from_float","loc":["body","items",0,"quantity"],)"
            R"("msg":"Input should be a valid integer, got a number with a fractional part",)"
            R"("input":2.5})");
}

TEST_F(ErrorShapes, int_parsing_size) {
  EXPECT_EQ(problem("/checkouts", checkout_with_quantity("\"99999999999999999999\"")),
            R"({"type":"int_parsing_size","loc":["body","items",0,"quantity"],)"
            R"("msg":"Unable to parse input string as an integer, exceeded maximum size",)"
            R"("input":"99999999999999999999"})");
}

TEST_F(ErrorShapes, greater_than_equal) {
  EXPECT_EQ(problem("/checkouts", checkout_with_quantity("0")),
            R"({"type":"greater_than_equal","loc":["body","items",0,"quantity"],)"
            R"("msg":"Input should be greater than or equal to 1","input":0,"ctx":{"ge":1}})");
  EXPECT_EQ(query_problem("/orders?page=0"),
            R"({"type":"greater_than_equal","loc":["query","page"],)"
            R"("msg":"Input should be greater than or equal to 1","input":"0","ctx":{"ge":1}})");
}

TEST_F(ErrorShapes, less_than_equal) {
  EXPECT_EQ(query_problem("/orders?page_size=101"),
            R"({"type":"less_than_equal","loc":["query","page_size"],)"
            R"("msg":"Input should be less than or equal to 100","input":"101",)"
            R"("ctx":{"le":100}})");
  EXPECT_EQ(problem("/orders/o/simulate-advance", R"({"steps":4})"),
            R"({"type":"less_than_equal","loc":["body","steps"],)"
            R"("msg":"Input should be less than or equal to 3","input":4,"ctx":{"le":3}})");
}

TEST_F(ErrorShapes, list_type) {
  EXPECT_EQ(problem("/checkouts/c/quote", R"({"items":"x"})"),
            R"({"type":"list_type","loc":["body","items"],)"
            R"("msg":"Input should be a valid list","input":"x"})");
}

TEST_F(ErrorShapes, too_short) {
  EXPECT_EQ(problem("/checkouts/c/quote", R"({"items":[]})"),
            R"({"type":"too_short","loc":["body","items"],)"
            R"("msg":"List should have at least 1 item after validation, not 0","input":[],)"
            R"("ctx":{"field_type":"List","min_length":1,"actual_length":0}})");
}

TEST_F(ErrorShapes, dict_type) {
  EXPECT_EQ(problem("/intents", R"({"query":"a","metadata":[1]})"),
            R"({"type":"dict_type","loc":["body","metadata"],)"
            R"("msg":"Input should be a valid dictionary","input":[1]})");
}

TEST_F(ErrorShapes, model_attributes_type) {
  EXPECT_EQ(problem("/checkouts/c/quote", R"({"items":["x"]})"),
            R"({"type":"model_attributes_type","loc":["body","items",0],)"
            R"("msg":"Input should be a valid dictionary or object to extract fields from",)"
            R"("input":"x"})");
}

TEST_F(ErrorShapes, json_invalid) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"query":)", R"(9],"error":"Expecting value")"},
      {R"({query)", R"(1],"error":"Expecting property name enclosed in double quotes")"},
      {R"({"a":1 "b"})", R"(7],"error":"Expecting ',' delimiter")"},
      {R"({"a" 1})", R"(5],"error":"Expecting ':' delimiter")"},
      {R"({} x)", R"(3],"error":"Extra data")"},
      {R"({"a":"b)", R"(5],"error":"Unterminated string starting at")"},
      {"{\"a\":\"\n\"}", R"(6],"error":"Invalid control character at")"},
      {R"({"a":"\x"})", R"(6],"error":"Invalid \\escape")"},
  };
  for (const auto& [body, expected] : cases) {
    const std::size_t split = expected.find("],");
    EXPECT_EQ(problem("/intents", body), R"({"type":"json_invalid","loc":["body",)" +
                                             expected.substr(0, split + 1) +
                                             R"(,"msg":"JSON decode error","input":{},"ctx":{)" +
                                             expected.substr(split + 2) + "}}");
  }
}

TEST_F(ErrorShapes, instants) {
  const auto problem_of = [&](const Json& timestamp) {
    return problem("/webhooks/merchant", dump_json({{"event_id", "e"},
                                                    {"event_type", "t"},
                                                    {"merchant_id", "m"},
                                                    {"timestamp", timestamp},
                                                    {"data", Json::object()}}));
  };
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"now", "input is too short"},
      {"not-a-date", "invalid character in year"},
      {"2026/11/23", "invalid date separator, expected `-`"},
      {"2026-13-01", "month value is outside expected range of 1-12"},
      {"2026-02-30", "day value is outside expected range"},
      {"2026-11-23T99:00:00", "unexpected extra characters at the end of the input"}};
  for (const auto& [text, error] : cases) {
    EXPECT_EQ(problem_of(text),
              dump_json({{"type", "datetime_from_date_parsing"},
                         {"loc", Json::array({"body", "timestamp"})},
                         {"msg", std::string("Input should be a valid datetime or date, ") + error},
                         {"input", text},
                         {"ctx", {{"error", error}}}}));
  }
  EXPECT_EQ(problem_of(nullptr), R"({"type":"datetime_type","loc":["body","timestamp"],)"
                                 R"("msg":"Input should be a valid datetime","input":null})");
}

}  // namespace
}  // namespace cartpilot::sandbox
