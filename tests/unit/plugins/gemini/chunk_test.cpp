// The everyday event of a stream in all the forms it comes in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "answer_log.h"

namespace cartpilot::gemini::tests {
namespace {

const std::string kEveryday =
    R"({"candidates":[{"content":{"parts":[{"text":"Hi"}],"role":"model"},"index":0}],)"
    R"("usageMetadata":{"promptTokenCount":71,"candidatesTokenCount":3,"thoughtsTokenCount":5,)"
    R"("cachedContentTokenCount":2,"toolUsePromptTokenCount":1,"totalTokenCount":79,)"
    R"("promptTokensDetails":[{"modality":"TEXT","tokenCount":71}],"serviceTier":"standard"},)"
    R"("modelVersion":"gemini-3.8-flash","responseId":"r1"})";

std::string with(const std::string& from, const std::string& to) {
  std::string event = kEveryday;
  return event.replace(event.find(from), from.size(), to);
}

/// The lines of `event` and of the chunk that ends the answer.
Lines lines_of(const std::string& event) {
  return decode_stream({event, chunk(R"([{"text":""}])", kStop)}).lines;
}

TEST(GeminiChunk, text_and_running_counts_are_told) {
  const Lines expected = {"usage in 72 out 8 thoughts 5 cached 2", "text Hi", kFinishStop};
  EXPECT_EQ(lines_of(kEveryday), expected);
  EXPECT_EQ(lines_of(" \r\n" + Json::parse(kEveryday).dump(2) + "\n"), expected);
  EXPECT_EQ(lines_of(with(R"(,"index":0)", "")), expected);
  EXPECT_EQ(lines_of(with("71,", R"("71",)")), expected) << "64-bit integers printed as text";
  EXPECT_EQ(lines_of(with("71,", "71.0,")), expected);
  EXPECT_EQ(lines_of(with(R"("thought)", R"("thought)")), expected);
}

TEST(GeminiChunk, counts_that_are_none_are_left_out) {
  const Lines expected = {"usage in 1 out 8 thoughts 5 cached 2", "text Hi", kFinishStop};
  for (const char* count : {"-1,", "null,", "1e300,", "9999999999999999,", "[71],", R"("1e3",)"}) {
    EXPECT_EQ(lines_of(with("71,", count)), expected) << count;
  }
}

TEST(GeminiChunk, escapes_and_characters_are_read_once) {
  EXPECT_EQ(lines_of(with("Hi", R"(\"b\" \u00e9 \ud83d\ude00 é)"))[1], "text \"b\" é 😀 é");
  EXPECT_EQ(lines_of(with(R"("text":"Hi")", R"("text":"Hm","thought":true)"))[1], "thought Hm");
}

TEST(GeminiChunk, half_a_character_is_not_read_as_another_one) {
  EXPECT_THAT(lines_of(with("Hi", "\xC3")), ::testing::Contains(std::string("text \xEF\xBF\xBD")));
  const Lines call =
      lines_of(with(R"({"text":"Hi"})",
                    "{\"functionCall\":{\"name\":\"get_weather\",\"args\":{\"city\":\"\xC3\"}}}"));
  EXPECT_THAT(call, ::testing::Contains(::testing::HasSubstr("hold half a character")));
}

TEST(GeminiChunk, what_is_no_json_or_ambiguous_ends_the_answer) {
  for (const std::string& event :
       {kEveryday + "x", with("Hi", "a\nb"), with("Hi", R"(\x)"),
        with(R"("index":0)", R"("index":00)"), with("71,", "71 000,"), with("71,", "1e999,"),
        with(R"("text":"Hi")", R"("text":"Hi","text":"Ho")"),
        with(R"("responseId":"r1")", R"("responseId":"r1","responseId":"r2")"),
        with(R"({"text":"Hi"})",
             R"({"functionCall":{"name":"get_weather","args":{"city":"A","city":"B"}}})")}) {
    const Lines lines = lines_of(event);
    ASSERT_EQ(lines.size(), 1U) << event;
    EXPECT_EQ(lines[0], "error protocol bad_json retryable") << event;
  }
}

}  // namespace
}  // namespace cartpilot::gemini::tests
