// A recording may come from anybody, with sums that were made to fit.
#include "record/event_form.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cartpilot/error.h"

namespace cartpilot::record {
namespace {

/// What is said of a recording with that event at line 2.
std::string refusal_of_event(const std::string& kind, const Json& data,
                             const std::string& lane = "0") {
  const Json begin = {{"format", kFormat}, {"command", {"chat"}}, {"files", Json::object()}};
  try {
    require_form("file", {{0, 0, "", "begin", begin}, {1, 7, lane, kind, data}});
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "";
}

TEST(EventForm, names_the_line_and_the_member_that_is_not_as_it_should_be) {
  const auto wrong = [](const char* event, const char* member) {
    return fmt::format("file is not as format 1 has it, at line 2: {} of {}", member, event);
  };
  const Json headers = Json::array({Json::array({"Content-Type", "text/plain"})});
  EXPECT_EQ(refusal_of_event("clock", {{"read", {{0, 5}}}}), "");
  EXPECT_EQ(refusal_of_event("clock", {{"read", {{3, 5}}}}), wrong("clock", "read"));
  EXPECT_EQ(refusal_of_event("clock", {{"read", {5}}}), wrong("clock", "read"));
  EXPECT_EQ(refusal_of_event("clock", {{"read", "5"}}), wrong("clock", "read"));
  EXPECT_EQ(refusal_of_event("clock", Json::object()), wrong("clock", "read"));
  EXPECT_EQ(refusal_of_event("clock", {{"read", Json::array()}}, ""), wrong("clock", "lane"));
  EXPECT_EQ(refusal_of_event("random", {{"hex", "00zz"}}), wrong("random", "hex"));
  EXPECT_EQ(refusal_of_event("random", {{"hex", "000"}}), wrong("random", "hex"));
  EXPECT_EQ(refusal_of_event("shown", {{"where", "out"}, {"text", "a"}}, ""), "");
  EXPECT_EQ(refusal_of_event("shown", {{"where", "there"}, {"text", "a"}}, ""),
            wrong("shown", "where"));
  EXPECT_EQ(refusal_of_event("shown", {{"where", "out"}, {"text", {{"base64", "?"}}}}, ""),
            wrong("shown", "text"));
  EXPECT_EQ(refusal_of_event("must_end", {{"is", 1}}), wrong("must_end", "is"));
  EXPECT_EQ(refusal_of_event("line", {{"end", true}, {"screen", ""}}), "");
  EXPECT_EQ(refusal_of_event("line", {{"end", false}, {"screen", ""}}), wrong("line", "text"));
  EXPECT_EQ(refusal_of_event("typed", {{"end", 0}, {"text", ""}, {"asked", 1'000'000'000'000}}),
            wrong("typed", "asked"));
  Json answer = {{"request", 1}, {"body", "abc"}, {"cuts", {{1, 0}, {2, 5}}}};
  EXPECT_EQ(refusal_of_event("answer", answer), "");
  answer["status"] = 200;
  EXPECT_EQ(refusal_of_event("answer", answer), wrong("answer", "headers"));
  answer["headers"] = headers;
  EXPECT_EQ(refusal_of_event("answer", answer), "");
  answer["error"] = {{"code", 99}};
  EXPECT_EQ(refusal_of_event("answer", answer), wrong("answer", "error"));
  answer["cuts"] = {{1, 0}, {3, 5}};
  EXPECT_EQ(refusal_of_event("answer", answer), wrong("answer", "cuts"));
  EXPECT_EQ(refusal_of_event("state", {{"sessions", {{{"id", "s"}}}}}, ""), "");
  EXPECT_EQ(refusal_of_event("state", {{"sessions", {"s"}}}, ""), wrong("state", "tables"));
  EXPECT_EQ(refusal_of_event("begin", {{"command", {"chat"}}, {"files", Json::object()}}, ""),
            wrong("begin", "event"));
  EXPECT_EQ(refusal_of_event("brew", Json::object()), wrong("brew", "event"));
}

}  // namespace
}  // namespace cartpilot::record
