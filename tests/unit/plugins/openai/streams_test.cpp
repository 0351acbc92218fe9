// Recorded-looking streams, whole and at every split point: how the network cuts them is invisible.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "provider_testing.h"

namespace cartpilot::openai {
namespace {

using namespace testing;

struct Stream {
  std::string file;
  Api api;
  Trace expected;
};

const Trace kChatCalls = {
    "text Let me look \xF0\x9F\x8E\xA7 \xE2\x80\x93 ",
    "text zw\xC3\xB6lf D\xC3\xA9"
    "cibel.",
    "begin call_a1 mixer_level",
    "begin call_a2 mixer_set_mute",
    "args call_a1 {\"chan",
    "args call_a2 {\"channel\": 4,",
    R"(args call_a1 nel":3,"unit":"d\u00e9)",
    "args call_a2 \"muted\":true}",
    R"(args call_a1 c \ud83c\udfa7"})",
    "call call_a1 mixer_level {\"channel\":3,\"unit\":\"d\xC3\xA9"
    "c \xF0\x9F\x8E\xA7\"} "
    R"({"arguments":"{\"channel\":3,\"unit\":\"d\\u00e9c \\ud83c\\udfa7\"}","api":"chat","endpoint":"https://test/v1"})",
    R"(call call_a2 mixer_set_mute {"channel":4,"muted":true} )"
    R"({"arguments":"{\"channel\": 4,\"muted\":true}","api":"chat","endpoint":"https://test/v1"})",
    "usage 96 18 3 64",
    "finish tool_calls tool_calls gpt-4.1-mini-2025-04-14"};

const Trace kResponsesCalls = {
    "reasoning Need the level ",
    "reasoning \xF0\x9F\x8E\xA7.",
    "text Looking \xE2\x80\x93 ",
    "text zw\xC3\xB6lf.",
    "begin call_b1 mixer_level",
    "begin call_b2 mixer_set_mute",
    "args call_b1 {\"channel\":3,",
    "args call_b2 {\"channel\":4,\"muted\":true}",
    "args call_b1 \"unit\":null}",
    R"(call call_b1 mixer_level {"channel":3})",
    R"(call call_b2 mixer_set_mute {"channel":4,"muted":true})",
    "usage 120 40 16 20",
    "finish tool_calls completed gpt-6.1-terra "
    R"({"api":"responses","endpoint":"https://test/v1","output":[)"
    "{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[{\"type\":\"summary_text\",\"text\":"
    "\"Need the level "
    "\xF0\x9F\x8E\xA7.\"}],\"encrypted_content\":\"gAAAA-opaque==\"},"
    "{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"phase\":\"commentary\","
    "\"status\":"
    "\"completed\",\"content\":[{\"type\":\"output_text\",\"text\":\"Looking \xE2\x80\x93 "
    "zw\xC3\xB6lf.\","
    "\"annotations\":[],\"logprobs\":[]}]},"
    R"({"type":"function_call","id":"fc_1","call_id":"call_b1","name":"mixer_level","arguments":"{\"channel\":3,\"unit\":null}","status":"completed"},)"
    R"({"type":"function_call","id":"fc_2","call_id":"call_b2","name":"mixer_set_mute","arguments":"{\"channel\":4,\"muted\":true}","status":"completed"}]})"};

const Trace kCut = {
    "error unavailable retryable stream_cut: the answer of Tester broke off before its "
    "end; try again"};

std::vector<Stream> streams() {
  return {
      {"chat-parallel-calls.sse", Api::kChat, kChatCalls},
      {"chat-parallel-calls-crlf.sse", Api::kChat, kChatCalls},
      {"chat-parallel-calls-cr.sse", Api::kChat, kChatCalls},
      {"chat-parallel-calls-odd.sse", Api::kChat, kChatCalls},
      {"chat-error-inside.sse",
       Api::kChat,
       {kChatCalls[0], kChatCalls[1],
        "error unavailable retryable unavailable: server error at Tester: Provider disconnected; "
        "try "
        "again shortly"}},
      {"chat-cut.sse",
       Api::kChat,
       {kChatCalls[0], kChatCalls[1], kChatCalls[2], kChatCalls[3], kChatCalls[4], kChatCalls[5],
        kCut[0]}},
      {"responses-reasoning-calls.sse", Api::kResponses, kResponsesCalls},
      {"responses-reasoning-calls-crlf.sse", Api::kResponses, kResponsesCalls},
      {"responses-quota.sse",
       Api::kResponses,
       {"error rate_limited final quota: Tester says the quota or credit is used up: You exceeded "
        "your "
        "current quota; trying again will not help, check the account's billing"}},
  };
}

TEST(OpenAiStreams, whole_streams_decode_to_their_events) {
  for (const Stream& stream : streams()) {
    EXPECT_EQ(decode_stream(stream.api, fixture(stream.file), mixer_tools()), stream.expected)
        << stream.file;
  }
}

TEST(OpenAiAnswer, A01_streams_cut_anywhere_decode_to_the_same_events) {
  const std::vector<ToolSpec> tools = mixer_tools();
  for (const Stream& stream : streams()) {
    const std::string bytes = fixture(stream.file);
    std::vector<std::size_t> every;
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      every.push_back(cut);
      ASSERT_EQ(decode_stream(stream.api, bytes, tools, {cut}), stream.expected)
          << stream.file << " cut at " << cut;
    }
    EXPECT_EQ(decode_stream(stream.api, bytes, tools, every), stream.expected) << stream.file;

    // And over the network, byte by byte.
    RequestFixture counter(stream.api == Api::kChat ? kChatModel : kResponsesModel);
    Played crumbs;
    crumbs.body = bytes;
    crumbs.piece_bytes = 1;
    Trace trace = counter.hears(crumbs);
    for (std::string& line : trace) {
      for (const auto& [real, tested] :
           {std::pair("BASE", "https://test/v1"), std::pair("OpenAI", "Tester")}) {
        const std::size_t at = line.find(real);
        if (at != std::string::npos) line.replace(at, std::strlen(real), tested);
      }
    }
    EXPECT_EQ(trace, stream.expected) << stream.file;
  }
}

TEST(OpenAiStreams, a_stream_that_ends_anywhere_early_is_cut_and_runs_nothing) {
  const std::vector<ToolSpec> tools = mixer_tools();
  for (const Stream& stream : streams()) {
    if (stream.expected != kChatCalls && stream.expected != kResponsesCalls) continue;
    const std::string bytes = fixture(stream.file);
    const bool chat = stream.api == Api::kChat;
    const std::size_t end =
        bytes.find(chat ? "\"finish_reason\":\"tool_calls\"" : "response.completed");
    if (end == std::string::npos) continue;
    for (std::size_t size = 0; size < end; ++size) {
      const Trace trace = decode_stream(stream.api, bytes.substr(0, size), tools);
      ASSERT_EQ(only(trace, {"call", "bad", "finish", "error"}), kCut)
          << stream.file << " " << size;
    }
  }
}

}  // namespace
}  // namespace cartpilot::openai
