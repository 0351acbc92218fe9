#include <gmock/gmock.h>

#include "cartpilot/detail/wire.h"

namespace cartpilot {
namespace {

/// Both ways must agree whatever is in the text.
void expect_same(const StreamEvent& event) {
  const std::string text = event_to_text(event);
  EXPECT_EQ(text, dump_json(event_to_json(event)));
  EXPECT_EQ(event_to_json(event_from_text(text)),
            event_to_json(event_from_json(parse_json(text, "event"))));
}

TEST(EventText, writes_and_reads_every_byte_like_the_tree_does) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = std::string("a") + static_cast<char>(byte) + "b";
    expect_same(TextDelta{text});
    expect_same(ReasoningDelta{text});
  }
  expect_same(TextDelta{""});
  expect_same(TextDelta{"plain words"});
  expect_same(TextDelta{"caf\xC3\xA9 \xE2\x80\x94 \"quoted\" \\ \n"});
  expect_same(ToolCallDelta{"id", "{\"a\":1}"});
  expect_same(Finish{FinishReason::kLength, "max", "m", Json{{"a", 1}}});
}

TEST(EventText, reads_what_only_looks_plain_as_json) {
  // A second member, an escape, and an end that belongs to the text.
  EXPECT_EQ(
      std::get<TextDelta>(event_from_text(R"({"type":"text_delta","text":"a","x":"b"})")).text,
      "a");
  EXPECT_EQ(std::get<TextDelta>(event_from_text(R"({"type":"text_delta","text":"a\"}"})")).text,
            "a\"}");
  EXPECT_EQ(std::get<TextDelta>(event_from_text(R"({"text":"a","type":"text_delta"})")).text, "a");
  EXPECT_THROW(event_from_text(R"({"type":"text_delta","text":"})"), Error);
  EXPECT_THROW(event_from_text("{\"type\":\"text_delta\",\"text\":\"\xFF\"}"), Error);
}

}  // namespace
}  // namespace cartpilot
