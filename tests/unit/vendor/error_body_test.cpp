// Envelopes are constructed from the public documentation of OpenAI, Anthropic, Google, FastAPI and
// OpenRouter, and from public reports about servers that imitate them.
#include "cartpilot/vendor/error_body.h"

#include <gtest/gtest.h>

namespace cartpilot::vendor {
namespace {

std::string told(const ErrorBody& body) {
  std::string line = body.message + "|" + body.type + "|" + body.code + "|" + body.param + "|" +
                     body.reason + "|" + std::to_string(body.http_status);
  if (body.wait_ms) line += "|" + std::to_string(*body.wait_ms);
  return line + (body.request_id.empty() ? "" : " " + body.request_id);
}

TEST(ErrorBody, every_envelope_is_read) {
  const std::vector<std::pair<const char*, const char*>> envelopes = {
      {R"({"error":{"message":"m","type":"t","param":"p","code":"c"}})", "m|t|c|p||0"},
      {R"({"error":{"message":"m","type":null,"param":"p","code":418}})", "m||418|p||418"},
      {R"({"error":{"message":"Provider returned error","code":502,"metadata":{"raw":"the cause"}}})",
       "Provider returned error: the cause||502|||502"},
      {R"({"type":"error","error":{"type":"rate_limit_error","message":"m",
           "details":{"error_code":"ramp_limit_exceeded"}},"request_id":"req_1"})",
       "m|rate_limit_error|||ramp_limit_exceeded|0 req_1"},
      {R"({"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[
           {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"RATE_LIMIT_EXCEEDED"},
           {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.07s"}]}})",
       "m||RESOURCE_EXHAUSTED||RATE_LIMIT_EXCEEDED|429|34070"},
      {R"([{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}])",
       "m||INVALID_ARGUMENT|||400"},
      {R"({"error":{"message":"{\"error\":{\"code\":400,\"message\":\"inner\",\"status\":\"X\"}}"}})",
       "inner||X|||400"},
      {R"({"error":{"message":"{\"only\":\"looks like it\"}"}})",
       R"({"only":"looks like it"}|||||0)"},
      {R"({"error":"text"})", "text|||||0"},
      {R"({"error":"Please try again in 2s","status":503})", "Please try again in 2s|||||503|2000"},
      {R"({"object":"error","message":"m","type":"BadRequestError","param":null,"code":400})",
       "m|BadRequestError|400|||400"},
      {R"({"type":"error","code":"c","message":"m"})", "m||c|||0"},
      {R"({"detail":"Not Found"})", "Not Found|||||0"},
      {R"({"detail":[{"loc":["body","model"],"msg":"required","type":"x"},{"loc":[0],"msg":"bad"}]})",
       "body.model: required; 0: bad|||||0"},
      {R"({"message":"m","code":"c"})", "m||c|||0"},
      {R"({"message":"m"})", "m|||||0"},
      {"  <html><style>a</style><h1>Bad\x1b[31m Gateway</h1></html>",
       "the answer is a web page: a Bad [31m Gateway|||||0"},
      {"<br>", "the answer is a web page|||||0"},
      {"plain\n  words\x1b[31m", "plain words [31m|||||0"},
      {R"({"error":{"code":5)", R"({"error":{"code":5|||||0)"},
      {"", "|||||0"},
      {R"({"error":{"code":"only_code"}})", "only_code||only_code|||0"},
      {R"({"error":{"message":7,"type":{},"code":[],"details":[1,{"@type":4},{"@type":"RetryInfo","retryDelay":5}]}})",
       "|||||0"},
      {R"({"error":null,"x":1})", R"({"error":null,"x":1}|||||0)"},
  };
  for (const auto& [text, expected] : envelopes) {
    EXPECT_EQ(told(read_error_body(text)), expected) << text;
  }
  EXPECT_EQ(read_error_body(std::string(600, 'x')).message, std::string(500, 'x') + "...");
}

TEST(ErrorBody, answers_that_are_no_errors_are_not_taken_for_some) {
  for (const char* text :
       {R"({"candidates":[],"message":"x","code":1})", R"({"choices":[],"message":"x","code":1})",
        R"({"message":"x"})", R"({"type":"message","content":[]})", R"({"error":null})",
        R"({"error":5})", "[1,2]", "null", R"("error")"}) {
    EXPECT_FALSE(find_error(parse_json(text))) << text;
  }
}

TEST(ErrorBody, errors_that_hold_errors_without_end_do_end) {
  std::string text = "x";
  for (int i = 0; i < 6; ++i) text = dump_json(Json{{"error", {{"message", text}}}});
  EXPECT_NE(read_error_body(text).message, "");
}

}  // namespace
}  // namespace cartpilot::vendor
