// Random answers of both APIs, in every order and cut that servers were seen to use: what is shown
// is what the history holds, and each call that was sent comes out once.
#include "random_streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "chat/stream_assembler.h"
#include "encode_testing.h"
#include "net/sse_decoder.h"
#include "openai/chat_decode.h"
#include "openai/chat_encode.h"
#include "openai/responses_decode.h"
#include "openai/responses_encode.h"
#include "responses_events.h"

namespace cartpilot::openai::random_streams {
namespace {

using namespace testing;
using tests::Dice;
using Strings = std::vector<std::string>;

struct SentCall {
  std::string id;
  Json arguments;
};

/// An answer and the events that tell it.
struct Stream {
  Api api = Api::kChat;
  Strings texts;  ///< of the messages, in the order they are begun
  std::vector<SentCall> calls;
  bool ordered = true;  ///< the calls have to come out in this order
  Strings events;
};

class Watcher final : public EventSink {
 public:
  void on_event(const StreamEvent& event) override {
    if (const auto* text = std::get_if<TextDelta>(&event)) shown += text->text;
  }
  std::string shown;
};

SentCall random_call(Dice& dice, std::size_t number) {
  SentCall call;
  call.id = dice.seldom() ? "functions.mixer_level:" + std::to_string(number)
                          : "call_" + std::to_string(number);
  call.arguments = {{"channel", number}};
  if (dice.often()) call.arguments["unit"] = tests::random_text(dice);
  return call;
}

std::string noise(Dice& dice) {
  static const Strings kNoise = {"null",
                                 "[]",
                                 R"({"type":"keepalive"})",
                                 R"({"choices":[]})",
                                 R"({"type":"response.web_search_call.searching"})",
                                 "ping"};
  return dice.one_of(kNoise);
}

void add_noise(Strings& events, Dice& dice) {
  // Not behind the end.
  for (std::size_t i = dice.below(3); i > 0; --i) {
    events.insert(events.begin() + static_cast<std::ptrdiff_t>(dice.below(events.size())),
                  noise(dice));
  }
}

/// Chat Completions: `index` is given, missing, 0 for all, or begins anywhere.
Strings chat_call(const SentCall& call, std::size_t number, int indexing, std::size_t first,
                  Dice& dice) {
  const std::size_t index = indexing == 2 ? 0 : number + first;
  const std::string place = indexing == 1 ? "" : R"("index":)" + std::to_string(index) + ",";
  Strings pieces = tests::json_pieces(dump_json(call.arguments), dice);
  if (dice.seldom()) pieces.insert(pieces.begin(), "{}");
  Strings events;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::string head =
        i == 0 ? R"("id":")" + call.id + R"(","type":"function",)" : std::string();
    const std::string name = i == 0 ? R"("name":"mixer_level",)" : "";
    events.push_back(call_chunk("{" + place + head + R"("function":{)" + name + R"("arguments":")" +
                                pieces[i] + R"("}})"));
  }
  return events;
}

Stream chat_stream(Dice& dice) {
  Stream stream;
  stream.texts = {dice.seldom() ? "" : tests::random_text(dice)};
  Strings text;
  for (const std::string& piece : tests::json_pieces(stream.texts[0], dice)) {
    text.push_back(chunk(R"({"content":")" + piece + "\"}"));
  }
  const int indexing = static_cast<int>(dice.below(4));
  const std::size_t first = indexing == 3 ? 1 + dice.below(5) : 0;
  std::vector<Strings> calls;
  for (std::size_t i = dice.below(4); i > 0; --i) {
    stream.calls.push_back(random_call(dice, calls.size()));
    calls.push_back(chat_call(stream.calls.back(), calls.size(), indexing, first, dice));
  }
  // Without an index of its own a call cannot be told from the next one while it goes on.
  const bool parallel = (indexing == 0 || indexing == 3) && dice.often();
  stream.ordered = !parallel;
  if (!parallel) {
    stream.events = text;
    for (const Strings& call : calls) {
      stream.events.insert(stream.events.end(), call.begin(), call.end());
    }
  } else {
    calls.push_back(text);
    stream.events = tests::interleaved(std::move(calls), dice);
  }
  add_noise(stream.events, dice);
  if (stream.texts[0].empty() && stream.calls.empty()) {
    stream.texts[0] = "x";
    stream.events.push_back(chunk(R"({"content":"x"})"));
  }
  stream.events.push_back(end_chunk(stream.calls.empty() || dice.seldom() ? "stop" : "tool_calls"));
  if (dice.often()) stream.events.push_back(R"({"choices":[],"usage":{"prompt_tokens":1}})");
  if (dice.often()) stream.events.push_back("[DONE]");
  return stream;
}

