// What the service may answer, A1 to A26: text, thinking, calls, ends. Every answer is constructed
// from the public API reference or from public reports, and played over HTTP.
#include <set>

#include "streams.h"

namespace cartpilot::anthropic::tests {
namespace {

/// A stream played byte by byte must say the same.
RawAnswer in_bytes(const std::string& stream) {
  RawAnswer answer = played(stream);
  answer.piece_bytes = 1;
  return answer;
}

TEST_F(AnthropicAnswer, A01_plain_text) {
  const std::string stream = begun() + block_begun(0, R"({"type":"text","text":""})") +
                             delta(0, "text_delta", "text",
                                   "\"Gr\xC3\xBC\xC3\x9F"
                                   "e \"") +
                             delta(0, "text_delta", "text", "\"\xF0\x9F\x8E\xA7 \\ud83c\\udfa7\"") +
                             block_ended(0) + ended("end_turn");
  const Lines expected = {
      "text Gr\xC3\xBC\xC3\x9F"
      "e ",
      "text \xF0\x9F\x8E\xA7 \xF0\x9F\x8E\xA7", kStop};
  EXPECT_EQ(hears(stream).lines, expected);
  EXPECT_EQ(hears(in_bytes(stream)).lines, expected);
  // Some servers cut inside a character: one half in each event.
  const Log halves =
      hears(begun() + block_begun(0, R"({"type":"text","text":""})") +
            delta(0, "text_delta", "text", R"("a \ud83c")") +
            delta(0, "text_delta", "text", R"("\udfa7 b")") + block_ended(0) + ended("end_turn"));
  EXPECT_EQ(text_of(halves.message), "a \xF0\x9F\x8E\xA7 b");
  EXPECT_EQ(dump_json(halves.content()), "[{\"type\":\"text\",\"text\":\"a \xF0\x9F\x8E\xA7 b\"}]");
}

TEST_F(AnthropicAnswer, A02_pings_anywhere) {
  const std::string ping = event(R"({"type":"ping"})");
  std::string stream;
  for (const std::string& piece :
       {begun(), block_begun(0, R"({"type":"text","text":""})"),
        delta(0, "text_delta", "text", R"("Hi")"), block_ended(0), told("end_turn"), stopped()}) {
    stream += ping + piece;
  }
  std::string thousands;
  for (int i = 0; i < 3000; ++i) thousands += ping;
  EXPECT_EQ(hears(thousands + stream).lines, (Lines{"text Hi", kStop}));
}

TEST_F(AnthropicAnswer, A03_every_framing) {
  const std::string stream =
      begun() + text_block(0, "Hi") + call(1, "t1", "Oslo") + ended("tool_use");
  const Lines expected = {"text Hi", "begin get_weather", kOslo, kCalls};
  const auto replaced = [&stream](const std::string& what, const std::string& by) {
    std::string text = stream;
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + by.size())) {
      text.replace(at, what.size(), by);
    }
    return text;
  };
  for (const std::string& text :
       {replaced("\n", "\r\n"), replaced("\n", "\r"), replaced("data: ", "data:"),
        replaced("event: ", ": comment\nevent: "), "\xEF\xBB\xBF" + stream,
        replaced(",\"index\"", "\ndata: ,\"index\""), stream.substr(0, stream.size() - 1)}) {
    EXPECT_EQ(hears(text).lines, expected) << text.substr(0, 60);
    EXPECT_EQ(hears(in_bytes(text)).lines, expected);
  }
  std::string nameless;
  for (std::size_t at = 0; at < stream.size();) {
    const std::size_t end = stream.find('\n', at) + 1;
    if (stream.compare(at, 6, "event:") != 0) nameless += stream.substr(at, end - at);
    at = end;
  }
  EXPECT_EQ(hears(nameless).lines, expected);
  for (const char* type : {"application/json", "text/plain; charset=utf-8", "text/html", ""}) {
    EXPECT_EQ(hears(whole_body(stream, type)).lines, expected) << "under the type " << type;
  }
}

