// The decoder alone: every recorded shape of a stream, cut at every byte (the events must not
// depend on the cuts), and what it keeps for later turns.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "answer_log.h"

namespace cartpilot::gemini::tests {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

class GeminiFixture : public testing::TestWithParam<const char*> {
 protected:
  std::filesystem::path folder() const {
    return std::filesystem::path(CARTPILOT_FIXTURES) / "gemini";
  }
  std::string bytes() const { return read_file(folder() / (std::string(GetParam()) + ".sse")); }
};

TEST_P(GeminiFixture, is_decoded_as_written_down) {
  const AnswerLog log = decode_bytes({bytes()});
  const std::string parts = log.parts.is_null() ? "" : "parts " + dump_json(log.parts) + "\n";
  EXPECT_EQ(joined(log.lines) + parts, read_file(folder() / (std::string(GetParam()) + ".events")));
}

TEST_P(GeminiFixture, gives_the_same_events_at_every_split_point) {
  const std::string stream = bytes();
  const AnswerLog whole = decode_bytes({stream});
  ASSERT_FALSE(whole.lines.empty());
  std::vector<std::string> single;
  for (const char byte : stream) single.emplace_back(1, byte);
  EXPECT_EQ(decode_bytes(single).lines, whole.lines);
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    const AnswerLog log = decode_bytes({stream.substr(0, cut), stream.substr(cut)});
    ASSERT_EQ(log.lines, whole.lines) << "cut at byte " << cut;
    ASSERT_EQ(log.parts, whole.parts) << "cut at byte " << cut;
  }
}

class GeminiCompleteFixture : public GeminiFixture {};

// A stream that ends early must never look complete: no call may run, whatever the byte.
TEST_P(GeminiCompleteFixture, is_never_taken_for_complete_when_it_ends_early) {
  const std::string stream = bytes();
  const std::size_t finish_reason = stream.rfind("finishReason");
  ASSERT_NE(finish_reason, std::string::npos);
  for (std::size_t end = 0; end < finish_reason; ++end) {
    const AnswerLog log = decode_bytes({stream.substr(0, end)});
    ASSERT_TRUE(log.error.has_value()) << "ended at byte " << end;
    ASSERT_EQ(log.error->reason, "stream_cut") << "ended at byte " << end;
  }
}

INSTANTIATE_TEST_SUITE_P(Streams, GeminiFixture,
                         testing::Values("text", "parallel_calls", "thoughts", "mixed_framing",
                                         "stray_error", "cut", "length"),
                         [](const auto& fixture) { return std::string(fixture.param); });

INSTANTIATE_TEST_SUITE_P(Streams, GeminiCompleteFixture,
                         testing::Values("text", "parallel_calls", "thoughts", "mixed_framing",
                                         "length"),
                         [](const auto& fixture) { return std::string(fixture.param); });

TEST(GeminiDecoder, ids_used_earlier_in_the_conversation_are_not_used_again) {
  vendor::Notices notices;
  vendor::SecondTry second_try;
  DecodeContext context = decode_context(notices, second_try);
  context.used_ids = {"a", "b"};
  GeminiDecoder decoder(context);
  AnswerLog log;
  const std::string body = chunk(list({call_part("a", "Oslo"), call_part("c", "Rome")}), kStop);
  decoder.decode(HttpEvent{HttpEvent::Kind::kBody, "", body}, log);
  decoder.finish(log);
  const std::vector<ToolCall> calls = tool_calls_of(log.message("m"));
  EXPECT_EQ(calls.at(0).id.substr(0, 5), "call_");
  EXPECT_EQ(calls.at(0).id.size(), 29U) << calls.at(0).id;
  EXPECT_EQ(calls.at(0).provider_metadata, (Json{{"wire_id", "a"}}));
  EXPECT_EQ(calls.at(1).id, "c");
}

TEST(GeminiDecoder, metadata_names_backend_and_model) {
  const AnswerLog log = decode_body(chunk(R"([{"text":"x"}])", kStop));
  EXPECT_EQ(log.message("m").provider_metadata,
            (Json{{"backend", "generativelanguage.googleapis.com"},
                  {"model", "gemini-3.8-flash"},
                  {"model_version", "gemini-3.8-flash"},
                  {"parts", Json::parse(R"([{"text":"x"}])")}}));
}

}  // namespace
}  // namespace cartpilot::gemini::tests
