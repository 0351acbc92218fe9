#include "decode_testing.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "cartpilot/detail/wire_event.h"
#include "net/sse_decoder.h"
#include "openai/chat_decode.h"
#include "openai/responses_decode.h"

namespace cartpilot::openai::testing {
namespace {

std::unique_ptr<HttpProvider::Decoder> make_decoder(Api api, const std::vector<ToolSpec>& tools) {
  if (api == Api::kChat) return std::make_unique<ChatDecoder>(answer_context(tools));
  return std::make_unique<ResponsesDecoder>(answer_context(tools));
}

std::string with_metadata(std::string line, const Json& metadata) {
  return metadata.is_null() ? line : line + " " + dump_json(metadata);
}

std::vector<ToolSpec> tools_from(const Json& list) {
  std::vector<ToolSpec> tools;
  for (const Json& tool : list) tools.push_back(tool_spec_from_json(tool));
  return tools;
}

}  // namespace

std::string fixture(const std::string& name) {
  std::ifstream file(std::string(CARTPILOT_FIXTURES) + "/openai/" + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<ToolSpec> shop_tools() {
  return tools_from(parse_json(fixture("tools.json"))["tools"]);
}

std::vector<ToolSpec> mixer_tools() {
  return tools_from(parse_json(R"([
    {"name":"mixer_level","description":"Reads a level.","effect":"read","parameters":
      {"type":"object","properties":{"channel":{"type":"integer"},"unit":{"type":"string"}},
       "required":["channel"]}},
    {"name":"mixer_set_mute","description":"Mutes.","effect":"write","parameters":
      {"type":"object","properties":{"channel":{"type":"integer"},"muted":{"type":"boolean"}},
       "required":["channel","muted"]}}])"));
}

AnswerContext answer_context(const std::vector<ToolSpec>& tools) {
  AnswerContext context;
  context.tools = &tools;
  context.endpoint = "https://test/v1";
  context.service.title = "Tester";
  context.service.base = "https://test/v1";
  context.service.key_variable = "OPENAI_API_KEY";
  context.service.model = "m";
  return context;
}

void TraceSink::on_event(const StreamEvent& event) {
  std::string line;
  if (const auto* text = std::get_if<TextDelta>(&event)) {
    line = "text " + text->text;
  } else if (const auto* reasoning = std::get_if<ReasoningDelta>(&event)) {
    line = "reasoning " + reasoning->text;
  } else if (const auto* begin = std::get_if<ToolCallBegin>(&event)) {
    line = "begin " + begin->id + " " + begin->name;
  } else if (const auto* delta = std::get_if<ToolCallDelta>(&event)) {
    line = "args " + delta->id + " " + delta->arguments;
  } else if (const auto* whole = std::get_if<ToolCallEvent>(&event)) {
    const ToolCall& call = whole->call;
    line = call.arguments_error.empty()
               ? "call " + call.id + " " + call.name + " " + dump_json(call.arguments)
               : "bad " + call.id + " " + call.name + " " + call.arguments_error;
    line = with_metadata(line, call.provider_metadata);
  } else if (const auto* usage = std::get_if<UsageEvent>(&event)) {
    const Usage& u = usage->usage;
    line = "usage";
    for (const std::int64_t n :
         {u.input_tokens, u.output_tokens, u.reasoning_tokens, u.cached_tokens}) {
      line += " " + std::to_string(n);
    }
  } else if (const auto* warning = std::get_if<WarningEvent>(&event)) {
    line = "warning " + warning->message;
  } else if (const auto* finish = std::get_if<Finish>(&event)) {
    line = "finish " + std::string(finish_reason_name(finish->reason)) + " " + finish->raw_reason +
           " " + finish->model;
    line = with_metadata(line, finish->provider_metadata);
  }
  trace.push_back(line);
}

void TraceSink::fail(const Error& error) {
  trace.push_back("error " + std::string(error_code_name(error.code)) +
                  (error.retryable ? " retryable " : " final ") + error.reason + ": " +
                  error.what());
}

Trace joined(const Trace& trace) {
  const auto head = [](const std::string& line) -> std::string {
    if (line.rfind("text ", 0) == 0) return "text ";
    if (line.rfind("reasoning ", 0) == 0) return "reasoning ";
    if (line.rfind("args ", 0) == 0) return line.substr(0, line.find(' ', 5) + 1);
    return "";
  };
  Trace result;
  for (const std::string& line : trace) {
    const std::string own = head(line);
    if (!own.empty() && !result.empty() && head(result.back()) == own) {
      result.back() += line.substr(own.size());
    } else {
      result.push_back(line);
    }
  }
  return result;
}

Trace decode_stream(Api api, const std::string& bytes, const std::vector<ToolSpec>& tools,
                    const std::vector<std::size_t>& cuts) {
  TraceSink sink;
  const auto decoder = make_decoder(api, tools);
  try {
    net::SseDecoder lines([&](const HttpEvent& event) { return decoder->decode(event, sink); },
                          64U << 20);
    std::size_t at = 0;
    bool more = true;
    for (const std::size_t cut : cuts) {
      more = more && lines.feed(std::string_view(bytes).substr(at, cut - at));
      at = cut;
    }
    if (more && lines.feed(std::string_view(bytes).substr(at))) lines.finish();
    decoder->finish(sink);
  } catch (const Error& error) {
    sink.fail(error);
  }
  return sink.trace;
}

Trace decode_body(Api api, const std::string& body, const std::vector<ToolSpec>& tools) {
  TraceSink sink;
  const auto decoder = make_decoder(api, tools);
  try {
    decoder->decode({HttpEvent::Kind::kBody, "", body}, sink);
    decoder->finish(sink);
  } catch (const Error& error) {
    sink.fail(error);
  }
  return sink.trace;
}

Trace only(const Trace& trace, const std::vector<std::string>& words) {
  Trace result;
  for (const std::string& line : trace) {
    for (const std::string& word : words) {
      if (line.rfind(word + " ", 0) == 0) result.push_back(line);
    }
  }
  return result;
}

std::string sse(const std::vector<std::string>& data) {
  std::string text;
  for (const std::string& piece : data) {
    text += "data: ";
    for (const char c : piece) text += c == '\n' ? "\ndata: " : std::string(1, c);
    text += "\n\n";
  }
  return text;
}

std::string chunk(const std::string& delta, const std::string& finish) {
  return R"({"id":"c","object":"chat.completion.chunk","model":"m-1","choices":[{"index":0,"delta":)" +
         delta + R"(,"finish_reason":)" + (finish.empty() ? "null" : '"' + finish + '"') +
         R"(}],"usage":null})";
}

std::string call_chunk(const std::string& entries, const std::string& finish) {
  return chunk(R"({"tool_calls":[)" + entries + "]}", finish);
}

std::string end_chunk(const std::string& finish) { return chunk("{}", finish); }

Trace decode_chat(std::vector<std::string> chunks, bool done) {
  if (done) chunks.push_back("[DONE]");
  return decode_stream(Api::kChat, sse(chunks), mixer_tools());
}

Trace results(const Trace& trace) { return only(trace, {"call", "bad", "finish", "error"}); }

}  // namespace cartpilot::openai::testing
