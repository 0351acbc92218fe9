// The streams of tests/fixtures/anthropic, whole and at every split point: how the network cuts
// them is invisible, and one that ends early runs nothing.
#include <fstream>
#include <sstream>

#include "anthropic/decode.h"
#include "net/sse_decoder.h"
#include "streams.h"

namespace cartpilot::anthropic::tests {
namespace {

struct Stream {
  std::string file;
  Lines expected;
  std::string content;  ///< JSON text of the blocks that go back; "" = none
};

const Lines kParallel = {"thought Two ",
                         "thought offers.",
                         "text Looking \xF0\x9F\x8E\xA7",
                         "begin get_weather",
                         "begin get_weather",
                         "call toolu_01 get_weather {\"city\":\"\xC3\x96slo \xF0\x9F\x8E\xA7\"}",
                         R"(call toolu_02 get_weather {"city":"Rome","days":3})",
                         kCalls};

const std::vector<Stream>& streams() {
  static const std::vector<Stream> kStreams = {
      {"text.sse",
       {"text Gr\xC3\xBC\xC3\x9F"
        "e \xF0\x9F\x8E\xA7 \xE2\x80\x93 ",
        "text hello.", kStop},
       "[{\"type\":\"text\",\"text\":\"Gr\xC3\xBC\xC3\x9F"
       "e \xF0\x9F\x8E\xA7 \xE2\x80\x93 hello.\"}]"},
      {"thinking_and_calls.sse", kParallel,
       "[{\"type\":\"thinking\",\"thinking\":\"Two offers.\",\"signature\":\"EqQBCkYI+/Aa==\"},"
       "{\"type\":\"text\",\"text\":\"Looking \xF0\x9F\x8E\xA7\"},"
       "{\"type\":\"tool_use\",\"id\":\"toolu_01\",\"name\":\"get_weather\","
       "\"input\":{\"city\":\"\xC3\x96slo \xF0\x9F\x8E\xA7\"}},"
       "{\"type\":\"tool_use\",\"id\":\"toolu_02\",\"name\":\"get_weather\","
       "\"input\":{\"city\":\"Rome\",\"days\":3}}]"},
      {"redacted.sse",
       {"begin get_time", "call toolu_01 get_time {}",
        "finish tool_calls tool_use claude-opus-4-6"},
       R"([{"type":"redacted_thinking","data":"EmwKAhgBEgy3va3pz=="},)"
       R"({"type":"thinking","thinking":"","signature":"Eq+/=="},)"
       R"({"type":"tool_use","id":"toolu_01","name":"get_time","input":{}}])"},
      {"refusal.sse",
       {"text I ",
        "warning m refused to answer (cyber): Not this.; rephrase. The refused words are left out "
        "of what it is sent from now on.",
        "finish content_filter refusal claude-sonnet-5-5"},
       ""},
      {"length.sse",
       {"text It is ", "begin get_weather",
        "warning 1 function call was not carried out: the answer reached its length limit",
        "finish length max_tokens claude-sonnet-5-5"},
       ""},
      {"error_inside.sse", {"text Let me", "error unavailable unavailable retryable"}, ""},
      {"llama_cpp.sse",
       {"thought Hm.", "begin get_weather", R"(call call_a get_weather {"city":"Oslo"})",
        "finish tool_calls tool_use qwen3"},
       R"([{"type":"thinking","thinking":"Hm.","signature":""},)"
       R"({"type":"tool_use","id":"call_a","name":"get_weather","input":{"city":"Oslo"}}])"},
      {"gateway.sse",
       {"begin get_weather", R"(call functions.get_weather:0 get_weather {"city":"Oslo"})",
        "finish tool_calls end_turn some/model"},
       R"([{"type":"text","text":""},{"type":"tool_use","id":"functions.get_weather:0",)"
       R"("name":"get_weather","input":{"city":"Oslo"}}])"},
  };
  return kStreams;
}

std::string text_of_fixture(const std::string& name) {
  std::ifstream file(std::string(CARTPILOT_FIXTURES) + "/anthropic/" + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Log decode(const std::vector<std::string_view>& pieces) {
  Log log;
  vendor::Notices notices;
  vendor::SecondTry second_try;
  DecodeContext context;
  context.service.title = "Tester";
  context.service.model = "m";
  context.endpoint = "https://test";
  context.notices = &notices;
  context.second_try = &second_try;
  AnthropicDecoder decoder(std::move(context));
  try {
    net::SseDecoder splitter([&](const HttpEvent& piece) { return decoder.decode(piece, log); },
                             64U << 20U);
    bool more = true;
    for (const std::string_view piece : pieces) more = more && splitter.feed(piece);
    if (more) splitter.finish();
    decoder.finish(log);
  } catch (const Error& error) {
    log.fail(error);
  }
  return log;
}

std::string content_text(const Log& log) {
  return log.content().is_null() ? "" : dump_json(log.content());
}

TEST(AnthropicStreams, fixtures_say_where_they_come_from) {
  for (const Stream& stream : streams()) {
    EXPECT_EQ(text_of_fixture(stream.file).rfind(": constructed from ", 0), 0U) << stream.file;
  }
}

TEST(AnthropicStreams, every_split_point_gives_the_same_answer) {
  for (const Stream& stream : streams()) {
    const std::string bytes = text_of_fixture(stream.file);
    const std::string_view view = bytes;
    const Log whole = decode({view});
    EXPECT_EQ(whole.lines, stream.expected) << stream.file;
    EXPECT_EQ(content_text(whole), stream.content) << stream.file;
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      const Log log = decode({view.substr(0, cut), view.substr(cut)});
      ASSERT_EQ(log.lines, stream.expected) << stream.file << " cut at " << cut;
      ASSERT_EQ(content_text(log), stream.content) << stream.file << " cut at " << cut;
    }
    std::vector<std::string_view> single;
    for (std::size_t i = 0; i < bytes.size(); ++i) single.push_back(view.substr(i, 1));
    EXPECT_EQ(decode(single).lines, stream.expected) << stream.file;
  }
}

TEST(AnthropicStreams, a_stream_that_ends_before_message_stop_runs_nothing) {
  for (const char* file : {"thinking_and_calls.sse", "redacted.sse", "llama_cpp.sse"}) {
    const std::string bytes = text_of_fixture(file);
    const std::size_t end = bytes.find(R"({"type":"message_stop"})");
    for (std::size_t size = 0; size < end; ++size) {
      const Log log = decode({std::string_view(bytes).substr(0, size)});
      ASSERT_EQ(log.lines.back(), kCut) << file << " " << size;
      ASSERT_TRUE(tool_calls_of(log.message).empty()) << file << " " << size;
    }
  }
}

}  // namespace
}  // namespace cartpilot::anthropic::tests