/// Responses: how output_index is given.
struct Indexing {
  int kind;           ///< 0 right, 1 missing, 2 shared, 3 shifted, 4 backwards
  std::size_t first;  ///< of shifted ones
  std::size_t count;

  std::string of(std::size_t number) const {
    if (kind == 1) return "";
    const std::size_t index = kind == 2   ? 0
                              : kind == 3 ? number + first
                              : kind == 4 ? count - number
                                          : number;
    return R"("output_index":)" + std::to_string(index) + ",";
  }
};

std::string message_json(const std::string& id, const std::string& text) {
  return dump_json(
      Json{{"type", "message"},
           {"id", id},
           {"status", "completed"},
           {"role", "assistant"},
           {"content", text.empty() ? Json::array()
                                    : Json::array({Json{{"type", "output_text"},
                                                        {"text", text},
                                                        {"annotations", Json::array()}}})}});
}

std::string call_json(const std::string& id, const SentCall& call, const std::string& arguments) {
  return dump_json(Json{{"type", "function_call"},
                        {"id", id},
                        {"call_id", call.id},
                        {"name", "mixer_level"},
                        {"arguments", arguments}});
}

/// The events of one item: begun, in pieces, and most of the time ended.
Strings item_events(const std::string& place, const std::string& id, const std::string& begun,
                    const std::string& ended, const std::string& delta, const std::string& text,
                    bool announced, Dice& dice) {
  Strings events;
  const std::string of = place + R"("item_id":")" + id + "\",";
  if (announced) events.push_back(event("output_item.added", place + R"("item":)" + begun));
  const bool deltas = !announced || dice.below(4) != 0;
  if (deltas) {
    for (const std::string& piece : tests::json_pieces(text, dice)) {
      events.push_back(event(delta + ".delta", of + R"("delta":")" + piece + "\""));
    }
  }
  if (!deltas || dice.below(3) != 0) {
    events.push_back(event("output_item.done", place + R"("item":)" + ended));
  }
  return events;
}

Stream responses_stream(Dice& dice) {
  Stream stream;
  stream.api = Api::kResponses;
  const std::size_t count = 1 + dice.below(4);
  const Indexing indexing{static_cast<int>(dice.below(5)), 1 + dice.below(4), count};
  std::vector<Strings> lists;
  Strings output;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string place = indexing.of(i);
    if (dice.often()) {
      const std::string id = "msg_" + std::to_string(i);
      const std::string text = tests::random_text(dice);
      stream.texts.push_back(text);
      output.push_back(message_json(id, text));
      // Some services forget in the end what they said.
      const std::string ended = message_json(id, dice.seldom() ? "" : text);
      lists.push_back(
          item_events(place, id, message_json(id, ""), ended, "output_text", text, true, dice));
      if (ended != output.back() && lists.back().size() < 3)
        lists.back().back() = event("output_item.done", place + R"("item":)" + output.back());
    } else {
      const std::string id = "fc_" + std::to_string(i);
      const SentCall call = random_call(dice, i);
      const std::string arguments = dump_json(call.arguments);
      stream.calls.push_back(call);
      output.push_back(call_json(id, call, arguments));
      lists.push_back(item_events(place, id, call_json(id, call, dice.seldom() ? "{}" : ""),
                                  output.back(), "function_call_arguments", arguments, true, dice));
    }
  }
  const bool parallel = dice.often();
  stream.ordered = !parallel && indexing.kind != 4;
  if (parallel) {
    stream.events = tests::interleaved(std::move(lists), dice);
  } else {
    for (const Strings& list : lists) {
      stream.events.insert(stream.events.end(), list.begin(), list.end());
    }
  }
  add_noise(stream.events, dice);
  std::string listed;
  if (dice.often()) {
    if (dice.seldom()) dice.shuffle(output);
    for (const std::string& item : output) listed += (listed.empty() ? "" : ",") + item;
  }
  static const Strings kEnds = {"completed", "completed", "completed", "done"};
  stream.events.push_back(event(dice.one_of(kEnds), R"("response":{"id":"r","model":"m-1",)"
                                                    R"("status":"completed","output":[)" +
                                                        listed + "]}"));
  return stream;
}

