// A2 to A16: the same answer however it is framed, and answers that are none. (A1 is in
// streams_test.cpp.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provider_testing.h"
#include "responses_events.h"

namespace cartpilot::openai {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const Trace kHello = {"text Hel", "text lo \xF0\x9F\x8E\xA7", "finish stop stop m-1"};
const Trace kCut = {
    "error unavailable retryable stream_cut: the answer of OpenAI broke off before its end; try "
    "again"};

/// "Hello" in two events; every line ends with `end`, every event with `blank`.
std::string hello(const std::string& end = "\n", const std::string& blank = "\n") {
  std::string text;
  for (const std::string& data :
       {chunk(R"({"content":"Hel"})"), chunk("{\"content\":\"lo \xF0\x9F\x8E\xA7\"}"),
        end_chunk("stop"), std::string("[DONE]")}) {
    text += "data: " + data + end + blank;
  }
  return text;
}

TEST(OpenAiAnswer, A02_lines_end_with_cr_lf_or_both_mixed) {
  for (const auto& [end, blank] : std::vector<std::pair<std::string, std::string>>{
           {"\r", "\r"}, {"\r\n", "\r\n"}, {"\n", "\r\n"}, {"\r\n", "\n"}, {"\r", "\n\n"}}) {
    RequestFixture counter(kChatModel);
    EXPECT_EQ(counter.hears(hello(end, blank)), kHello);
    Played bytes;
    bytes.body = hello(end, blank);
    bytes.piece_bytes = 1;
    EXPECT_EQ(counter.hears(bytes), kHello);
  }
}

TEST(OpenAiAnswer, A03_data_goes_over_several_lines) {
  RequestFixture counter(kChatModel);
  std::string text = hello();
  for (const char* at : {"\"choices\"", "\"delta\"", "\"finish_reason\""}) {
    for (std::size_t i = text.find(at); i != std::string::npos; i = text.find(at, i + 20)) {
      text.insert(i, "\ndata: ");
    }
  }
  EXPECT_EQ(counter.hears(text), kHello);
}

TEST(OpenAiAnswer, A04_comments_stand_anywhere) {
  RequestFixture counter(kChatModel);
  std::string text = ": first\n\n: PROCESSING\n" + hello("\n:\n", "\n\n: between\n\n");
  text.insert(text.find("data:"), ":inside\n");
  EXPECT_EQ(counter.hears(text), kHello);
}

TEST(OpenAiAnswer, A05_no_blank_after_the_colon) {
  RequestFixture counter(kChatModel);
  std::string text = hello();
  for (std::size_t i = text.find("data: "); i != std::string::npos; i = text.find("data: ")) {
    text.erase(i + 5, 1);
  }
  EXPECT_EQ(counter.hears(text), kHello);
}

TEST(OpenAiAnswer, A06_a_byte_order_mark_comes_first) {
  RequestFixture counter(kChatModel);
  EXPECT_EQ(counter.hears("\xEF\xBB\xBF" + hello()), kHello);
}

TEST(OpenAiAnswer, A07_one_event_of_eight_megabytes) {
  const std::string big(8U << 20, 'x');
  RequestFixture chat(kChatModel);
  const Trace trace =
      chat.hears(sse({chunk(R"({"content":")" + big + "\"}"), end_chunk("stop"), "[DONE]"}));
  EXPECT_TRUE(trace == (Trace{"text " + big, "finish stop stop m-1"})) << trace.back();
  RequestFixture responses(kResponsesModel);
  const Trace whole =
      responses.hears(sse({terminal("completed", R"("output":[)" + message_item(big) + "]")}));
  ASSERT_EQ(whole.size(), 2U);
  EXPECT_EQ(whole[0].size(), big.size() + 5);
}

TEST(OpenAiAnswer, A08_the_last_blank_line_is_missing) {
  RequestFixture counter(kChatModel);
  const std::string text = hello();
  for (const std::size_t less : {1, 2}) {
    EXPECT_EQ(counter.hears(text.substr(0, text.size() - less)), kHello);
  }
  RequestFixture responses(kResponsesModel);
  EXPECT_THAT(
      responses.hears("data: " + terminal("completed", R"("output":[)" + message_item("Hi") + "]")),
      ElementsAre("text Hi", StartsWith("finish stop completed m-1")));
}

TEST(OpenAiAnswer, A09_what_follows_done_is_not_read) {
  RequestFixture counter(kChatModel);
  EXPECT_EQ(counter.hears(hello() + sse({chunk(R"({"content":"late"})")}) + "garbage {{{\n\n"),
            kHello);
}

TEST(OpenAiAnswer, A10_a_reset_after_done_is_no_error) {
  RequestFixture counter(kChatModel);
  Played answer;
  answer.body = hello();
  answer.end = Played::End::kReset;
  answer.pause = std::chrono::milliseconds(1);
  answer.piece_bytes = 64;
  EXPECT_EQ(counter.hears(answer), kHello);
  RequestFixture responses(kResponsesModel);
  answer.body = sse({delta("output_text", 0, "Hi"), terminal("completed")});
  EXPECT_THAT(responses.hears(answer),
              ElementsAre("text Hi", StartsWith("finish stop completed m-1")));
}

