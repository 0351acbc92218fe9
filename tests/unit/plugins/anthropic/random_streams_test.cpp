// Random answers, in every order and cut that servers were seen to use: what is shown is what the
// history holds, thinking goes back as it came, and each call that was sent comes out once.
#include "random_streams.h"

#include <gtest/gtest.h>

#include "anthropic/decode.h"
#include "anthropic/encode.h"
#include "chat/stream_assembler.h"
#include "net/sse_decoder.h"
#include "streams.h"

namespace cartpilot::anthropic::tests {
namespace {

using cartpilot::tests::Dice;

/// An answer and the events that tell it.
struct RandomStream {
  std::string text;  ///< of all text blocks
  Lines calls;       ///< id and arguments
  Json thinking = Json::array();
  Lines events;
};

class TextWatcher final : public EventSink {
 public:
  void on_event(const StreamEvent& event) override {
    if (const auto* text = std::get_if<TextDelta>(&event)) shown += text->text;
  }
  std::string shown;
};

Lines random_deltas(int index, const char* type, const char* key, const std::string& text,
                    Dice& dice) {
  Lines events;
  for (const std::string& piece : cartpilot::tests::json_pieces(text, dice)) {
    events.push_back(delta(index, type, key, '"' + piece + '"'));
  }
  return events;
}

/// The events of one block.
Lines block_events(int index, const std::string& start, Lines deltas, Dice& dice) {
  Lines events = {block_begun(index, start)};
  if (dice.seldom()) events.push_back(events[0]);  // begun twice
  events.insert(events.end(), deltas.begin(), deltas.end());
  events.push_back(block_ended(index));
  return events;
}

Lines random_block(int index, std::size_t number, RandomStream& stream, Dice& dice) {
  const std::string text = cartpilot::tests::random_text(dice);
  switch (dice.below(5)) {
    case 0: {
      stream.text += text;
      return block_events(index, R"({"type":"text","text":""})",
                          random_deltas(index, "text_delta", "text", text, dice), dice);
    }
    case 1: {
      const std::string signature = "Sig+/" + std::to_string(number) + "==";
      Lines deltas = random_deltas(index, "thinking_delta", "thinking", text, dice);
      deltas.push_back(delta(index, "signature_delta", "signature", '"' + signature + '"'));
      stream.thinking.push_back(
          Json{{"type", "thinking"}, {"thinking", text}, {"signature", signature}});
      return block_events(index, R"({"type":"thinking","thinking":"","signature":""})", deltas,
                          dice);
    }
    case 2: {
      const Json redacted{{"type", "redacted_thinking"}, {"data", "D" + std::to_string(number)}};
      stream.thinking.push_back(redacted);
      return block_events(index, dump_json(redacted), {}, dice);
    }
    default: break;
  }
  const std::string id = "toolu_" + std::to_string(number);
  Json input{{"city", text}};
  if (dice.seldom()) input = Json::object();
  stream.calls.push_back(id + " " + dump_json(input));
  const bool at_the_start = dice.seldom();
  const bool by_deltas = !at_the_start || dice.often();
  Json start{{"type", "tool_use"}, {"id", id}, {"name", "get_weather"}};
  start["input"] = at_the_start ? input : Json::object();
  Lines deltas;
  if (dice.often()) deltas.push_back(delta(index, "input_json_delta", "partial_json", R"("")"));
  if (by_deltas && !(input.empty() && dice.often())) {
    for (std::string& piece :
         random_deltas(index, "input_json_delta", "partial_json", dump_json(input), dice)) {
      deltas.push_back(std::move(piece));
    }
  }
  return block_events(index, dump_json(start), deltas, dice);
}

RandomStream random_stream(Dice& dice) {
  static const Lines kNoise = {event(R"({"type":"ping"})"), event(R"({"type":"weather","sun":1})"),
                               ": comment\n\n"};
  RandomStream stream;
  const int first = dice.seldom() ? 1 + static_cast<int>(dice.below(7)) : 0;
  const int step = dice.seldom() ? 2 : 1;
  std::vector<Lines> blocks;
  for (std::size_t i = 1 + dice.below(5); i > 0; --i) {
    const int index = first + step * static_cast<int>(blocks.size());
    blocks.push_back(random_block(index, blocks.size(), stream, dice));
  }
  Lines body;
  for (Lines& block : blocks) body.insert(body.end(), block.begin(), block.end());
  if (stream.text.empty() && stream.calls.empty()) {
    stream.text = "x";
    const int last = first + step * static_cast<int>(blocks.size());
    body.push_back(text_block(last, "x"));
  }
  if (dice.often()) stream.events.push_back(begun());
  for (std::string& piece : body) {
    if (dice.seldom()) stream.events.push_back(dice.one_of(kNoise));
    stream.events.push_back(std::move(piece));
  }
  static const Lines kReasons = {"end_turn", "tool_use", "stop_sequence", "tired"};
  stream.events.push_back(told(dice.one_of(kReasons)));
  // Calls need it.
  if (!stream.calls.empty() || dice.often()) stream.events.push_back(stopped());
  return stream;
}

Json sent_content(const Message& said, const std::string& model) {
  const Endpoint endpoint = parse_endpoint("", nullptr);
  RequestPlan plan;
  plan.endpoint = &endpoint;
  plan.model = model;
  plan.plain_ids = true;
  const Json messages = encode_messages({Message::user("go"), said}, plan, nullptr);
  return messages[1]["content"];
}

void expect_whole(const RandomStream& stream, Dice& dice) {
  vendor::Notices notices;
  vendor::SecondTry second_try;
  DecodeContext context;
  context.service.title = "Tester";
  context.service.model = "m";
  context.endpoint = std::string(kDefaultBaseUrl);
  context.notices = &notices;
  context.second_try = &second_try;
  AnthropicDecoder decoder(std::move(context));
  TextWatcher watcher;
  chat::StreamAssembler assembler(watcher);
  net::SseDecoder lines([&](const HttpEvent& piece) { return decoder.decode(piece, assembler); },
                        1U << 20U);
  std::string bytes;
  for (const std::string& piece : stream.events) bytes += piece;
  bool more = true;
  for (std::size_t at = 0; more && at < bytes.size();) {
    const std::size_t size = 1 + dice.below(200);
    more = lines.feed(std::string_view(bytes).substr(at, size));
    at += size;
  }
  // A connection that breaks behind the end loses nothing.
  if (more && !(decoder.ended() && dice.often())) lines.finish();
  decoder.finish(assembler);
  ASSERT_TRUE(assembler.complete());
  const Message said = assembler.take("anthropic", "m");

  Lines ran;
  for (const ToolCall& call : tool_calls_of(said)) {
    EXPECT_EQ(call.arguments_error, "");
    ran.push_back(call.id + " " + dump_json(call.arguments));
  }
  EXPECT_EQ(ran, stream.calls);
  EXPECT_EQ(watcher.shown, stream.text);
  EXPECT_EQ(text_of(said), stream.text);
  for (const char* model : {"m", "another"}) {
    std::string words;
    Lines calls;
    Json thinking = Json::array();
    for (const Json& block : sent_content(said, model)) {
      const std::string type = string_or(block, "type");
      if (type == "text") words += string_or(block, "text");
      if (type == "tool_use") {
        calls.push_back(string_or(block, "id") + " " + dump_json(block["input"]));
      }
      if (is_thinking(block)) thinking.push_back(block);
    }
    EXPECT_EQ(words, stream.text);
    EXPECT_EQ(calls, stream.calls);
    EXPECT_EQ(dump_json(thinking), model == std::string("m") ? dump_json(stream.thinking) : "[]");
  }
}

TEST(AnthropicRandomStreams, show_what_the_history_holds_and_run_each_call_once) {
  for (std::uint64_t seed = 0; seed < cartpilot::tests::stream_seeds(); ++seed) {
    Dice dice(seed);
    const RandomStream stream = random_stream(dice);
    try {
      expect_whole(stream, dice);
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
    if (testing::Test::HasFailure()) {
      std::string bytes;
      for (const std::string& piece : stream.events) bytes += piece;
      FAIL() << "seed " << seed << "\n" << bytes;
    }
  }
}

/// A stream that ends before message_stop runs nothing, wherever it ends.
TEST(AnthropicRandomStreams, that_end_early_run_nothing) {
  for (std::uint64_t seed = 0; seed < cartpilot::tests::stream_seeds(); ++seed) {
    Dice dice(seed);
    const RandomStream stream = random_stream(dice);
    if (stream.calls.empty()) continue;
    vendor::Notices notices;
    vendor::SecondTry second_try;
    DecodeContext context;
    context.notices = &notices;
    context.second_try = &second_try;
    AnthropicDecoder decoder(std::move(context));
    Log log;
    net::SseDecoder lines([&](const HttpEvent& piece) { return decoder.decode(piece, log); },
                          1U << 20U);
    const std::size_t kept = dice.below(stream.events.size() - 1);
    for (std::size_t i = 0; i < kept; ++i) lines.feed(stream.events[i]);
    lines.finish();
    try {
      decoder.finish(log);
    } catch (const Error& error) {
      log.fail(error);
    }
    ASSERT_EQ(log.lines.back(), kCut) << "seed " << seed;
    ASSERT_TRUE(tool_calls_of(log.message).empty()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace cartpilot::anthropic::tests