TEST_F(AnthropicAnswer, A04_what_is_not_known_yet) {
  const std::string odd = R"({"type":"hologram","pixels":[1,2],"text":"a picture"})";
  const Log log = hears(
      event(R"({"type":"weather_report","sun":true})") + begun() + block(0, odd) +
      text_block(1, "Hi") + delta(1, "mood_delta", "mood", R"("good")") +
      event(R"({"type":"message_delta","delta":{"stop_reason":"end_turn","new":1},"new":{}})") +
      stopped());
  EXPECT_EQ(log.lines, (Lines{"text a picture", "text Hi", kStop}));
  EXPECT_EQ(dump_json(log.content()), "[" + odd + R"(,{"type":"text","text":"Hi"}])");
  EXPECT_EQ(dump_json(echo()[1]["content"]), dump_json(log.content()));
}

TEST_F(AnthropicAnswer, A05_text_and_calls_in_any_order) {
  EXPECT_EQ(
      hears(begun() + text_block(0, "Looking.") + call(1, "t1", "Oslo") + ended("tool_use")).lines,
      (Lines{"text Looking.", "begin get_weather", kOslo, kCalls}));
  EXPECT_EQ(hears(begun() + call(0, "t1", "Oslo") + ended("tool_use")).lines,
            (Lines{"begin get_weather", kOslo, kCalls}));
  const Log three = hears(begun() + call(0, "t1", "Oslo") + text_block(1, "and") +
                          call(2, "t2", "Rome") + call(3, "t3", "Lima") + ended("tool_use"));
  EXPECT_EQ(three.lines,
            (Lines{"begin get_weather", "text and", "begin get_weather", "begin get_weather", kOslo,
                   R"(call t2 get_weather {"city":"Rome"})",
                   R"(call t3 get_weather {"city":"Lima"})", kCalls}));
  const Json sent = echo();
  EXPECT_EQ(dump_json(sent[1]["content"]), dump_json(three.content()));
  EXPECT_EQ(sent[2]["content"][0]["tool_use_id"], "t1");
  EXPECT_EQ(sent[2]["content"][2]["tool_use_id"], "t3");
}

TEST_F(AnthropicAnswer, A06_arguments_in_pieces) {
  const std::string input = R"({"city":"\u00d6slo \ud83c\udfa7","days":1234})";
  for (std::size_t cut = 1; cut < input.size(); ++cut) {
    const Log log = hears(begun() + call_begun(0, "t1", "get_weather") + arguments(0, "") +
                          arguments(0, input.substr(0, cut)) + arguments(0, input.substr(cut)) +
                          block_ended(0) + ended("tool_use"));
    ASSERT_EQ(
        log.lines,
        (Lines{"begin get_weather",
               "call t1 get_weather {\"city\":\"\xC3\x96slo \xF0\x9F\x8E\xA7\",\"days\":1234}",
               kCalls}))
        << cut;
    ASSERT_EQ(log.argument_text, input);
  }
}

