// The reader of everyday chunks: what it reads, what it leaves alone, and that nobody can tell
// which of the two readers an event went through.
#include "gemini/plain_chunk.h"

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

TEST(GeminiPlainChunk, the_everyday_event_is_read_whole) {
  const auto read = read_plain_chunk(kEveryday);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text, "Hi");
  EXPECT_FALSE(read->thought);
  EXPECT_EQ(read->counts.prompt, 71);
  EXPECT_EQ(read->counts.candidates, 3);
  EXPECT_EQ(read->counts.thoughts, 5);
  EXPECT_EQ(read->counts.cached, 2);
  EXPECT_EQ(read->counts.tool_prompt, 1);
  EXPECT_EQ(read->model_version, "gemini-3.8-flash");
  EXPECT_EQ(read->response_id, "r1");
}

TEST(GeminiPlainChunk, thoughts_escapes_characters_and_white_space_are_everyday_too) {
  EXPECT_TRUE(read_plain_chunk(with(R"("text":"Hi")", R"("text":"Hm","thought":true)"))->thought);
  EXPECT_EQ(read_plain_chunk(with("Hi", R"(a\n\"b\" \u00e9 \ud83d\ude00 é)"))->text,
            "a\n\"b\" é 😀 é");
  EXPECT_EQ(read_plain_chunk(" \r\n" + Json::parse(kEveryday).dump(2) + "\n")->text, "Hi");
  EXPECT_EQ(read_plain_chunk(with(R"(,"index":0)", ""))->text, "Hi");
  EXPECT_EQ(read_plain_chunk(R"({"candidates":[{"content":{"parts":[{"text":""}]}}]})")->text, "");
}

TEST(GeminiPlainChunk, everything_else_is_left_to_the_full_reader) {
  const std::vector<std::string> others = {
      "",
      "[]",
      "[" + kEveryday + "]",
      kEveryday + "x",
      kEveryday.substr(0, kEveryday.size() - 1),
      with(R"("index":0)", R"("index":0,"finishReason":"STOP")"),
      with(R"("index":0)", R"("index":1)"),
      with(R"("index":0)", R"("index":00)"),
      with(R"({"text":"Hi"})", R"({"text":"Hi"},{"text":"Ho"})"),
      with(R"({"text":"Hi"})", R"({"functionCall":{"name":"f"}})"),
      with(R"({"text":"Hi"})", "{}"),
      with(R"({"text":"Hi"})", ""),
      with(R"("text":"Hi")", R"("text":"Hi","thoughtSignature":"S=")"),
      with(R"("text":"Hi")", R"("text":"Hi","thought":false)"),
      with(R"("text":"Hi")", R"("thought":true,"text":"Hi")"),
      with(R"("text":"Hi")", R"("text":"Hi","text":"Ho")"),
      with(R"("text":"Hi")", R"("text":7)"),
      with("Hi", "a\nb"),
      with("Hi", R"(\x)"),
      with("Hi", R"(\ud83d)"),
      with("Hi", "\xC3"),
      with(R"("responseId":"r1")", R"("responseId":"r1","responseId":"r2")"),
      with(R"("responseId":"r1")", R"("responseId":"\u0072")"),
      with(R"("responseId":"r1")", R"("modelStatus":{"modelStage":"DEPRECATED"})"),
      with(R"("responseId":"r1")", R"("error":{"code":503})"),
      with("71,", "-1,"),
      with("71,", "71.0,"),
      with("71,", R"("71",)"),
      with("71,", "null,"),
      with("71,", "9999999999999999,"),
      with(R"("TEXT")", "[[[[[[[[[[1]]]]]]]]]]"),
      with(R"("candidates":[)", R"("candidates":[{"index":1},)"),
      with(R"("candidates":[)", R"("candidates":[],"x":[)"),
      R"({"usageMetadata":{"promptTokenCount":1}})"};
  for (const std::string& event : others) EXPECT_FALSE(read_plain_chunk(event)) << event;
}

TEST(GeminiPlainChunk, both_readers_come_to_the_same) {
  const std::vector<std::string> events = {
      with(R"("text":"Hi")", R"("text":"Hm. ","thought":true)"),
      with(R"("text":"Hi")", R"("text":"So.","thought":true)"),
      kEveryday,
      with("Hi", R"( \u00fcber é)"),
      with(R"("promptTokenCount":71)", R"("promptTokenCount":72)"),
      chunk(R"([{"text":"signed","thoughtSignature":"S="}])"),
      with("Hi", "after"),
      with("gemini-3.8-flash", "gemini-4-argon"),
      chunk(R"([{"text":""}])", kStop)};
  std::vector<std::string> in_arrays;  // which only the full reader reads
  for (const std::string& event : events) in_arrays.push_back("[" + event + "]");
  const AnswerLog plain = decode_stream(events);
  const AnswerLog full = decode_stream(in_arrays);
  EXPECT_EQ(plain.lines, full.lines);
  EXPECT_EQ(dump_json(plain.parts), dump_json(full.parts));
  EXPECT_EQ(plain.parts.size(), 4U);
}

}  // namespace
}  // namespace cartpilot::gemini::tests
