#include "chat/stream_assembler.h"

#include <gtest/gtest.h>

#include <string>

namespace cartpilot::chat {
namespace {

struct Nobody final : EventSink {
  void on_event(const StreamEvent&) override { ++events; }
  int events = 0;
};

TEST(StreamAssembler, stops_an_answer_that_has_no_end) {
  Nobody watcher;
  StreamAssembler assembler(watcher);
  const std::string piece(1 << 20, 'y');
  for (int i = 0; i < 8; ++i) assembler.on_event(TextDelta{piece});
  EXPECT_THROW(assembler.on_event(TextDelta{"y"}), Error);
  EXPECT_EQ(watcher.events, 8);
}

TEST(StreamAssembler, counts_thoughts_and_arguments_as_part_of_the_answer) {
  Nobody watcher;
  StreamAssembler assembler(watcher);
  const std::string piece(4 << 20, 'y');
  assembler.on_event(ReasoningDelta{piece});
  assembler.on_event(ToolCallDelta{"call", piece});
  EXPECT_THROW(assembler.on_event(TextDelta{"y"}), Error);
}

TEST(StreamAssembler, remembers_whole_characters_of_an_answer_that_was_cut) {
  Nobody watcher;
  StreamAssembler assembler(watcher);
  assembler.on_event(TextDelta{"a\xC3\xA4\xE2\x82\xAC"});
  assembler.on_event(ReasoningDelta{"thought"});
  assembler.on_event(TextDelta{"z"});
  EXPECT_EQ(assembler.text_so_far(100), "a\xC3\xA4\xE2\x82\xACz");
  EXPECT_EQ(assembler.text_so_far(7), "a\xC3\xA4\xE2\x82\xACz");
  EXPECT_EQ(assembler.text_so_far(6), "a\xC3\xA4\xE2\x82\xAC");
  EXPECT_EQ(assembler.text_so_far(5), "a\xC3\xA4");
  EXPECT_EQ(assembler.text_so_far(2), "a");
  EXPECT_EQ(assembler.text_so_far(1), "a");
  EXPECT_EQ(assembler.text_so_far(0), "");
}

}  // namespace
}  // namespace cartpilot::chat
