#include "streams.h"

namespace cartpilot::anthropic::tests {
namespace {

std::string quoted(const std::string& text) { return dump_json(Json(text)); }

chat::ToolRouter& with_tools(chat::ToolRouter& router, ToolSet& tools) {
  router.add(tools, "echo", false);
  return router;
}

/// Waits that tests do not have to sit through.
chat::ChatOptions quick_options() {
  chat::ChatOptions options;
  options.provider = "anthropic";
  options.model = "claude-sonnet-5-5";
  options.retry.base_ms = 1;
  options.retry.ceiling_ms = 2;
  return options;
}

}  // namespace

std::string event(const std::string& json) {
  return "event: " + string_or(Json::parse(json, nullptr, false), "type") + "\ndata: " + json +
         "\n\n";
}

std::string begun() {
  return event(
      R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",)"
      R"("model":"claude-sonnet-5-5","content":[],"stop_reason":null,"stop_sequence":null,)"
      R"("usage":{"input_tokens":10,"output_tokens":1}}})");
}

std::string block_begun(int index, const std::string& json) {
  return event(R"({"type":"content_block_start","index":)" + std::to_string(index) +
               R"(,"content_block":)" + json + "}");
}

std::string block_ended(int index) {
  return event(R"({"type":"content_block_stop","index":)" + std::to_string(index) + "}");
}

std::string block(int index, const std::string& json) {
  return block_begun(index, json) + block_ended(index);
}

std::string delta(int index, const std::string& type, const std::string& key,
                  const std::string& text) {
  return event(R"({"type":"content_block_delta","index":)" + std::to_string(index) +
               R"(,"delta":{"type":")" + type + R"(",")" + key + "\":" + text + "}}");
}

std::string text_block(int index, const std::string& text) {
  return block_begun(index, R"({"type":"text","text":""})") +
         delta(index, "text_delta", "text", quoted(text)) + block_ended(index);
}

std::string thinking(int index, const std::string& text, const std::string& signature) {
  return block_begun(index, R"({"type":"thinking","thinking":"","signature":""})") +
         delta(index, "thinking_delta", "thinking", quoted(text)) +
         delta(index, "signature_delta", "signature", quoted(signature)) + block_ended(index);
}

std::string call_begun(int index, const std::string& id, const std::string& name) {
  return block_begun(index, R"({"type":"tool_use","id":)" + quoted(id) + R"(,"name":)" +
                                quoted(name) + R"(,"input":{}})");
}

std::string arguments(int index, const std::string& piece) {
  return delta(index, "input_json_delta", "partial_json", quoted(piece));
}

std::string call_with(int index, const std::string& id, const std::string& input) {
  return call_begun(index, id, "get_weather") + arguments(index, input) + block_ended(index);
}

std::string call(int index, const std::string& id, const std::string& city) {
  return call_with(index, id, R"({"city":")" + city + "\"}");
}

std::string told(const std::string& reason) {
  return event(R"({"type":"message_delta","delta":{"stop_reason":)" +
               (reason.empty() ? "null" : quoted(reason)) +
               R"(,"stop_sequence":null},"usage":{"output_tokens":9}})");
}

std::string stopped() { return event(R"({"type":"message_stop"})"); }

std::string ended(const std::string& reason) { return told(reason) + stopped(); }

RawAnswer played(const std::string& stream) {
  RawAnswer answer;
  answer.body = stream;
  return answer;
}

RawAnswer whole_body(const std::string& body, const std::string& type) {
  RawAnswer answer;
  answer.headers = {{"Content-Type", type}};
  answer.body = body;
  return answer;
}

RawAnswer status(int code, const std::string& body, const HttpHeaders& headers) {
  RawAnswer answer;
  answer.status = code;
  answer.headers = headers;
  answer.body = body;
  return answer;
}

std::string error_json(const std::string& type, const std::string& message,
                       const std::string& code) {
  Json error{{"type", type}, {"message", message}};
  if (!code.empty()) error["details"] = Json{{"error_code", code}};
  return dump_json(Json{{"type", "error"}, {"error", error}, {"request_id", "req_7"}});
}

HostedChat::HostedChat(const fakes::FakeAnthropic& service)
    : talk_(std::make_unique<Talk>(service)),
      router_(guard_),
      session(talk_->provider, with_tools(router_, tools_), notebook, notebook, quick_options()) {}

Log AnthropicAnswer::hears(const RawAnswer& answer, const OptionMap& options) {
  Talk talk(service_, options);
  talk.request.tools = weather_tools();
  // Words of its own: the same ones would be a repetition.
  talk.request.messages = {
      Message::user("Weather " + std::to_string(service_.requests().size()) + "?")};
  service_.play(answer);
  Log log = talk.answer();
  if (log.error) return log;
  const Json content = log.content();
  if (issues_ && !content.is_null()) service_.issue(content);
  talk.keep(log, "And now?");
  const Log next = talk.answer();
  EXPECT_FALSE(next.error) << "the answer cannot be sent back: " << next.error->what();
  EXPECT_EQ(service_.violations(), Lines{}) << "after sending the answer back";
  return log;
}

Log AnthropicAnswer::hears(const std::string& stream, const OptionMap& options) {
  return hears(played(stream), options);
}

}  // namespace cartpilot::anthropic::tests
