// A17 to A34: what Chat Completions servers answer, and what becomes of it. Every answer that ends
// well is sent back as history to the strict server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provider_testing.h"

namespace cartpilot::openai {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::MatchesRegex;

const Trace kOneCall = {R"(call a mixer_level {"channel":3})", "finish tool_calls tool_calls m-1"};
const Trace kTwoCalls = {R"(call a mixer_level {"channel":1})",
                         R"(call b mixer_level {"channel":2})", "finish tool_calls tool_calls m-1"};

/// {HEAD "function":{"name":"mixer_level","arguments":"{\"channel\":N}"}}
std::string call(const std::string& head, int channel) {
  return "{" + head + R"("function":{"name":"mixer_level","arguments":"{\"channel\":)" +
         std::to_string(channel) + R"(}"}})";
}

/// What comes of chunks that end with [DONE].
Trace heard(std::vector<std::string> chunks) {
  RequestFixture counter(kChatModel);
  chunks.push_back("[DONE]");
  return counter.hears(sse(chunks));
}

/// The calls, the end and the error.
Trace came(const std::vector<std::string>& chunks) { return results(heard(chunks)); }

TEST(OpenAiAnswer, A17_text_only) {
  EXPECT_EQ(heard({chunk(R"({"role":"assistant","content":""})"), chunk(R"({"content":"Hel"})"),
                   chunk(R"({"content":"lo"})"), end_chunk("stop")}),
            (Trace{"text Hel", "text lo", "finish stop stop m-1"}));
}

TEST(OpenAiAnswer, A18_one_call_in_fragments) {
  EXPECT_EQ(
      heard(
          {call_chunk(
               R"({"index":0,"id":"a","type":"function","function":{"name":"mixer_level","arguments":""}})"),
           call_chunk(R"({"index":0,"function":{"arguments":"{\"chan"}})"),
           call_chunk(R"({"index":0,"function":{"arguments":"nel\":3}"}})"),
           end_chunk("tool_calls")}),
      (Trace{"begin a mixer_level", "args a {\"chan", "args a nel\":3}", kOneCall[0],
             kOneCall[1]}));
}

TEST(OpenAiAnswer, A19_three_parallel_calls_take_turns) {
  EXPECT_EQ(
      came(
          {call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":"{\"ch"}},
                    {"index":1,"id":"b","function":{"name":"mixer_level","arguments":"{\"channel"}})"),
           call_chunk(R"({"index":2,"id":"c","function":{"name":"mixer_level","arguments":""}},
                    {"index":0,"function":{"arguments":"annel\":1}"}})"),
           call_chunk(R"({"index":2,"function":{"arguments":"{\"channel\":3}"}},
                    {"index":1,"function":{"arguments":"\":2}"}})"),
           end_chunk("tool_calls")}),
      (Trace{kTwoCalls[0], kTwoCalls[1], R"(call c mixer_level {"channel":3})", kTwoCalls[2]}));
}

TEST(OpenAiAnswer, A20_a_whole_call_in_one_chunk) {
  EXPECT_EQ(came({call_chunk(call(R"("index":0,"id":"a",)", 3)), end_chunk("tool_calls")}),
            kOneCall);
}

TEST(OpenAiAnswer, A21_no_index) {
  EXPECT_EQ(came({call_chunk(call(R"("id":"a",)", 1)), call_chunk(call(R"("id":"b",)", 2)),
                  end_chunk("tool_calls")}),
            kTwoCalls);
  EXPECT_EQ(came({call_chunk(
                      R"({"id":"a","function":{"name":"mixer_level","arguments":"{\"channel\""}})"),
                  call_chunk(R"({"function":{"arguments":":3}"}})"), end_chunk("tool_calls")}),
            kOneCall)
      << "in fragments";
  EXPECT_THAT(came({call_chunk(call("", 1)), call_chunk(call("", 2)), end_chunk("tool_calls")}),
              ElementsAre(MatchesRegex("call call_[0-9A-Za-z]{24} mixer_level .\"channel\":1."),
                          MatchesRegex("call call_[0-9A-Za-z]{24} mixer_level .\"channel\":2."),
                          kTwoCalls[2]))
      << "and no id either: a name begins a call";
}

TEST(OpenAiAnswer, A22_every_index_is_zero) {
  EXPECT_EQ(came({call_chunk(call(R"("index":0,"id":"a",)", 1)),
                  call_chunk(call(R"("index":0,"id":"b",)", 2)), end_chunk("tool_calls")}),
            kTwoCalls);
}

TEST(OpenAiAnswer, A23_indexes_start_anywhere) {
  for (const auto& [first, second] : std::vector<std::pair<std::string, std::string>>{
           {"1", "2"},
           {"0", "7"},
           {"99999", "-1"},
           {"9223372036854775807", "-9223372036854775808"},
           {"18446744073709551615", "1.5"},
           {"\"0\"", "null"}}) {
    EXPECT_EQ(came({call_chunk(call(R"("index":)" + first + R"(,"id":"a",)", 1)),
                    call_chunk(call(R"("index":)" + second + R"(,"id":"b",)", 2)),
                    end_chunk("tool_calls")}),
              kTwoCalls)
        << first << " " << second;
  }
}

TEST(OpenAiAnswer, A24_id_and_name_in_every_chunk) {
  EXPECT_EQ(
      came(
          {call_chunk(
               R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":"{\"channel\""}})"),
           call_chunk(
               R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":":3}"}})"),
           end_chunk("tool_calls")}),
      kOneCall);
}

TEST(OpenAiAnswer, A25_the_id_changes_with_every_chunk) {
  EXPECT_EQ(
      came(
          {call_chunk(
               R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":"{\"channel\""}})"),
           call_chunk(R"({"index":0,"id":"a2","function":{"arguments":":"}})"),
           call_chunk(
               R"({"index":0,"id":"a3","function":{"name":"mixer_level","arguments":"3}"}})"),
           end_chunk("tool_calls")}),
      kOneCall);
}

