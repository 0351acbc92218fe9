#include "openai/responses_decode.h"

#include <string_view>

#include "openai/call_arguments.h"
#include "openai/call_identity.h"

namespace cartpilot::openai {
namespace {

bool is_call(const std::string& type) {
  return type == "function_call" || type == "custom_tool_call";
}

/// Text of a message item; refusals are what the model says, too.
std::string message_text(const Json& item, bool& refused) {
  std::string text;
  const auto content = item.find("content");
  if (content == item.end() || !content->is_array()) return text;
  for (const Json& part : *content) {
    const std::string refusal = string_or(part, "refusal");
    refused = refused || !refusal.empty();
    text += string_or(part, "text") + refusal;
  }
  return text;
}

std::string call_id_of(const Json& item) { return string_or(item, "call_id"); }

}  // namespace

bool ResponsesDecoder::decode(const HttpEvent& event, EventSink& sink) {
  if (!status_.empty()) return false;
  if (context_.notices != nullptr) context_.notices->show(sink);
  const std::string_view text = vendor::trim(event.data);
  if (text.empty() || text.substr(0, 6) == "[DONE]") return true;
  if (event.kind == HttpEvent::Kind::kStray) {
    throw_stray_error(text, context_.service);
    return true;
  }
  const std::optional<Json> piece = reader_.read(event, text, context_.service);
  if (!piece) {
    // Plain words after "event: error" are no stream that broke off.
    if (event.name == "error")
      throw vendor::error_inside_answer(vendor::read_error_body(text), context_.service);
    return true;
  }
  if (event.kind == HttpEvent::Kind::kEvent) {
    read_event(*piece, sink);
  } else {
    if (const auto error = vendor::find_error(*piece))
      throw vendor::error_inside_answer(*error, context_.service);
    read_terminal(*piece, string_or(*piece, "status"), sink);
  }
  return status_.empty();
}

void ResponsesDecoder::read_event(const Json& event, EventSink& sink) {
  const std::string type = string_or(event, "type");
  // "error" comes nested or flat; look-alikes also send a bare error object without a type.
  if (type == "error" || type.empty()) {
    if (const auto error = vendor::find_error(event))
      throw vendor::error_inside_answer(*error, context_.service);
    return;
  }
  if (type == "response.output_item.added") {
    add_item(event, sink);
  } else if (type == "response.output_item.done") {
    if (event.contains("item"))
      complete_item(integer_or(event, "output_index"), event["item"], sink);
  } else if (type == "response.completed" || type == "response.incomplete" ||
             type == "response.failed" || type == "response.cancelled") {
    // The name of the event says how it ended even where the object does not.
    if (event.contains("response")) {
      read_terminal(event["response"], type.substr(type.find('.') + 1), sink);
    }
  } else {
    read_delta(type, event, sink);
  }
}

void ResponsesDecoder::read_delta(const std::string& type, const Json& event, EventSink& sink) {
  const std::int64_t index = integer_or(event, "output_index");
  const std::string delta = string_or(event, "delta");
  if (type == "response.output_text.delta" || type == "response.refusal.delta") {
    if (delta.empty()) return;
    refused_ = refused_ || type == "response.refusal.delta";
    slots_[index].shown = true;
    sink.on_event(TextDelta{delta});
  } else if (type == "response.reasoning_summary_text.delta" ||
             type == "response.reasoning_text.delta") {
    if (delta.empty()) return;
    const std::pair<std::int64_t, std::int64_t> part{index, integer_or(event, "summary_index")};
    const bool next_part = summary_part_.first >= 0 && part != summary_part_;
    summary_part_ = part;
    slots_[index].shown = true;
    sink.on_event(ReasoningDelta{next_part ? "\n\n" + delta : delta});
  } else if (type == "response.function_call_arguments.delta" ||
             type == "response.custom_tool_call_input.delta") {
    Slot& slot = slots_[index];
    slot.arguments += delta;
    if (slot.announced && !delta.empty()) {
      sink.on_event(ToolCallDelta{call_id_of(slot.item), delta});
    }
  } else if (type == "response.function_call_arguments.done") {
    Slot& slot = slots_[index];
    slot.arguments = string_or(event, "arguments", slot.arguments);
  } else if (type == "response.custom_tool_call_input.done") {
    Slot& slot = slots_[index];
    slot.arguments = string_or(event, "input", slot.arguments);
  }
  // Everything else is progress that nobody waits for; gateways invent types of their own.
}

void ResponsesDecoder::add_item(const Json& event, EventSink& sink) {
  const auto item = event.find("item");
  if (item == event.end() || !item->is_object()) return;
  Slot& slot = slots_[integer_or(event, "output_index")];
  if (slot.done) return;
  slot.item = *item;
  const std::string name = string_or(*item, "name");
  if (!is_call(string_or(*item, "type")) || call_id_of(*item).empty() || name.empty()) return;
  slot.announced = true;
  sink.on_event(ToolCallBegin{call_id_of(*item), name});
}

void ResponsesDecoder::complete_item(std::int64_t index, const Json& item, EventSink& sink) {
  Slot& slot = slots_[index];
  if (!item.is_object() || slot.done) return;
  slot.item = item;
  slot.done = true;
  show_text(slot, sink);
}

/// For servers that send an item without deltas.
void ResponsesDecoder::show_text(Slot& slot, EventSink& sink) {
  if (slot.shown) return;
  const std::string type = string_or(slot.item, "type");
  if (type == "message") {
    const std::string text = message_text(slot.item, refused_);
    if (!text.empty()) sink.on_event(TextDelta{text});
    slot.shown = true;
  } else if (type == "reasoning" && slot.item.contains("summary") &&
             slot.item["summary"].is_array()) {
    std::string text;
    for (const Json& part : slot.item["summary"]) {
      text += (text.empty() ? "" : "\n\n") + string_or(part, "text");
    }
    if (!text.empty()) sink.on_event(ReasoningDelta{text});
    slot.shown = true;
  }
}

void ResponsesDecoder::read_terminal(const Json& response, const std::string& status,
                                     EventSink& sink) {
  if (status == "failed" || status == "cancelled") {
    vendor::ErrorBody body = vendor::find_error(response).value_or(vendor::ErrorBody{});
    if (body.message.empty()) body.message = "the answer is " + status;
    throw vendor::error_inside_answer(body, context_.service);
  }
  if (status == "in_progress" || status == "queued") throw vendor::stream_cut(context_.service);
  const auto output = response.find("output");
  const bool has_output = output != response.end() && output->is_array();
  if (!response.is_object() || (status.empty() && !has_output)) {
    throw Error(ErrorCode::kProtocol, "the answer of " + context_.service.title +
                                          " is no Responses object; check OPENAI_BASE_URL and the "
                                          "option api");
  }
  model_ = string_or(response, "model", model_);
  if (response.contains("usage")) read_usage(response["usage"]);
  if (response.contains("incomplete_details")) {
    incomplete_reason_ = string_or(response["incomplete_details"], "reason");
  }
  if (has_output) take_missing_items(*output, sink);
  status_ = status.empty() ? "completed" : status;
}

/// Some servers send items only at the end; elsewhere those of output_item.done are the better
/// copy.
void ResponsesDecoder::take_missing_items(const Json& output, EventSink& sink) {
  const bool some_missing = slots_.size() < output.size();
  for (std::size_t i = 0; i < output.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    const auto slot = slots_.find(index);
    if (slot == slots_.end() ? some_missing : !slot->second.done) {
      complete_item(index, output[i], sink);
    }
  }
}

void ResponsesDecoder::read_usage(const Json& usage) {
  if (!usage.is_object()) return;
  const auto detail = [&usage](const char* group, const char* key) {
    const auto found = usage.find(group);
    return found == usage.end() ? 0 : integer_or(*found, key);
  };
  Usage read;
  read.input_tokens = integer_or(usage, "input_tokens");
  read.output_tokens = integer_or(usage, "output_tokens");
  read.cached_tokens = detail("input_tokens_details", "cached_tokens");
  read.reasoning_tokens = detail("output_tokens_details", "reasoning_tokens");
  usage_ = read;
}

std::vector<ToolCall> ResponsesDecoder::whole_calls(Json& output) {
  std::vector<ToolCall> calls;
  whole_output_ = true;
  std::set<std::string> ids;
  for (auto& [index, slot] : slots_) {
    Json item = slot.item;
    if (!item.is_object()) continue;
    const std::string type = string_or(item, "type");
    if (!is_call(type)) {
      whole_output_ = whole_output_ && slot.done;
      output.push_back(std::move(item));
      continue;
    }
    WireCall wire;
    wire.id = call_id_of(item);
    if (!wire.id.empty() && !ids.insert(wire.id).second) continue;  // the same call, told twice
    wire.name = string_or(item, "name");
    wire.custom = type == "custom_tool_call";
    const char* text_member = wire.custom ? "input" : "arguments";
    const auto written = item.find(text_member);
    const bool empty = written == item.end() || *written == "" || written->is_null();
    wire.arguments = empty ? Json(slot.arguments) : *written;
    wire.cut = string_or(item, "status") == "incomplete" || (status_ == "incomplete" && !slot.done);
    std::vector<ToolCall> read = read_calls(wire, *context_.tools);
    for (ToolCall& call : read) {
      Json copy = item;
      copy["call_id"] = call.id;
      copy["name"] = wire.custom ? wire.name : wire_function_name(call.name);
      // The model's own words go back as they came, unless they are no JSON object.
      const bool own_words = read.size() == 1 && wire.arguments.is_string() &&
                             holds_json_object(wire.arguments.get<std::string>());
      if (!wire.custom) {
        copy["arguments"] = own_words ? wire.arguments : Json(wire_arguments(call));
      }
      output.push_back(std::move(copy));
      calls.push_back(std::move(call));
    }
  }
  return calls;
}

void ResponsesDecoder::finish(EventSink& sink) {
  if (status_.empty()) throw vendor::stream_cut(context_.service);
  Json output = Json::array();
  std::vector<ToolCall> calls;
  Finish end;
  if (incomplete_reason_ == "content_filter") {
    end.reason = FinishReason::kContentFilter;
  } else {
    calls = whole_calls(output);
    // An unfinished item cannot be sent back; the message's own parts stand in for all of them.
    if (whole_output_) {
      end.provider_metadata = {
          {"api", "responses"}, {"endpoint", context_.endpoint}, {"output", std::move(output)}};
    }
    end.reason = status_ == "incomplete" ? FinishReason::kLength
                 : calls.empty()         ? FinishReason::kStop
                                         : FinishReason::kToolCalls;
  }
  for (ToolCall& call : calls) sink.on_event(ToolCallEvent{std::move(call)});
  if (usage_) sink.on_event(UsageEvent{*usage_});
  end.raw_reason = !incomplete_reason_.empty() ? incomplete_reason_
                   : refused_                  ? "refusal"
                                               : status_;
  end.model = model_;
  sink.on_event(end);
}

}  // namespace cartpilot::openai
