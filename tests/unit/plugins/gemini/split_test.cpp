// Every recorded shape of a stream, cut at every byte: the events must not depend on the cuts.
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

TEST(GeminiStream, an_event_of_a_megabyte_is_fine) {
  const std::string text(1 << 20, 'x');
  const std::string stream =
      "data: " + chunk(R"([{"text":")" + text + R"("}])", R"("finishReason":"STOP")") + "\r\n\r\n";
  EXPECT_EQ(decode_bytes({stream.substr(0, 70000), stream.substr(70000)}).lines,
            (Lines{"text " + text, "finish stop STOP gemini-3.8-flash"}));
}

TEST(GeminiStream, one_json_over_several_data_lines) {
  EXPECT_EQ(
      decode_bytes({"data: {\"candidates\":\ndata: [{\"content\":{\"parts\":[{\"text\":\"x\"}]},"
                    "\ndata: \"finishReason\":\"STOP\"}]}\n\n"})
          .lines,
      (Lines{"text x", "finish stop STOP "}));
}

}  // namespace
}  // namespace cartpilot::gemini::tests