TEST(OpenAiAnswer, A11_a_reset_inside_a_call_runs_nothing) {
  const std::string half = sse({call_chunk(
      R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":"{\"ch"}})")});
  for (const Played::End end : {Played::End::kReset, Played::End::kClose, Played::End::kComplete}) {
    RequestFixture counter(kChatModel);
    Played answer;
    answer.body = half;
    answer.end = end;
    const Trace trace = counter.hears(answer);
    EXPECT_THAT(only(trace, {"call", "bad", "finish"}), ::testing::IsEmpty());
    EXPECT_THAT(trace.back(), StartsWith("error unavailable retryable "));
  }
}

TEST(OpenAiAnswer, A12_a_whole_body_answers_a_request_for_a_stream) {
  RequestFixture chat(kChatModel);
  EXPECT_EQ(
      chat.hears_body(
          R"({"model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},
              "finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":8}})",
          "application/json; charset=utf-8"),
      (Trace{"text Hello", "usage 9 8 0 0", "finish stop stop m-1"}));
  RequestFixture responses(kResponsesModel);
  EXPECT_THAT(responses.hears_body(R"({"object":"response","status":"completed","model":"m-1",
              "output":[)" + message_item("Hello") +
                                   "]}"),
              ElementsAre("text Hello", StartsWith("finish stop completed m-1")));
  EXPECT_EQ(
      chat.hears_body(
          R"({"id":"x","object":"chat.completion","model":"m-1","choices":[{"index":0,"message":{
              "role":"assistant","content":"Hi","refusal":null,"annotations":[],"tool_calls":[{"id":"a",
              "type":"function","function":{"name":"mixer_level","arguments":"{\"channel\":3}"}}]},
              "logprobs":null,"finish_reason":"tool_calls"}]})"),
      (Trace{"text Hi", "begin a mixer_level", "args a {\"channel\":3}",
             R"(call a mixer_level {"channel":3})", "finish tool_calls tool_calls m-1"}));
}

TEST(OpenAiAnswer, A13_a_web_page_is_told_as_such) {
  for (const char* model : {kChatModel, kResponsesModel}) {
    RequestFixture counter(model);
    const Trace told = {
        "error protocol final : BASE answers with a web page instead of JSON; check "
        "OPENAI_BASE_URL"};
    EXPECT_EQ(counter.hears_body("<!DOCTYPE html><html><body>Welcome</body></html>", "text/html"),
              told);
    EXPECT_EQ(counter.hears_body("\n <html>", "application/json"), told);
    for (const char* other : {"[]", "hello", R"({"output":7})"}) {
      EXPECT_THAT(counter.hears_body(other), ElementsAre(StartsWith("error protocol "))) << other;
    }
  }
}

TEST(OpenAiAnswer, A14_an_empty_answer_is_a_cut_one) {
  for (const char* model : {kChatModel, kResponsesModel}) {
    RequestFixture counter(model);
    EXPECT_EQ(counter.hears(""), kCut);
    EXPECT_EQ(counter.hears_body(""), kCut);
    EXPECT_EQ(counter.hears(": only a comment\n\n"), kCut);
  }
}

TEST(OpenAiAnswer, A15_signs_of_life_keep_an_answer_alive) {
  // Silences together longer than the limit, each of them shorter, filled by comments or
  // keepalives.
  constexpr std::int64_t kLimitMs = 1500;
  Played slow;
  slow.pause = std::chrono::milliseconds(300);
  const std::string life = ": keep-alive comment\n\n";
  slow.body = life + life + life + life + life + life + life + hello();
  slow.piece_bytes = (slow.body.size() + 7) / 8;
  RequestFixture counter(kChatModel);
  counter.transport.idle_timeout_ms = kLimitMs;
  EXPECT_EQ(counter.hears(slow), kHello);

  RequestFixture responses(kResponsesModel);
  responses.transport.idle_timeout_ms = kLimitMs;
  std::vector<std::string> events(7, R"({"type":"keepalive","sequence_number":1})");
  events.push_back(terminal("completed"));
  slow.body = sse(events);
  slow.piece_bytes = (slow.body.size() + 7) / 8;
  EXPECT_THAT(responses.hears(slow), ElementsAre(StartsWith("finish stop completed m-1")));

  // Nothing at all is an end; by default after two minutes, five for models that think.
  RequestFixture silent(kChatModel);
  silent.transport.idle_timeout_ms = 100;
  Played nothing;
  nothing.end = Played::End::kHold;
  nothing.body = ": begun\n\n";
  EXPECT_THAT(silent.hears(nothing), ElementsAre(StartsWith("error deadline retryable idle")));
}

TEST(OpenAiAnswer, A16_an_error_event_in_plain_words) {
  for (const char* model : {kChatModel, kResponsesModel}) {
    RequestFixture counter(model);
    EXPECT_EQ(counter.hears("event: error\ndata: upstream overloaded\n\n"),
              Trace{"error unavailable retryable unavailable: server error at OpenAI: upstream "
                    "overloaded; try again shortly"});
    EXPECT_EQ(counter.hears("{\"error\":{\"message\":\"no\",\"code\":403}}\n\n"),
              Trace{"error permission final permission: OpenAI does not permit this: no; check "
                    "what the key may do"})
        << "a bare line that is no event field";
    EXPECT_EQ(counter.hears("OK so far\n\n"), Trace{kCut[0] + " (the server also sent: OK so far)"})
        << "any other line is passed over";
  }
}

}  // namespace
}  // namespace cartpilot::openai