TEST(OpenAiAnswer, A26_the_name_comes_later) {
  EXPECT_EQ(came({call_chunk(R"({"index":0,"id":"a","function":{"arguments":"{\"channel\""}})"),
                  call_chunk(R"({"index":0,"function":{"name":"mixer_level","arguments":":3}"}})"),
                  end_chunk("tool_calls")}),
            kOneCall);
}

TEST(OpenAiAnswer, A27_the_name_never_comes) {
  EXPECT_EQ(came({call_chunk(R"({"index":0,"id":"a","function":{"arguments":"{}"}})"),
                  end_chunk("tool_calls")}),
            (Trace{"bad a unnamed_function the call names no function; call it again with its name",
                   kOneCall[1]}));
}

TEST(OpenAiAnswer, A28_the_id_never_comes) {
  EXPECT_THAT(came({call_chunk(call(R"("index":0,)", 3)), end_chunk("tool_calls")}),
              ElementsAre(MatchesRegex("call call_[0-9A-Za-z]{24} mixer_level .\"channel\":3."),
                          kOneCall[1]));
}

TEST(OpenAiAnswer, A29_two_deltas_for_one_index_in_the_first_chunk) {
  EXPECT_EQ(
      came({call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":""}},
                 {"index":0,"function":{"arguments":"{\"channel\":3}"}})"),
            end_chunk("tool_calls")}),
      kOneCall);
}

TEST(OpenAiAnswer, A30_arguments_are_an_object) {
  const std::string object =
      R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":{"channel":3}}})";
  EXPECT_EQ(came({call_chunk(object), end_chunk("tool_calls")}), kOneCall);
  RequestFixture counter(kChatModel);
  EXPECT_EQ(results(counter.hears_body(R"({"model":"m-1","choices":[{"message":{"tool_calls":[)" +
                                       object + R"(]},"finish_reason":"tool_calls"}]})")),
            kOneCall);
  EXPECT_EQ(
      came(
          {call_chunk(
               R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":"\"{\\\"channel\\\":3}\""}})"),
           end_chunk("tool_calls")}),
      kOneCall)
      << "a text that holds a text that holds the object";
}

TEST(OpenAiAnswer, A31_no_arguments_at_all) {
  for (const char* arguments :
       {R"(,"arguments":"")", R"(,"arguments":null)", "", R"(,"arguments":" \n")",
        R"(,"arguments":{})", R"(,"arguments":"{}")"}) {
    const Trace trace = came({call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level")" +
                                         std::string(arguments) + "}}"),
                              end_chunk("tool_calls")});
    EXPECT_EQ(trace.at(0).substr(0, 24), "call a mixer_level {}") << arguments;
    EXPECT_EQ(trace.at(1), kOneCall[1]);
  }
}

TEST(OpenAiAnswer, A32_the_last_chunk_repeats_the_arguments) {
  EXPECT_EQ(
      came({call_chunk(call(R"("index":0,"id":"a",)", 3)),
            call_chunk(
                R"({"index":0,"id":null,"function":{"name":null,"arguments":"{\"channel\":3}"}})"),
            end_chunk("tool_calls")}),
      kOneCall);
  EXPECT_THAT(
      came({call_chunk(call(R"("index":0,"id":"a",)", 3)),
            call_chunk(R"({"index":0,"function":{"arguments":"{\"channel\":4}"}})"),
            end_chunk("tool_calls")}),
      ElementsAre("bad a mixer_level the arguments of mixer_level are not valid JSON: line 1, "
                  "column 14: expected the end of the text; call it again with one JSON object",
                  kOneCall[1]))
      << "two objects that differ are no repetition";
  EXPECT_EQ(
      came(
          {call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":null}})"),
           call_chunk(
               R"({"index":0,"id":null,"type":null,"function":{"name":null,"arguments":"{\"channel\":3}"}})"),
           call_chunk(R"({"index":0,"function":{"arguments":""}})"), end_chunk("tool_calls")}),
      kOneCall)
      << "nulls in what continues a call";
}

TEST(OpenAiAnswer, A33_the_finish_reason_comes_with_the_last_delta) {
  EXPECT_EQ(came({call_chunk(call(R"("index":0,"id":"a",)", 3), "tool_calls")}), kOneCall);
  EXPECT_EQ(heard({chunk(R"({"content":"Hi"})", "stop")}),
            (Trace{"text Hi", "finish stop stop m-1"}));
}

TEST(OpenAiAnswer, A34_the_calls_decide_and_not_the_finish_reason) {
  const std::string one = call_chunk(call(R"("index":0,"id":"a",)", 3));
  EXPECT_EQ(came({one, end_chunk("stop")}), (Trace{kOneCall[0], "finish tool_calls stop m-1"}));
  EXPECT_EQ(came({one, end_chunk("eos")}), (Trace{kOneCall[0], "finish tool_calls eos m-1"}));
  EXPECT_EQ(came({one, end_chunk("tool_calls"), end_chunk("stop")}), kOneCall) << "two ends";
  EXPECT_EQ(came({chunk(R"({"content":"x"})"), end_chunk("tool_calls")}),
            Trace{"finish stop tool_calls m-1"})
      << "an end that speaks of calls that are not there";
  EXPECT_EQ(came({one}), (Trace{kOneCall[0], "finish tool_calls  m-1"})) << "no reason, but [DONE]";
  EXPECT_EQ(came({chunk(R"({"content":"x"})")}), Trace{"finish other  m-1"});
}

}  // namespace
}  // namespace cartpilot::openai
