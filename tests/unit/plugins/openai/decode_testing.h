// Shared by the tests of the openai plugin: fixtures, a decoder under glass, a one-line form of
// events.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cartpilot/http_provider.h"
#include "cartpilot/message.h"
#include "openai/answer_context.h"
#include "openai/endpoint.h"

namespace cartpilot::openai::testing {

/// Text of tests/fixtures/openai/NAME.
std::string fixture(const std::string& name);

/// The 11 functions, from tools.json.
std::vector<ToolSpec> shop_tools();

/// Two small tools: mixer_level{channel, unit?} and mixer_set_mute{channel, muted}.
std::vector<ToolSpec> mixer_tools();

AnswerContext answer_context(const std::vector<ToolSpec>& tools);

/// What came out of a decoder, one line per event:
///   text Hello | reasoning Hm | begin ID NAME | args ID TEXT | call ID NAME {...} META? | bad ID
///   NAME ERROR | usage IN OUT REASONING CACHED | warning TEXT | finish REASON RAW MODEL META?
///   error CODE RETRYABLE REASON: MESSAGE
using Trace = std::vector<std::string>;

/// Neighbouring text, reasoning and argument events joined: how an answer was cut does not matter.
Trace joined(const Trace& trace);

/// Decodes the bytes of an event stream, handed over in pieces that end at `cuts`.
Trace decode_stream(Api api, const std::string& bytes, const std::vector<ToolSpec>& tools,
                    const std::vector<std::size_t>& cuts = {});

/// Decodes a whole body.
Trace decode_body(Api api, const std::string& body, const std::vector<ToolSpec>& tools);

/// The lines of `trace` that begin with one of these words.
Trace only(const Trace& trace, const std::vector<std::string>& words);

/// "data: ...\n\n" for each.
std::string sse(const std::vector<std::string>& data);

/// One Chat Completions chunk with this delta (JSON text) and finish_reason ("" = null).
std::string chunk(const std::string& delta, const std::string& finish = "");
/// One with these entries of tool_calls; one with nothing but a finish_reason.
std::string call_chunk(const std::string& entries, const std::string& finish = "");
std::string end_chunk(const std::string& finish);
/// Decodes chunks that are followed by [DONE], with the mixer's tools.
Trace decode_chat(std::vector<std::string> chunks, bool done = true);
/// The calls, the finish and the errors.
Trace results(const Trace& trace);

class TraceSink final : public EventSink {
 public:
  void on_event(const StreamEvent& event) override;
  void fail(const Error& error);
  Trace trace;
};

}  // namespace cartpilot::openai::testing
