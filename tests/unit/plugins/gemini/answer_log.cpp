#include "answer_log.h"

#include <fmt/format.h>

#include <utility>

#include "net/sse_decoder.h"

namespace cartpilot::gemini::tests {
namespace {

const char* reason_word(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop: return "stop";
    case FinishReason::kToolCalls: return "tool_calls";
    case FinishReason::kLength: return "length";
    case FinishReason::kContentFilter: return "content_filter";
    case FinishReason::kError: return "error";
    case FinishReason::kOther: return "other";
  }
  return "?";
}

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

/// Runs `feed` on a new decoder and then ends the answer.
template <class Feed>
AnswerLog run(const Feed& feed) {
  AnswerLog log;
  vendor::Notices notices;
  vendor::SecondTry second_try;
  GeminiDecoder decoder(decode_context(notices, second_try));
  try {
    feed(decoder, log);
    decoder.finish(log);
  } catch (const Error& error) {
    log.on_error(error);
  }
  return log;
}

}  // namespace

void AnswerLog::on_event(const StreamEvent& event) {
  const std::string line = std::visit(
      Overloaded{[](const TextDelta& text) { return "text " + text.text; },
                 [](const ReasoningDelta& text) { return "thought " + text.text; },
                 [](const ToolCallBegin& call) { return "begin " + call.id + " " + call.name; },
                 [](const ToolCallDelta& call) { return "delta " + call.id; },
                 [](const ToolCallEvent& event_call) {
                   const ToolCall& call = event_call.call;
                   return "call " + call.id + " " + call.name + " " + dump_json(call.arguments) +
                          (call.arguments_error.empty() ? "" : " error: " + call.arguments_error);
                 },
                 [](const UsageEvent& usage) {
                   return fmt::format("usage in {} out {} thoughts {} cached {}",
                                      usage.usage.input_tokens, usage.usage.output_tokens,
                                      usage.usage.reasoning_tokens, usage.usage.cached_tokens);
                 },
                 [](const WarningEvent& warning) { return "warning " + warning.message; },
                 [](const Finish& finish) {
                   return fmt::format("finish {} {} {}", reason_word(finish.reason),
                                      finish.raw_reason, finish.model);
                 }},
      event);
  lines.push_back(line);
  if (const auto* text = std::get_if<TextDelta>(&event)) {
    message_.parts.push_back(TextPart{text->text, nullptr});
  } else if (const auto* call = std::get_if<ToolCallEvent>(&event)) {
    message_.parts.push_back(call->call);
  } else if (const auto* finish = std::get_if<Finish>(&event)) {
    parts = finish->provider_metadata["parts"];
    message_.provider_metadata = finish->provider_metadata;
  }
}

void AnswerLog::on_error(const Error& failure) {
  error = failure;
  lines.push_back(fmt::format("error {} {} {}", error_code_name(failure.code), failure.reason,
                              failure.retryable ? "retryable" : "final"));
}

Message AnswerLog::message(const std::string& model) const {
  Message message = message_;
  message.role = Role::kAssistant;
  message.provider = "gemini";
  message.model = model;
  return message;
}

std::vector<ToolSpec> weather_tools() {
  ToolSpec weather;
  weather.name = "get_weather";
  weather.description = "Current weather of a city.";
  weather.parameters = Json::parse(
      R"({"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},)"
      R"("required":["city"],"additionalProperties":false})");
  ToolSpec clock;
  clock.name = "get_time";
  clock.description = "Time of day.";
  clock.parameters = Json::parse(R"({"type":"object","properties":{}})");
  return {weather, clock};
}

std::vector<std::string> shown(vendor::Notices& notices) {
  struct Warnings final : EventSink {
    void on_event(const StreamEvent& event) override {
      lines.push_back(std::get<WarningEvent>(event).message);
    }
    std::vector<std::string> lines;
  } warnings;
  notices.show(warnings);
  return warnings.lines;
}

vendor::Service gemini_service() {
  vendor::Service service;
  service.title = "Gemini";
  service.provider = "gemini";
  service.key_variable = "GEMINI_API_KEY";
  service.url_variable = "GEMINI_BASE_URL";
  service.key_page = "https://aistudio.google.com/apikey";
  service.model = "gemini-3.8-flash";
  return service;
}

DecodeContext decode_context(vendor::Notices& notices, vendor::SecondTry& second_try) {
  DecodeContext context;
  context.service = gemini_service();
  context.backend = "generativelanguage.googleapis.com";
  context.names = wire_names(weather_tools());
  context.notices = &notices;
  context.second_try = &second_try;
  return context;
}

AnswerLog decode_stream(const std::vector<std::string>& events) {
  return run([&](GeminiDecoder& decoder, EventSink& sink) {
    for (const std::string& data : events) {
      decoder.decode(HttpEvent{HttpEvent::Kind::kEvent, "", data}, sink);
    }
  });
}

AnswerLog decode_body(const std::string& body) {
  return run([&](GeminiDecoder& decoder, EventSink& sink) {
    decoder.decode(HttpEvent{HttpEvent::Kind::kBody, "", body}, sink);
  });
}

AnswerLog decode_bytes(const std::vector<std::string>& pieces) {
  return run([&](GeminiDecoder& decoder, EventSink& sink) {
    net::SseDecoder splitter([&](const HttpEvent& event) { return decoder.decode(event, sink); },
                             64U << 20U);
    for (const std::string& piece : pieces) splitter.feed(piece);
    splitter.finish();
  });
}

std::string call_part(const std::string& id, const std::string& city,
                      const std::string& signature) {
  std::string part = R"({"functionCall":{"id":")" + id +
                     R"(","name":"get_weather","args":{"city":")" + city + R"("}})";
  if (!signature.empty()) part += R"(,"thoughtSignature":")" + signature + "\"";
  return part + "}";
}

std::string list(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ",") + item;
  return "[" + text + "]";
}

std::string chunk(const std::string& parts, const std::string& more) {
  return R"({"candidates":[{"content":{"parts":)" + parts + R"(,"role":"model"})" +
         (more.empty() ? "" : "," + more) + R"(}],"modelVersion":"gemini-3.8-flash"})";
}

}  // namespace cartpilot::gemini::tests
