// Random answers, in every order and cut that servers were seen to use: what is shown is what the
// history holds, and each call that was sent comes out once.
#include "random_streams.h"

#include <gtest/gtest.h>

#include "answer_log.h"
#include "chat/stream_assembler.h"
#include "gemini/history.h"
#include "net/sse_decoder.h"

namespace cartpilot::gemini::tests::random_streams {
namespace {

using cartpilot::tests::Dice;

struct Stream {
  std::string text;
  Lines calls;
  std::string bytes;
};

class Watcher final : public EventSink {
 public:
  void on_event(const StreamEvent& event) override {
    if (const auto* text = std::get_if<TextDelta>(&event)) shown += text->text;
  }
  std::string shown;
};

/// The parts of a random answer as JSON texts.
Lines random_parts(Dice& dice, Stream& stream) {
  Lines parts;
  for (std::size_t i = 1 + dice.below(5); i > 0; --i) {
    const std::size_t kind = dice.below(4);
    const std::string text = cartpilot::tests::random_text(dice);
    if (kind == 0) {
      const std::string number = std::to_string(stream.calls.size());
      const Json args = {{"city", text}};
      stream.calls.push_back("id" + number + " " + dump_json(args));
      std::string call = R"("functionCall":{"id":"id)" + number +
                         R"(","name":"get_weather","args":)" + dump_json(args) +
                         R"(},"thoughtSignature":"S)" + number + "=\"";
      // Some gateways put a text beside the call.
      if (dice.seldom()) {
        call += R"(,"text":"beside")";
        stream.text += "beside";
      }
      parts.push_back("{" + call + "}");
      continue;
    }
    const bool thought = kind == 1;
    if (!thought) stream.text += text;
    for (const std::string& piece : cartpilot::tests::json_pieces(text, dice)) {
      parts.push_back(R"({"text":")" + piece + '"' + (thought ? R"(,"thought":true})" : "}"));
    }
  }
  return parts;
}

Stream random_stream(Dice& dice) {
  Stream stream;
  Lines parts = random_parts(dice, stream);
  if (stream.calls.empty() && stream.text.empty()) {
    stream.text = "x";
    parts.push_back(R"({"text":"x"})");
  }
  static const Lines kNoise = {"null", "[]", "{}", "ping", R"({"usageMetadata":{}})"};
  const auto add = [&stream](const std::string& event) {
    stream.bytes += "data: " + event + "\r\n\r\n";
  };
  if (dice.seldom()) add(chunk("[]", kStop));  // a finish reason before the first word
  Lines group;
  for (const std::string& part : parts) {
    group.push_back(part);
    if (dice.often()) add(chunk(list(std::exchange(group, {}))));
    if (dice.seldom()) add(dice.one_of(kNoise));
  }
  const bool together = dice.often();
  if (!together && !group.empty()) add(chunk(list(std::exchange(group, {}))));
  add(chunk(list(group), kStop));
  if (dice.often()) add(R"({"usageMetadata":{"promptTokenCount":1}})");
  if (dice.seldom()) add("[DONE]");
  return stream;
}

std::string sent_text(const Message& said) {
  vendor::Notices notices;
  HistoryContext context;
  context.backend = "test";
  context.model = "gemini-3.8-flash";
  std::string text;
  for (const Json& content : encode_contents({Message::user("go"), said}, context, notices)) {
    if (content["role"] != "model") continue;
    for (const Json& part : content["parts"]) {
      if (!part.contains("thought")) text += string_or(part, "text");
    }
  }
  return text;
}

void expect_whole(const Stream& stream, Dice& dice) {
  vendor::Notices notices;
  vendor::SecondTry second_try;
  DecodeContext context = decode_context(notices, second_try);
  context.backend = "test";
  GeminiDecoder decoder(std::move(context));
  Watcher watcher;
  chat::StreamAssembler assembler(watcher);
  net::SseDecoder lines([&](const HttpEvent& event) { return decoder.decode(event, assembler); },
                        1U << 20);
  for (std::size_t at = 0; at < stream.bytes.size();) {
    const std::size_t size = 1 + dice.below(200);
    lines.feed(std::string_view(stream.bytes).substr(at, size));
    at += size;
  }
  EXPECT_TRUE(decoder.ended());
  if (dice.often()) lines.finish();
  decoder.finish(assembler);
  ASSERT_TRUE(assembler.complete());
  const Message said = assembler.take("gemini", "gemini-3.8-flash");
  Lines ran;
  for (const ToolCall& call : tool_calls_of(said)) {
    EXPECT_EQ(call.arguments_error, "");
    ran.push_back(call.id + " " + dump_json(call.arguments));
  }
  EXPECT_EQ(ran, stream.calls);
  EXPECT_EQ(watcher.shown, stream.text);
  EXPECT_EQ(text_of(said), stream.text);
  EXPECT_EQ(sent_text(said), stream.text);
}

TEST(GeminiRandomStreams, generate_content) {
  for (std::uint64_t seed = 0; seed < cartpilot::tests::stream_seeds(); ++seed) {
    Dice dice(seed);
    const Stream stream = random_stream(dice);
    try {
      expect_whole(stream, dice);
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
    if (HasFailure()) FAIL() << "seed " << seed << "\n" << stream.bytes;
  }
}

}  // namespace
}  // namespace cartpilot::gemini::tests::random_streams
