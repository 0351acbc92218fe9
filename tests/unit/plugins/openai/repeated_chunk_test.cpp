// The fast way through a stream gives what the full way gives.
#include "openai/repeated_chunk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode_testing.h"

namespace cartpilot::openai {
namespace {

using namespace testing;

/// A chunk with padding, as OpenAI sends them; `arguments` is JSON text of a string.
std::string padded(const std::string& arguments, const std::string& padding) {
  return R"({"id":"c","model":"m-1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,)"
         R"("function":{"arguments":)" +
         arguments + R"(}}]},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":")" +
         padding + "\"}";
}

Fragment learned(RepeatedChunks& chunks, const std::string& text) {
  const std::optional<Fragment> fragment = only_fragment(parse_json(text));
  EXPECT_TRUE(fragment.has_value()) << text;
  chunks.learn(text, *fragment);
  return *fragment;
}

/// What the fast way makes of `text`; "-" when it leaves it to the full way.
std::string fast(RepeatedChunks& chunks, const std::string& text) {
  const Fragment* fragment = chunks.read(text);
  return fragment == nullptr ? "-" : fragment->text;
}

TEST(RepeatedChunks, another_fragment_in_the_same_chunk_is_read) {
  RepeatedChunks chunks;
  EXPECT_EQ(fast(chunks, padded(R"("a")", "k")), "-") << "nothing is known yet";
  EXPECT_EQ(learned(chunks, padded(R"("{\"a\":")", "k3")).text, "{\"a\":");
  EXPECT_EQ(fast(chunks, padded(R"("1}")", "")), "1}");
  EXPECT_EQ(fast(chunks, padded(R"("\"\\\/\b\f\n\r\t")", "longer")), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(fast(chunks, padded(R"("\ud83c\udfa7 \u00e9")", "k")), "\xF0\x9F\x8E\xA7 \xC3\xA9");
  EXPECT_EQ(fast(chunks, padded("\"zw\xC3\xB6lf\"", "k")), "zw\xC3\xB6lf");
  EXPECT_EQ(fast(chunks, padded(R"("")", "k")), "");
}

TEST(RepeatedChunks, whatever_is_not_the_same_takes_the_full_way) {
  RepeatedChunks chunks;
  const std::string known = padded(R"("abc")", "k3");
  learned(chunks, known);
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\"index\":0,\"function\"", "\"index\":1,\"function\""},
           {"\"finish_reason\":null", "\"finish_reason\":\"stop\""},
           {"\"usage\":null", "\"usage\":{}"},
           {"\"abc\"", "\"abc"},
           {"\"abc\"", "\"a\x01\""},
           {"\"abc\"", "\"\xFF\""},
           {"\"abc\"", R"("\ud83c")"},
           {"\"abc\"", R"("\x")"},
           {"\"abc\"", R"("abc","name":"x")"},
           {"\"abc\"", "{}"},
           {"\"k3\"}", "\"k3\",\"error\":{\"message\":\"m\"}}"},
           {"\"k3\"}", "\"k3\"} "},
           {"\"k3\"}", "\"k3\""},
           {"\"c\"", "\"d\""}}) {
    std::string text = known;
    text.replace(text.find(from), from.size(), to);
    EXPECT_EQ(fast(chunks, text), "-") << text;
  }
  EXPECT_EQ(fast(chunks, known), "abc");
}

TEST(RepeatedChunks, a_chunk_that_says_more_is_not_learned) {
  for (const std::string& text :
       {chunk(R"({"role":"assistant","content":"x"})"), chunk(R"({"content":null})"),
        chunk(R"({"content":"x"})", "stop"), chunk(R"({"reasoning_content":"x"})"),
        call_chunk(R"({"index":0,"id":"a","function":{"arguments":"x"}})"),
        call_chunk(R"({"index":0,"function":{"name":"n","arguments":"x"}})"),
        call_chunk(R"({"function":{"arguments":"x"}})"),
        call_chunk(R"({"index":0,"function":{"arguments":{}}})"),
        call_chunk(
            R"({"index":0,"function":{"arguments":"x"}},{"index":1,"function":{"arguments":"y"}})"),
        std::string(R"({"choices":[{"delta":{"content":"x"}}],"x_groq":{}})"),
        std::string(R"({"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":1}})"),
        std::string(R"({"choices":[{"delta":{"content":"x"}},{"index":1}]})"),
        std::string(R"({"choices":[{"index":1,"delta":{"content":"x"}}]})"),
        std::string(R"({"choices":[{"delta":{"content":"x"},"message":{"content":"y"}}]})"),
        std::string("[]")}) {
    EXPECT_FALSE(only_fragment(parse_json(text)).has_value()) << text;
  }
}

TEST(RepeatedChunks, text_that_only_looks_like_the_place_of_the_fragment_is_not_taken_for_it) {
  // The id holds the words that are searched for; the real member is spelt with a blank.
  RepeatedChunks chunks;
  const std::string text =
      R"({"object":{"content":"id"},"choices":[{"delta":{"content": "real"}}]})";
  learned(chunks, text);
  EXPECT_EQ(fast(chunks, text), "-");
  const std::string padding =
      R"({"choices":[{"delta":{"content":"real"},"x":{"obfuscation":"no"}}],"model":"m"})";
  learned(chunks, padding);
  EXPECT_EQ(fast(chunks, padding), "real") << "without padding, then";
  std::string other = padding;
  other.replace(other.find("no"), 2, "not the same");
  EXPECT_EQ(fast(chunks, other), "-");
}

TEST(RepeatedChunks, several_chunks_take_turns_and_learning_ends) {
  RepeatedChunks chunks;
  const auto numbered = [](int index, const std::string& text) {
    return call_chunk(R"({"index":)" + std::to_string(index) + R"(,"function":{"arguments":")" +
                      text + "\"}}");
  };
  for (int i = 0; i < 4; ++i) learned(chunks, numbered(i, "x"));
  for (int i = 0; i < 4; ++i) {
    const Fragment* fragment = chunks.read(numbered(i, "y"));
    ASSERT_NE(fragment, nullptr);
    EXPECT_EQ(fragment->index, i);
    EXPECT_EQ(fragment->text, "y");
  }
  for (int i = 4; i < 100; ++i) learned(chunks, numbered(i, "x"));
  EXPECT_EQ(fast(chunks, numbered(99, "y")), "-") << "chunks that never repeat are not learned";
}

TEST(ChatDecoder, long_answers_read_the_same_whether_their_chunks_repeat_or_not) {
  const std::vector<std::string> pieces = {R"({\"a)", R"(\":\"\u00e9)",      "\xC3\xB6", R"(\\\")",
                                           "",        R"(\",\"channel\":3})"};
  const auto call = [&](bool repeating) {
    std::vector<std::string> chunks = {
        chunk(R"({"content":"One"})"), chunk(R"({"content":"Two \n"})"),
        chunk(R"({"content":"Thr\u00ebe"})"),
        call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":""}})")};
    int number = 0;
    for (const std::string& piece : pieces) {
      std::string text = call_chunk(R"({"index":0,"function":{"arguments":")" + piece + "\"}}");
      if (!repeating) text.insert(1, R"("unknown":)" + std::to_string(number++) + ",");
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

}  // namespace
}  // namespace cartpilot::openai
