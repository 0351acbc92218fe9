// Chunks of a Chat Completions stream: long answers in many alike, and members that come twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode_testing.h"

namespace cartpilot::openai {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::StartsWith;

/// A chunk with padding, as OpenAI sends them; `arguments` is JSON text of a string.
std::string padded(const std::string& arguments, const std::string& padding) {
  return R"({"id":"c","model":"m-1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,)"
         R"("function":{"arguments":)" +
         arguments + R"(}}]},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":")" +
         padding + "\"}";
}

TEST(ChatChunk, arguments_in_many_padded_pieces_are_one_call) {
  const Trace trace = decode_chat(
      {call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":""}})"),
       padded(R"("{\"unit\":\"")", "k"), padded(R"("\\\" \ud83c\udfa7 \u00e9")", "longer"),
       padded("\"zw\xC3\xB6lf\"", ""), padded(R"("\",\"channel\":")", "k3"), padded(R"("")", "k"),
       padded(R"("3}")", "k"), end_chunk("tool_calls")});
  EXPECT_THAT(
      only(trace, {"call"}),
      ElementsAre("call a mixer_level "
                  "{\"unit\":\"\\\" \xF0\x9F\x8E\xA7 \xC3\xA9zw\xC3\xB6lf\",\"channel\":3}"))
      << "what would be written the same is not kept twice";
}

TEST(ChatChunk, other_members_between_the_pieces_change_nothing) {
  const std::vector<std::string> pieces = {R"({\"a)", R"(\":\"\u00e9)",      "\xC3\xB6", R"(\\\")",
                                           "",        R"(\",\"channel\":3})"};
  const auto call = [&](bool alike) {
    std::vector<std::string> chunks = {
        chunk(R"({"content":"One"})"), chunk(R"({"content":"Two \n"})"),
        chunk(R"({"content":"Thr\u00ebe"})"),
        call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":""}})")};
    int number = 0;
    for (const std::string& piece : pieces) {
      std::string text = call_chunk(R"({"index":0,"function":{"arguments":")" + piece + "\"}}");
      if (!alike) text.insert(1, R"("unknown":)" + std::to_string(number++) + ",");
      chunks.push_back(text);
    }
    chunks.push_back(end_chunk("tool_calls"));
    return decode_chat(chunks);
  };
  const Trace trace = call(true);
  EXPECT_EQ(trace, call(false));
  EXPECT_EQ(trace.size(), 11U) << "three texts, a call in five pieces, its end";
  EXPECT_EQ(trace[0] + trace[1] + trace[2],
            "text Onetext Two \ntext Thr\xC3\xAB"
            "e");
}

// NVIDIA's endpoint does this: https://github.com/tinyhumansai/openhuman/issues/4204
TEST(ChatChunk, a_member_that_comes_twice_counts_once_and_null_does_not_count) {
  const std::string twice =
      R"({"reasoning_content":"Hm","content":null,"reasoning_content":null,"content":"Yes"})";
  EXPECT_THAT(only(decode_chat({chunk(twice), end_chunk("stop")}), {"reasoning", "text"}),
              ElementsAre("reasoning Hm", "text Yes"));
}

TEST(ChatChunk, arguments_that_say_two_things_are_not_run) {
  const std::string twice = R"({"channel":1,"channel":3})";
  EXPECT_THAT(
      results(decode_chat({call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level",)"
                                      R"("arguments":"{\"channel\":1,\"channel\":3}"}})"),
                           end_chunk("tool_calls")})),
      ElementsAre("bad a mixer_level the arguments of mixer_level are ambiguous: the member "
                  "\"channel\" occurs twice; call it again with one JSON object",
                  StartsWith("finish tool_calls")));
  // Some servers send an object instead of its text.
  EXPECT_THAT(
      results(decode_chat({call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level",)"
                                      R"("arguments":)" +
                                      twice + "}}"),
                           end_chunk("tool_calls")})),
      ElementsAre(StartsWith("error protocol final : the answer of Tester is ambiguous: ")));
}

}  // namespace
}  // namespace cartpilot::openai
