#include "cartpilot/vendor/quirks.h"

#include <gtest/gtest.h>

namespace cartpilot::vendor {
namespace {

using Notice = std::optional<std::string>;

const std::vector<Quirk> kQuirks = {
    {"/messages", {"use the new interface"}, "", "new_interface", "is wanted elsewhere; switched"},
    {"/max_tokens", {}, "/max_completion_tokens", "", "-"},
    {"/temperature", {}},
    {"/stream_options", {}},
    {"/stream", {}},
    {"/config/topK", {}},
    {"/config/thinking", {"thinking", "include_thoughts"}},
};

Error refusal(int status = 400, ErrorCode code = ErrorCode::kInvalidArgument) {
  Error error(code, "refused");
  error.http_status = status;
  return error;
}

ErrorBody said(const std::string& message, const std::string& param = "",
               const std::string& code = "") {
  ErrorBody body;
  body.message = message;
  body.param = param;
  body.code = code;
  return body;
}

Json full_body() {
  return Json{{"messages", Json::array()},
              {"max_tokens", 5},
              {"temperature", 1},
              {"stream_options", Json::object()},
              {"stream", true},
              {"config", {{"topK", 3}, {"thinking", Json::object()}}}};
}

class QuirksTest : public testing::Test {
 protected:
  Json sent(const std::string& model = "m") {
    Json body = full_body();
    quirks_.apply(model, body);
    return body;
  }
  Notice learned(const ErrorBody& body, const Error& error = refusal()) {
    return quirks_.learn("m", error, body);
  }

  Quirks quirks_{kQuirks};
};

TEST_F(QuirksTest, a_refused_member_is_left_out_told_once_and_remembered_for_its_model) {
  EXPECT_EQ(sent(), full_body());
  const ErrorBody refused = said("'temperature' is not supported with this model.");
  EXPECT_EQ(learned(refused), "m does not accept temperature; left out");
  Json expected = full_body();
  expected.erase("temperature");
  EXPECT_EQ(sent(), expected) << "nothing else changed";
  EXPECT_EQ(learned(refused), std::nullopt) << "what was not sent cannot be left out";
  EXPECT_EQ(sent("other"), full_body());
}

TEST_F(QuirksTest, a_refusal_is_recognised_in_any_spelling_and_wording) {
  for (const ErrorBody& body :
       {said("Unknown name \"top_k\" at 'config'"), said("topK must be at most 8"),
        said("TOP-K: Extra inputs are not permitted"), said("`top_k` is deprecated for this model"),
        said("no", "config.topK", "unsupported_parameter"),
        said("Invalid value", "config.topK[0]")}) {
    Quirks quirks(kQuirks);
    Json request = full_body();
    quirks.apply("m", request);
    EXPECT_EQ(quirks.learn("m", refusal(), body), "m does not accept config.topK; left out")
        << body.message;
  }
}

TEST_F(QuirksTest, a_refusal_of_something_else_teaches_nothing) {
  sent();
  for (const ErrorBody& body :
       {said("temperature"), said("the messages are invalid"),
        said("temperature is not supported", "messages[1]"), said("upstream is not supported"),
        said("temperatures must be numbers"), said("no", "temperature_2", "unsupported"),
        said("")}) {
    EXPECT_EQ(learned(body), std::nullopt) << body.message << body.param;
  }
}

TEST_F(QuirksTest, only_refusals_of_a_request_teach) {
  sent();
  const ErrorBody body = said("temperature is not supported");
  for (const int status : {401, 403, 408, 413, 429}) {
    EXPECT_EQ(learned(body, refusal(status)), std::nullopt) << status;
  }
  EXPECT_EQ(learned(body, refusal(400, ErrorCode::kUnauthenticated)), std::nullopt);
  EXPECT_NE(learned(body, refusal(500, ErrorCode::kUnavailable)), std::nullopt);
}

TEST_F(QuirksTest, the_whole_word_counts) {
  sent();
  EXPECT_EQ(learned(said("stream_options is not supported")),
            "m does not accept stream_options; left out");
  EXPECT_EQ(learned(said("stream_options is not supported")), std::nullopt)
      << "and not stream instead of it";
}

TEST_F(QuirksTest, a_member_moves_to_its_other_name_without_a_word) {
  sent();
  EXPECT_EQ(learned(said("Use 'max_completion_tokens' instead.", "max_tokens", "unsupported")), "");
  const Json body = sent();
  EXPECT_FALSE(body.contains("max_tokens"));
  EXPECT_EQ(body["max_completion_tokens"], 5);
}

TEST_F(QuirksTest, a_group_that_becomes_empty_goes_too) {
  sent();
  learned(said("topK is not supported"));
  EXPECT_EQ(sent()["config"], Json::parse(R"({"thinking":{}})"));
  learned(said("include_thoughts is not supported"));
  EXPECT_FALSE(sent().contains("config"));
}

TEST_F(QuirksTest, a_flag_leaves_the_body_to_the_encoder) {
  sent();
  EXPECT_FALSE(quirks_.knows("m", "new_interface"));
  EXPECT_EQ(learned(said("Please use the new interface.", "temperature")),
            "m is wanted elsewhere; switched");
  EXPECT_TRUE(quirks_.knows("m", "new_interface"));
  EXPECT_FALSE(quirks_.knows("other", "new_interface"));
  EXPECT_EQ(sent(), full_body());
  EXPECT_TRUE(quirks_.note("m", "of_my_own"));
  EXPECT_FALSE(quirks_.note("m", "of_my_own"));
  EXPECT_TRUE(quirks_.knows("m", "of_my_own"));
}

}  // namespace
}  // namespace cartpilot::vendor
