#include "anthropic/decode.h"

#include <utility>

#include "anthropic/errors.h"
#include "cartpilot/vendor/usage.h"

namespace cartpilot::anthropic {
AnthropicDecoder::AnthropicDecoder(DecodeContext context)
    : context_(std::move(context)), reader_(characters_), content_(std::move(context_.used_ids)) {}

bool AnthropicDecoder::decode(const HttpEvent& event, EventSink& sink) {
  if (ended_) return false;
  context_.notices->show(sink);
  const std::optional<Json> piece = reader_.read(event, context_.service, anthropic_error);
  if (!piece) return true;
  EventSink& whole = characters_.before(sink);
  if (event.kind == HttpEvent::Kind::kBody || string_or(*piece, "type") == "message") {
    read_body(*piece, whole);
  } else if (piece->is_object()) {
    // Proxies drop the event line; the type inside is the same word.
    read_event(*piece, string_or(*piece, "type", std::string(event.name)), whole);
  }
  return !ended_;
}

void AnthropicDecoder::read_body(const Json& body, EventSink& sink) {
  if (const auto error = vendor::find_error(body)) {
    throw vendor::error_inside_answer(*error, context_.service, anthropic_error);
  }
  const bool message = body.is_object() && body.contains("content") && body["content"].is_array();
  if (!message) {
    throw vendor::make_error(ErrorCode::kProtocol, "no_message",
                             "what " + context_.service.base +
                                 " answers is no message of this API; check " +
                                 context_.service.url_variable);
  }
  read_message(body, sink);
  read_stop(body);
  ended_ = true;
}

void AnthropicDecoder::read_event(const Json& event, std::string type, EventSink& sink) {
  const std::int64_t index = integer_or(event, "index");
  if (type == "content_block_start") {
    begun_ = true;
    if (event.contains("content_block")) content_.start(index, event["content_block"], sink);
  } else if (type == "content_block_delta") {
    begun_ = true;
    if (!event.contains("delta")) return;
    if (!content_.add(index, event["delta"], sink)) {
      throw vendor::useless_answer(
          *context_.second_try, "bad_stream",
          context_.service.title + " sent arguments of a function call that never began");
    }
  } else if (type == "content_block_stop") {
    content_.stop(index);
  } else if (type == "message_start") {
    begun_ = true;
    if (event.contains("message")) read_message(event["message"], sink);
  } else if (type == "message_delta") {
    begun_ = true;
    if (event.contains("delta")) read_stop(event["delta"]);
    read_usage(event, sink);
  } else if (type == "message_stop") {
    ended_ = true;
  } else if (const auto error = vendor::find_error(event)) {
    throw vendor::error_inside_answer(*error, context_.service, anthropic_error);
  }
  // "ping" and what is not known yet.
}

void AnthropicDecoder::read_message(const Json& message, EventSink& sink) {
  if (!message.is_object()) return;
  begun_ = true;
  model_ = string_or(message, "model", model_);
  read_usage(message, sink);
  const auto content = message.find("content");
  if (content == message.end() || !content->is_array()) return;
  std::int64_t index = -1;  // below those of events
  for (const Json& block : *content) {
    content_.start(index, block, sink);
    content_.stop(index--);
  }
}

void AnthropicDecoder::read_stop(const Json& delta) {
  if (!delta.is_object()) return;
  const std::string reason = string_or(delta, "stop_reason");
  if (!reason.empty()) {
    stop_reason_ = reason;
    saw_stop_reason_ = true;
  }
  if (delta.contains("stop_details")) stop_details_ = delta["stop_details"];
}

void AnthropicDecoder::read_usage(const Json& object, EventSink& sink) {
  const auto usage = object.find("usage");
  if (usage == object.end() || !usage->is_object()) return;
  // Totals, each told again when it changes; some only at the beginning, some only at the end.
  uncached_ = vendor::token_count(*usage, "input_tokens").value_or(uncached_);
  cache_written_ =
      vendor::token_count(*usage, "cache_creation_input_tokens").value_or(cache_written_);
  cache_read_ = vendor::token_count(*usage, "cache_read_input_tokens").value_or(cache_read_);
  Usage now;
  now.input_tokens = uncached_ + cache_written_ + cache_read_;
  now.cached_tokens = cache_read_;
  now.output_tokens = vendor::token_count(*usage, "output_tokens").value_or(usage_.output_tokens);
  if (now == usage_) return;
  usage_ = now;
  sink.on_event(UsageEvent{now});
}

}  // namespace cartpilot::anthropic