std::string sent_text(const Message& said, Api api) {
  GenerateRequest request;
  request.model = "m-1";
  request.messages = {Message::user("go"), said};
  const RequestPlan plan = plan_at("https://test/v1", request, {{"api", api_name(api)}});
  std::string text;
  if (api == Api::kChat) {
    const Json messages = chat_request(request, plan)["messages"];
    return messages.size() < 2 ? "" : messages[1]["content"].get<std::string>();
  }
  const Json input = responses_request(request, plan)["input"];
  for (const Json& item : input) {
    if (string_or(item, "role") != "assistant") continue;
    if (item["content"].is_string()) text += item["content"].get<std::string>();
    if (!item["content"].is_array()) continue;
    for (const Json& part : item["content"]) text += string_or(part, "text");
  }
  return text;
}

Strings lines_of(const std::vector<SentCall>& calls) {
  Strings lines;
  for (const SentCall& call : calls) lines.push_back(call.id + " " + dump_json(call.arguments));
  return lines;
}

/// Feeds the bytes in pieces of random size, and checks what has to hold for every answer.
void expect_whole(const Stream& stream, Dice& dice) {
  const std::vector<ToolSpec> tools = mixer_tools();
  std::unique_ptr<HttpProvider::Decoder> decoder;
  if (stream.api == Api::kChat) {
    decoder = std::make_unique<ChatDecoder>(answer_context(tools));
  } else {
    decoder = std::make_unique<ResponsesDecoder>(answer_context(tools));
  }
  Watcher watcher;
  chat::StreamAssembler assembler(watcher);
  net::SseDecoder lines([&](const HttpEvent& event) { return decoder->decode(event, assembler); },
                        1U << 20);
  const std::string bytes = sse(stream.events);
  bool more = true;
  for (std::size_t at = 0; more && at < bytes.size();) {
    const std::size_t size = 1 + dice.below(200);
    more = lines.feed(std::string_view(bytes).substr(at, size));
    at += size;
  }
  // A connection that breaks behind the end loses nothing.
  if (more && !(decoder->ended() && dice.often())) lines.finish();
  decoder->finish(assembler);
  ASSERT_TRUE(assembler.complete());
  const Message said = assembler.take("openai", "m-1");

  std::vector<SentCall> ran;
  for (const ToolCall& call : tool_calls_of(said)) {
    EXPECT_EQ(call.arguments_error, "");
    ran.push_back({call.id, call.arguments});
  }
  Strings sent = lines_of(stream.calls);
  Strings came = lines_of(ran);
  if (!stream.ordered) {
    std::sort(sent.begin(), sent.end());
    std::sort(came.begin(), came.end());
  }
  EXPECT_EQ(came, sent);
  EXPECT_EQ(text_of(said), watcher.shown);
  EXPECT_EQ(sent_text(said, stream.api), watcher.shown);
  std::size_t length = 0;
  for (const std::string& text : stream.texts) {
    EXPECT_THAT(watcher.shown, ::testing::HasSubstr(text));
    length += text.size();
  }
  EXPECT_EQ(watcher.shown.size(), length) << watcher.shown;
}

class Property : public ::testing::Test {
 protected:
  static void run(Stream (*make)(Dice&)) {
    for (std::uint64_t seed = 0; seed < tests::stream_seeds(); ++seed) {
      Dice dice(seed);
      const Stream stream = make(dice);
      try {
        expect_whole(stream, dice);
      } catch (const Error& error) {
        ADD_FAILURE() << error.what();
      }
      if (HasFailure()) {
        FAIL() << "seed " << seed << "\n" << sse(stream.events);
      }
    }
  }
};

using OpenAiRandomStreams = Property;

TEST_F(OpenAiRandomStreams, chat_completions) { run(chat_stream); }

TEST_F(OpenAiRandomStreams, responses) { run(responses_stream); }

}  // namespace
}  // namespace cartpilot::openai::random_streams
