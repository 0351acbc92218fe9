#include "cartpilot/vendor/half_characters.h"

#include <gtest/gtest.h>

#include <vector>

namespace cartpilot::vendor {
namespace {

constexpr const char* kEars = "\xF0\x9F\x8E\xA7";  // U+1F3A7

class Collector final : public EventSink {
 public:
  void on_event(const StreamEvent& event) override {
    if (const auto* delta = std::get_if<TextDelta>(&event)) texts.push_back(delta->text);
    if (const auto* delta = std::get_if<ReasoningDelta>(&event)) thoughts += delta->text;
    if (const auto* delta = std::get_if<ToolCallDelta>(&event)) arguments += delta->arguments;
    if (const auto* whole = std::get_if<ToolCallEvent>(&event)) call = whole->call;
    if (const auto* end = std::get_if<Finish>(&event)) metadata = end->provider_metadata;
  }
  std::vector<std::string> texts;
  std::string thoughts;
  std::string arguments;
  ToolCall call;
  Json metadata;
};

/// The text deltas of events {"t":"..."} given as JSON texts, and what was kept of them.
std::vector<std::string> shown(const std::vector<std::string>& events,
                               std::string* kept = nullptr) {
  WholeCharacters characters;
  Collector collector;
  std::string all;
  for (const std::string& event : events) {
    const std::string piece = characters.parse(event, "an event")["t"];
    all += piece;
    characters.before(collector).on_event(TextDelta{piece});
  }
  Finish end;
  end.provider_metadata = Json{{"all", all}};
  characters.before(collector).on_event(end);
  if (kept != nullptr) *kept = collector.metadata["all"];
  return collector.texts;
}

TEST(HalfCharacters, a_surrogate_pair_in_two_events_is_one_character) {
  std::string kept;
  EXPECT_EQ(shown({R"({"t":"a\ud83c"})", R"({"t":"\udfa7b"})"}, &kept),
            (std::vector<std::string>{"a", std::string(kEars) + "b"}));
  EXPECT_EQ(kept, std::string("a") + kEars + "b");
}

TEST(HalfCharacters, bytes_of_a_sequence_may_be_cut_anywhere) {
  const std::string bytes = std::string("x") + kEars + "y";
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    std::string kept;
    const auto texts =
        shown({R"({"t":")" + bytes.substr(0, cut) + "\"}", R"({"t":")" + bytes.substr(cut) + "\"}"},
              &kept);
    std::string all;
    for (const std::string& text : texts) all += text;
    EXPECT_EQ(all, bytes) << cut;
    EXPECT_EQ(kept, bytes) << cut;
  }
  EXPECT_EQ(shown({"{\"t\":\"\xED\xA0\xBC\"}", "{\"t\":\"\xED\xBE\xA7\"}"}),
            std::vector<std::string>{kEars})
      << "halves as bytes";
}

TEST(HalfCharacters, a_half_whose_other_half_never_comes_is_the_replacement_character) {
  EXPECT_EQ(shown({R"({"t":"a\ud83c"})"}), (std::vector<std::string>{"a", "\xEF\xBF\xBD"}));
  EXPECT_EQ(shown({R"({"t":"\udfa7b"})"}), (std::vector<std::string>{"\xEF\xBF\xBD"
                                                                     "b"}));
  EXPECT_EQ(shown({R"({"t":"\ud83cb"})"}), (std::vector<std::string>{"\xEF\xBF\xBD"
                                                                     "b"}));
  EXPECT_EQ(shown({"{\"t\":\"\xFF\x9F!\"}"}),
            (std::vector<std::string>{"\xEF\xBF\xBD\xEF\xBF\xBD!"}));
}

TEST(HalfCharacters, whole_text_is_not_touched) {
  // The code points of the marks themselves, in a text without halves.
  const std::string odd = "\xF4\x8F\xBE\x80 \xF4\x8F\xBF\xBF";
  EXPECT_EQ(shown({R"({"t":")" + odd + "\"}"}), std::vector<std::string>{odd});
  EXPECT_FALSE(mark_halves(R"({"t":"\ud83c\udfa7 \\ud83c \u00e9"})"));
  EXPECT_TRUE(mark_halves(R"({"t":"\\\ud83c"})")) << "behind an escaped backslash";
}

TEST(HalfCharacters, what_is_broken_otherwise_stays_an_error) {
  WholeCharacters characters;
  EXPECT_THROW(characters.parse(R"({"t":"\ud83c")", "an event"), Error);
  EXPECT_THROW(characters.parse(R"({"t":"\ud8)", "an event"), Error);
}

TEST(HalfCharacters, thoughts_arguments_and_calls_are_joined_as_well) {
  WholeCharacters characters;
  Collector collector;
  const auto piece = [&](const std::string& text) -> std::string {
    return characters.parse(R"({"t":")" + text + "\"}", "an event")["t"];
  };
  const std::string first = piece("\\ud83c");
  const std::string second = piece("\\udfa7");
  EventSink& sink = characters.before(collector);
  sink.on_event(ReasoningDelta{first});
  sink.on_event(ToolCallDelta{"a", first});
  sink.on_event(ReasoningDelta{second});
  sink.on_event(ToolCallDelta{"b", second});
  sink.on_event(ToolCallDelta{"a", second});
  ToolCall call;
  call.arguments = {{"q", first + second}};
  sink.on_event(ToolCallEvent{call});
  EXPECT_EQ(collector.thoughts, kEars);
  EXPECT_EQ(collector.arguments, std::string("\xEF\xBF\xBD") + kEars) << "per call";
  EXPECT_EQ(collector.call.arguments["q"], kEars);
}

}  // namespace
}  // namespace cartpilot::vendor