TEST_F(AnthropicAnswer, A07_call_without_pieces) {
  EXPECT_EQ(
      hears(begun() + call_begun(0, "t1", "get_time") + block_ended(0) + ended("tool_use")).lines,
      (Lines{"begin get_time", "call t1 get_time {}", kCalls}));
  for (const char* input : {R"({"city":"Oslo"})", R"("{\"city\":\"Oslo\"}")"}) {
    const Log log = hears(begun() +
                          block(0, R"({"type":"tool_use","id":"t1","name":"get_weather","input":)" +
                                       std::string(input) + "}") +
                          ended("tool_use"));
    EXPECT_EQ(log.lines, (Lines{"begin get_weather", kOslo, kCalls}));
    EXPECT_EQ(log.content()[0]["input"], (Json{{"city", "Oslo"}}));
  }
  for (const char* more : {"", R"(,"input":null)", R"(,"input":"")"}) {
    EXPECT_EQ(hears(begun() +
                    block(0, R"({"type":"tool_use","id":"t1","name":"get_time")" +
                                 std::string(more) + "}") +
                    ended("tool_use"))
                  .lines,
              (Lines{"begin get_time", "call t1 get_time {}", kCalls}))
        << more;
  }
}

TEST_F(AnthropicAnswer, A08_arguments_told_twice) {
  const std::string input = R"({"city":"Oslo"})";
  const Log log = hears(begun() +
                        block_begun(0, R"({"type":"tool_use","id":"t1","name":"get_weather",)"
                                       R"("input":)" +
                                           input + "}") +
                        arguments(0, input) + block_ended(0) + ended("tool_use"));
  EXPECT_EQ(log.lines, (Lines{"begin get_weather", kOslo, kCalls}));
  EXPECT_EQ(log.content()[0]["input"], (Json{{"city", "Oslo"}}));
}

TEST_F(AnthropicAnswer, A09_arguments_nobody_can_read) {
  const Log log = hears(begun() + call_with(0, "t1", R"({"city":"Os)") + call(1, "t2", "Rome") +
                        ended("tool_use"));
  EXPECT_EQ(log.lines.at(2).substr(0, 62),
            "bad t1 get_weather the arguments of get_weather are not valid ");
  EXPECT_EQ(log.lines.at(3), R"(call t2 get_weather {"city":"Rome"})");
  const Json sent = echo();
  EXPECT_EQ(sent[1]["content"][0]["input"], (Json{{"unreadable", R"({"city":"Os)"}}));
  EXPECT_EQ(sent[2]["content"][0]["is_error"], true);
  EXPECT_FALSE(sent[2]["content"][1].contains("is_error"));
}

TEST_F(AnthropicAnswer, A10_arguments_that_are_no_object) {
  for (const char* input : {"[1]", "\"Oslo\"", "5", "true"}) {
    const Log log = hears(begun() + call_with(0, "t1", input) + ended("tool_use"));
    EXPECT_EQ(log.lines.at(1).substr(0, 19), "bad t1 get_weather ") << input;
    EXPECT_TRUE(echo()[1]["content"][0]["input"].is_object());
  }
  EXPECT_EQ(hears(begun() + call_with(0, "t1", "null") + ended("tool_use")).lines.at(1),
            "call t1 get_weather {}");
}

TEST_F(AnthropicAnswer, A11_arguments_beyond_the_limits) {
  const std::string deep = "{\"city\":" + std::string(120, '[') + std::string(120, ']') + "}";
  for (const std::string& input : {deep, std::string(R"({"days":123456789012345678901234567890})"),
                                   std::string(R"({"city":"a","city":"b"})")}) {
    const Log log = hears(begun() + call_with(0, "t1", input) + ended("tool_use"));
    EXPECT_EQ(log.lines.at(1).substr(0, 19), "bad t1 get_weather ") << input.substr(0, 60);
  }
  std::string many = begun() + call_begun(0, "t1", "get_weather") + arguments(0, R"({"city":")");
  for (int i = 0; i < 80; ++i) many += arguments(0, std::string(64 * 1024, 'x'));
  const Log log = hears(many + arguments(0, "\"}") + block_ended(0) + ended("tool_use"));
  EXPECT_EQ(log.lines, (Lines{"begin get_weather",
                              "bad t1 get_weather the arguments of get_weather are longer than 512 "
                              "KiB; call it again with less",
                              kCalls}));
  EXPECT_LT(dump_json(echo()[1]).size(), 3000U);
}

TEST_F(AnthropicAnswer, A12_signed_thinking) {
  const auto begins = [](const std::string& signature) {
    return block_begun(0, R"({"type":"thinking","thinking":"","signature":")" + signature + "\"}");
  };
  const auto part = [](const std::string& text) {
    return delta(0, "signature_delta", "signature", '"' + text + '"');
  };
  const std::string hm = delta(0, "thinking_delta", "thinking", R"("Hm")");
  const std::string end = block_ended(0) + text_block(1, "Hi") + ended("end_turn");
  const auto kept = [this](const std::string& stream) {
    const Log log = hears(begun() + stream);
    EXPECT_EQ(dump_json(echo()[1]["content"]), dump_json(log.content()));
    return dump_json(log.content()[0]);
  };
  const std::string signed_hm = R"({"type":"thinking","thinking":"Hm","signature":"Ab+/=="})";
  EXPECT_EQ(kept(begins("") + hm + part("Ab+/==") + end), signed_hm);
  EXPECT_EQ(kept(begins("") + hm + part("Ab") + part("+/==") + end), signed_hm);
  EXPECT_EQ(kept(begins("Ab+/==") + hm + end), signed_hm);
  EXPECT_EQ(kept(begins("Ab+/==") + hm + part("Ab+/==") + end), signed_hm);
  EXPECT_EQ(kept(begins("") + part("Ab+/==") + end),
            R"({"type":"thinking","thinking":"","signature":"Ab+/=="})");
  EXPECT_EQ(
      hears(begun() + thinking(0, "Hm", "S=") + text_block(1, "Hi") + ended("end_turn")).lines,
      (Lines{"thought Hm", "text Hi", kStop}));
}

TEST_F(AnthropicAnswer, A13_redacted_thinking) {
  const std::string a = R"({"type":"redacted_thinking","data":"A+/="})";
  const std::string b = R"({"type":"redacted_thinking","data":"B"})";
  const Log log = hears(begun() + block(0, a) + block(1, b) + call(2, "t1", "Oslo") + block(3, a) +
                        call(4, "t2", "Rome") + ended("tool_use"));
  EXPECT_EQ(log.lines, (Lines{"begin get_weather", "begin get_weather", kOslo,
                              R"(call t2 get_weather {"city":"Rome"})", kCalls}));
  EXPECT_EQ(dump_json(echo()[1]["content"][1]), b);
  EXPECT_EQ(dump_json(echo()[1]["content"][3]), a);
  Talk alone(service_);
  alone.request.messages = {Message::user("x")};
  service_.play(played(begun() + block(0, a) + ended("end_turn")));
  EXPECT_EQ(alone.answer().lines, (Lines{"error protocol empty_answer retryable"}));
}

TEST_F(AnthropicAnswer, A14_unsigned_thinking) {
  const std::string stream = begun() + block_begun(0, R"({"type":"thinking","thinking":""})") +
                             delta(0, "thinking_delta", "thinking", R"("Hm")") + block_ended(0) +
                             call(1, "t1", "Oslo") + ended("tool_use");
  issues_ = false;
  const Log strict = hears(stream);
  EXPECT_EQ(strict.lines, (Lines{"thought Hm", "begin get_weather", kOslo, kCalls}));
  EXPECT_EQ(echo()[1]["content"].size(), 1U) << "Anthropic takes no unsigned thinking";

  fakes::FakeAnthropicOptions options;
  options.first_party = false;
  fakes::FakeAnthropic compatible(fakes::shopping_model, options);
  Talk talk(compatible, {{"server", "unknown"}});
  talk.request.tools = weather_tools();
  talk.request.messages = {Message::user("Weather?")};
  compatible.play(played(stream));
  const Log log = talk.answer();
  compatible.issue(log.content());
  talk.keep(log);
  EXPECT_FALSE(talk.answer().error);
  EXPECT_EQ(dump_json(compatible.bodies().back()["messages"][1]["content"][0]),
            R"({"type":"thinking","thinking":"Hm"})");
  EXPECT_EQ(compatible.violations(), Lines{});
}

TEST_F(AnthropicAnswer, A15_blocks_begun_twice_and_odd_indexes) {
  const std::string start = block_begun(5, R"({"type":"thinking","thinking":"","signature":""})");
  const Log doubled =
      hears(begun() + start + start + delta(5, "thinking_delta", "thinking", R"("Hm")") +
            delta(5, "signature_delta", "signature", R"("S=")") + block_ended(5) +
            call(9, "t1", "Oslo") + ended("tool_use"));
  EXPECT_EQ(doubled.lines, (Lines{"thought Hm", "begin get_weather", kOslo, kCalls}));
  EXPECT_EQ(doubled.content().size(), 2U);
  // Two blocks grow side by side, and one index serves two blocks.
  const Log mixed =
      hears(begun() + call_begun(0, "t1", "get_weather") + call_begun(1, "t2", "get_weather") +
            arguments(1, R"({"city":)") + arguments(0, R"({"city":"Oslo"})") +
            arguments(1, R"("Rome"})") + block_ended(1) + block_ended(0) + call(0, "t3", "Lima") +
            ended("tool_use"));
  EXPECT_EQ(mixed.lines, (Lines{"begin get_weather", "begin get_weather", "begin get_weather",
                                kOslo, R"(call t2 get_weather {"city":"Rome"})",
                                R"(call t3 get_weather {"city":"Lima"})", kCalls}));
  // Another call on an index whose call has not ended: the first one is not whole.
  EXPECT_EQ(hears(begun() + call_begun(0, "t1", "get_weather") + call(0, "t2", "Rome") +
                  ended("tool_use"))
                .lines.back(),
            kCut);
}

TEST_F(AnthropicAnswer, A16_pieces_without_their_block) {
  const std::string hello =
      delta(7, "text_delta", "text", R"("Hel")") + delta(7, "text_delta", "text", R"("lo")");
  const Log log = hears(begun() + hello + block_ended(7) + block_ended(8) +
                        delta(9, "signature_delta", "signature", R"("S")") + ended("end_turn"));
  EXPECT_EQ(log.lines, (Lines{"text Hel", "text lo", kStop}));
  EXPECT_EQ(dump_json(log.content()), R"([{"type":"text","text":"Hello"}])");
  const Log misfit =
      hears(begun() + call_begun(7, "t1", "get_time") + hello + block_ended(7) + ended("tool_use"));
  EXPECT_EQ(misfit.lines,
            (Lines{"begin get_time", "text Hel", "text lo", "call t1 get_time {}", kCalls}));
  EXPECT_EQ(hears(begun() + delta(1, "thinking_delta", "thinking", R"("Hm")") +
                  text_block(2, "Hi") + ended("end_turn"))
                .lines,
            (Lines{"thought Hm", "text Hi", kStop}));
  EXPECT_EQ(hears(begun() + text_block(0, "Hi") + arguments(3, "{}") + ended("tool_use")).lines,
            (Lines{"text Hi", "error protocol bad_stream retryable"}));
}

TEST_F(AnthropicAnswer, A17_empty_text_before_a_call) {
  const Log log = hears(begun() + block(0, R"({"type":"text","text":""})") + text_block(1, " \n") +
                        call(2, "t1", "Oslo") + ended("tool_use"));
  EXPECT_EQ(log.lines, (Lines{"text  \n", "begin get_weather", kOslo, kCalls}));
  EXPECT_EQ(echo()[1]["content"].size(), 1U);
}

TEST_F(AnthropicAnswer, A18_end_turn_with_calls) {
  EXPECT_EQ(hears(begun() + call(0, "t1", "Oslo") + ended("end_turn")).lines,
            (Lines{"begin get_weather", kOslo, "finish tool_calls end_turn claude-sonnet-5-5"}));
}

TEST_F(AnthropicAnswer, A19_tool_use_without_calls) {
  EXPECT_EQ(hears(begun() + text_block(0, "Hi") + ended("tool_use")).lines,
            (Lines{"text Hi", "finish stop tool_use claude-sonnet-5-5"}));
  EXPECT_EQ(hears(begun() + ended("tool_use")).lines,
            (Lines{"error protocol empty_answer retryable"}));
}

TEST_F(AnthropicAnswer, A20_the_length_limit) {
  const std::string limit = "finish length max_tokens claude-sonnet-5-5";
  EXPECT_EQ(hears(begun() + text_block(0, "Well") + call_begun(1, "t1", "get_weather") +
                  arguments(1, R"({"ci)") + ended("max_tokens"))
                .lines,
            (Lines{"text Well", "begin get_weather",
                   "warning 1 function call was not carried out: the answer reached its length "
                   "limit",
                   limit}));
  EXPECT_EQ(hears(begun() + thinking(0, "Hm", "S=") + call(1, "t1", "Oslo") +
                  call(2, "t2", "Rome") + ended("max_tokens"))
                .lines,
            (Lines{"thought Hm", "begin get_weather", "begin get_weather",
                   "warning 2 function calls were not carried out: the answer reached its length "
                   "limit",
                   "warning the length limit was used up before any answer; raise "
                   "max-output-tokens or lower thinking",
                   limit}));
  HostedChat chat(service_);
  service_.play(played(begun() + call_begun(0, "t1", "look") + arguments(0, R"({"n":1})") +
                       block_ended(0) + ended("max_tokens")));
  EXPECT_EQ(chat.say("look").finish, "length");
  EXPECT_EQ(chat.session.history().size(), 2U) << "no result of a call";
}

TEST_F(AnthropicAnswer, A21_the_context_is_full) {
  EXPECT_EQ(hears(begun() + text_block(0, "Well") + call(1, "t1", "Oslo") +
                  ended("model_context_window_exceeded"))
                .lines,
            (Lines{"text Well", "begin get_weather",
                   "warning 1 function call was not carried out: the model's context is full",
                   "warning the conversation fills the context of claude-sonnet-5-5; start a new "
                   "one",
                   "finish length model_context_window_exceeded claude-sonnet-5-5"}));
}

TEST_F(AnthropicAnswer, A22_a_refused_answer) {
  const std::string refused = "finish content_filter refusal claude-sonnet-5-5";
  const std::string rest =
      "; rephrase. The refused words are left out of what it is sent from now on.";
  const auto with = [](const std::string& details) {
    return event(R"({"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":)" +
                 details + R"(},"usage":{"output_tokens":1}})") +
           stopped();
  };
  EXPECT_EQ(hears(begun() + ended("refusal")).lines,
            (Lines{"warning claude-sonnet-5-5 refused to answer" + rest, refused}));
  EXPECT_EQ(echo().size(), 1U);
  EXPECT_EQ(hears(begun() + text_block(0, "We") +
                  with(R"({"category":"cyber","explanation":"It is\nforbidden."})"))
                .lines,
            (Lines{"text We",
                   "warning claude-sonnet-5-5 refused to answer (cyber): It is forbidden." + rest,
                   refused}));
  EXPECT_EQ(dump_json(echo()), R"([{"role":"user","content":[{"type":"text","text":"And now?",)"
                               R"("cache_control":{"type":"ephemeral"}}]}])");
  EXPECT_EQ(hears(begun() + call(0, "t1", "Oslo") + with(R"({"category":null})")).lines,
            (Lines{"begin get_weather",
                   "warning 1 function call was not carried out: the answer was refused",
                   "warning claude-sonnet-5-5 refused to answer" + rest, refused}));
  // After results: what happened stays told.
  Talk talk(service_);
  talk.request.tools = weather_tools();
  talk.request.messages = {Message::user("Weather in Oslo?")};
  service_.play(played(begun() + call(0, "t1", "Oslo") + ended("tool_use")));
  talk.keep(talk.answer());
  service_.play(played(begun() + text_block(0, "I ") + ended("refusal")));
  talk.keep(talk.answer(), "And in Rome?");
  EXPECT_FALSE(talk.answer().error);
  ASSERT_EQ(echo().size(), 3U);
  EXPECT_EQ(echo()[2]["content"][0]["type"], "tool_result");
  EXPECT_EQ(echo()[2]["content"][1]["text"], "And in Rome?");
}

TEST_F(AnthropicAnswer, A23_interrupted_answers) {
  const auto paused = [](int number) {
    return played(begun() +
                  block(0, R"({"type":"server_tool_use","id":"srv)" + std::to_string(number) +
                               R"(","name":"web_search","input":{}})") +
                  text_block(1, std::to_string(number)) + ended("pause_turn"));
  };
  for (int i = 1; i <= 2; ++i) service_.play(paused(i));
  const Log log = [&] {
    service_.play(paused(3));
    Talk talk(service_);
    talk.request.messages = {Message::user("x")};
    service_.play(played(begun() + text_block(0, "!") + ended("end_turn")));
    return talk.answer();
  }();
  EXPECT_EQ(log.lines, (Lines{"text 1", "text 2", "text 3", "text !", kStop}));
  EXPECT_EQ(log.content().size(), 7U);
  EXPECT_EQ(log.usage.output_tokens, 36) << "of all four answers";
  EXPECT_EQ(service_.bodies().size(), 4U);
  EXPECT_EQ(echo().size(), 2U);
  EXPECT_EQ(echo()[1]["content"].size(), 6U);

  for (int i = 1; i <= 4; ++i) service_.play(paused(i));
  Talk endless(service_);
  endless.request.messages = {Message::user("y")};
  EXPECT_EQ(endless.answer().lines,
            (Lines{"text 1", "text 2", "text 3", "text 4", "error protocol pause_turn final"}));
}

TEST_F(AnthropicAnswer, A24_no_reason_or_an_unknown_one) {
  EXPECT_EQ(hears(begun() + text_block(0, "Hi") + ended("")).lines,
            (Lines{"text Hi", "finish other  claude-sonnet-5-5"}));
  EXPECT_EQ(hears(begun() + text_block(0, "Hi") + ended("tired")).lines,
            (Lines{"text Hi", "finish other tired claude-sonnet-5-5"}));
  EXPECT_EQ(hears(begun() + call(0, "t1", "Oslo") + ended("tired")).lines,
            (Lines{"begin get_weather", kOslo, "finish tool_calls tired claude-sonnet-5-5"}));
  // Words of gateways: a failed answer is none, a filtered one is a refused one.
  EXPECT_EQ(hears(begun() + call(0, "t1", "Oslo") + ended("MALFORMED_FUNCTION_CALL")).lines.back(),
            "error protocol malformed_function_call retryable");
  EXPECT_EQ(hears(begun() + call(0, "t1", "Oslo") + ended("error")).lines.back(),
            "error unavailable unavailable retryable");
  EXPECT_EQ(hears(begun() + call(0, "t1", "Oslo") + ended("content_filter")).lines.back(),
            "finish content_filter content_filter claude-sonnet-5-5");
  EXPECT_EQ(hears(begun() + call(0, "t1", "Oslo") + ended("")).lines,
            (Lines{"begin get_weather", kCut}))
      << "a call runs only with a reason";
}

TEST_F(AnthropicAnswer, A25_an_empty_answer) {
  HostedChat chat(service_);
  service_.play(played(begun() + call_begun(0, "t1", "look") + arguments(0, R"({"n":1})") +
                       block_ended(0) + ended("tool_use")));
  const Json calls =
      Json::parse(R"([{"type":"tool_use","id":"t1","name":"look","input":{"n":1}}])");
  service_.issue(calls);
  for (int i = 0; i < 2; ++i) service_.play(played(begun() + ended("end_turn")));
  const chat::TurnResult turn = chat.say("look");
  ASSERT_TRUE(turn.error);
  EXPECT_STREQ(turn.error->what(),
               "Anthropic gave an empty answer, twice in a row; rephrase, or choose another "
               "--model");
  EXPECT_EQ(service_.bodies().size(), 3U) << "asked once more, not for ever";
  HostedChat lucky(service_);
  service_.play(played(begun() + ended("end_turn")));
  EXPECT_EQ(lucky.say("yes").text, "There is nothing to buy yet.");
}

TEST_F(AnthropicAnswer, A26_usage_in_any_form) {
  const auto usage = [this](const std::string& first, const std::string& last) {
    const Usage used =
        hears(
            event(R"({"type":"message_start","message":{"model":"claude-sonnet-5-5","content":[])" +
                  first + "}}") +
            text_block(0, "Hi") +
            event(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"})" + last + "}") +
            stopped())
            .usage;
    return std::to_string(used.input_tokens) + " " + std::to_string(used.output_tokens) + " " +
           std::to_string(used.cached_tokens);
  };
  EXPECT_EQ(usage(R"(,"usage":{"input_tokens":10,"cache_creation_input_tokens":3,)"
                  R"("cache_read_input_tokens":20,"output_tokens":1})",
                  R"(,"usage":{"output_tokens":9})"),
            "33 9 20");
  EXPECT_EQ(usage("", ""), "0 0 0");
  EXPECT_EQ(usage(R"(,"usage":null)", R"(,"usage":null)"), "0 0 0");
  EXPECT_EQ(usage("", R"(,"usage":{"input_tokens":10,"output_tokens":9})"), "10 9 0");
  EXPECT_EQ(usage(R"(,"usage":{"input_tokens":10,"output_tokens":9})",
                  R"(,"usage":{"input_tokens":8,"output_tokens":4})"),
            "8 4 0");
  EXPECT_EQ(usage(R"(,"usage":{"input_tokens":-5,"output_tokens":1e300})",
                  R"(,"usage":{"input_tokens":"many"})"),
            "0 0 0");
}

}  // namespace
}  // namespace cartpilot::anthropic::tests
