#include "cartpilot/vendor/stream_errors.h"

#include <gtest/gtest.h>

#include "cartpilot/vendor/end_words.h"

namespace cartpilot::vendor {
namespace {

Service service() {
  Service service;
  service.title = "Acme";
  service.model = "m";
  return service;
}

std::string thrown(std::string_view text) {
  try {
    throw_stray_error(text, service());
  } catch (const Error& error) {
    return std::string(error_code_name(error.code)) + ": " + error.what();
  }
  return "";
}

TEST(StreamErrors, an_end_mark_behind_a_whole_body_is_taken_off) {
  for (const char* text :
       {"{}", "{}data: [DONE]", "{}\n\ndata: [DONE]\n\n", "{} [DONE]", "{}data:"}) {
    EXPECT_EQ(without_end_mark(text), "{}") << text;
  }
  EXPECT_EQ(without_end_mark("data: [DONE]"), "");
  EXPECT_EQ(without_end_mark("{\"t\":\"data: [DONE]\"}"), "{\"t\":\"data: [DONE]\"}");
}

TEST(StreamErrors, an_error_is_seen_behind_a_word_and_without_one) {
  EXPECT_EQ(thrown(R"({"error":{"message":"no","code":403}})"),
            "permission: Acme does not permit this: no; check what the key may do");
  for (const char* text :
       {R"(error: {"code":403,"message":"no"})", R"(ERROR:{"code":403,"message":"no"})",
        R"(error: {"error":{"message":"no","code":403}})",
        "error: {\"code\":403,\"message\":\"no\"}\ndata: [DONE]"}) {
    EXPECT_EQ(thrown(text), "permission: Acme does not permit this: no; check what the key may do")
        << text;
  }
  EXPECT_EQ(thrown("error: upstream is down"),
            "unavailable: server error at Acme: upstream is down; try again shortly");
  for (const char* text : {"hello", "{}", "[]", "null", R"({"error":null})", R"({"error":""})",
                           R"({"error":{}})", "errors: none"}) {
    EXPECT_EQ(thrown(text), "") << text;
  }
}

TEST(StreamErrors, words_for_the_end_mean_the_same_in_every_spelling) {
  for (const char* word : {"MALFORMED_FUNCTION_CALL", "malformed-function-call",
                           "MALFORMED_RESPONSE", "unexpected_tool_call", "tool_use_failed"}) {
    EXPECT_EQ(end_word(word), EndWord::kMalformed) << word;
  }
  for (const char* word : {"error", "ERROR", "network_error", "abort",
                           "insufficient_system_resource", "failed", "cancelled"}) {
    EXPECT_EQ(end_word(word), EndWord::kFailed) << word;
  }
  for (const char* word : {"content_filter", "SAFETY", "sensitive", "PROHIBITED_CONTENT"}) {
    EXPECT_EQ(end_word(word), EndWord::kFiltered) << word;
  }
  for (const char* word : {"", "stop", "length", "tool_calls", "end_turn", "STOP", "completed"}) {
    EXPECT_EQ(end_word(word), EndWord::kOther) << word;
  }
}

}  // namespace
}  // namespace cartpilot::vendor
