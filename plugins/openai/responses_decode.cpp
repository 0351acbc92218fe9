#include "openai/responses_decode.h"

#include <map>
#include <string_view>

#include "cartpilot/vendor/broken_arguments.h"
#include "cartpilot/vendor/call_arguments.h"
#include "cartpilot/vendor/call_ids.h"
#include "cartpilot/vendor/end_words.h"
#include "openai/call_arguments.h"
#include "openai/call_identity.h"

namespace cartpilot::openai {
namespace {

/// The status that an event says by its name; "" for events that do not end an answer. Services
/// have many names for the end.
std::string ending_of(const std::string& type) {
  for (const char* name : {"completed", "complete", "done", "finished", "end", "ended", "stop"}) {
    if (type == name) return "completed";
  }
  if (type == "canceled" || type == "cancelled") return "cancelled";
  if (type == "failed" || type == "error") return "failed";
  return type == "incomplete" ? type : "";
}

/// What the name of the event and the object say together: the worse of both.
std::string status_of(const std::string& by_name, const Json& response) {
  const std::string own = string_or(response, "status");
  for (const char* worse : {"failed", "cancelled", "incomplete"}) {
    if (by_name == worse || own == worse) return worse;
  }
  return by_name.empty() ? own : by_name;
}

bool is_response(const Json& value) {
  const auto output = value.find("output");
  return string_or(value, "object") == "response" || (output != value.end() && output->is_array());
}

bool holds_refusal(const Json& item) {
  const auto content = item.find("content");
  if (content == item.end() || !content->is_array()) return false;
  for (const Json& part : *content) {
    if (!string_or(part, "refusal").empty()) return true;
  }
  return false;
}

/// A message that says what the person was shown, where the service's own item does not.
Json shown_message(const ResponseItem& slot) {
  Json message = {{"type", "message"}, {"role", "assistant"}};
  if (slot.raw.contains("phase")) message["phase"] = slot.raw["phase"];
  const char* kind = slot.refusal ? "refusal" : "text";
  message["content"] =
      Json::array({Json{{"type", slot.refusal ? "refusal" : "output_text"}, {kind, slot.text}}});
  return message;
}

}  // namespace

bool ResponsesDecoder::decode(const HttpEvent& event, EventSink& shown) {
  if (!status_.empty()) return false;
  EventSink& sink = characters_.before(shown);
  if (context_.notices != nullptr) context_.notices->show(sink);
  const std::string_view text = vendor::trim(event.data);
  if (text.empty()) return true;
  std::vector<Json> values = reader_.read(event, text, context_.service);
  const bool body = event.kind == HttpEvent::Kind::kBody;
  for (Json& value : values) {
    if (!status_.empty()) break;
    const std::string type = string_or(value, "type", std::string(event.name));
    const bool whole = is_response(value) && !vendor::starts_with(type, "response.");
    if (!type.empty() && !whole) {
      read_event(value, type, sink);
    } else if (body || whole) {
      characters_.join(value);
      read_terminal(value, string_or(value, "status"), sink);
    }
  }
  if (body && values.empty()) read_terminal(Json(), "", sink);
  return status_.empty();
}

void ResponsesDecoder::read_event(Json& event, std::string type, EventSink& sink) {
  constexpr std::string_view kPrefix = "response.";
  if (vendor::starts_with(type, kPrefix)) type.erase(0, kPrefix.size());
  if (type == "output_item.added" || type == "output_item.done") {
    characters_.join(event);
    if (!event.contains("item") || !event["item"].is_object()) return;
    if (type == "output_item.added") {
      add_item(event, sink);
    } else {
      complete_item(event, sink);
    }
    return;
  }
  std::string ending = ending_of(type);
  if (ending.empty() && type.find('.') == std::string::npos && event.contains("response")) {
    // Whatever the event is called: an object that has come to its end ends the answer.
    const std::string status = string_or(event["response"], "status");
    if (type != "created" && status != "in_progress" && status != "queued") ending = status;
  }
  if (ending.empty()) {
    read_delta(type, event, sink);
    return;
  }
  characters_.join(event);
  const Json response = event.contains("response") ? event["response"]
                        : is_response(event)       ? event
                                                   : Json::object();
  read_terminal(response, status_of(ending, response), sink);
}

void ResponsesDecoder::read_delta(const std::string& type, const Json& event, EventSink& sink) {
  const bool delta = vendor::ends_with(type, ".delta");
  if (type == "refusal.delta") {
    read_text(event, true, sink);
  } else if (vendor::contains(type, "reasoning")) {
    if (delta) read_thought(event, sink);
  } else if (delta && vendor::ends_with(type, "text.delta")) {
    read_text(event, false, sink);
  } else if (type == "output_text.done" || type == "refusal.done" || type == "content_part.done") {
    read_whole_text(event, sink);
  } else if (type == "function_call_arguments.delta" || type == "custom_tool_call_input.delta") {
    read_arguments(event, false, sink);
  } else if (type == "function_call_arguments.done" || type == "custom_tool_call_input.done") {
    read_arguments(event, true, sink);
  }
  // Everything else is progress that nobody waits for; gateways invent types of their own.
}

void ResponsesDecoder::read_text(const Json& event, bool refusal, EventSink& sink) {
  const std::string delta = text_of_part(event.contains("delta") ? event["delta"] : Json());
  if (delta.empty()) return;
  refused_ = refused_ || refusal;
  ResponseItem& slot = items_.for_delta(place_of(event), ItemKind::kMessage);
  const std::int64_t part = integer_or(event, "content_index");
  if (slot.part_index && *slot.part_index != part) slot.part_begin = slot.text.size();
  slot.part_index = part;
  slot.refusal = slot.text.empty() ? refusal : slot.refusal && refusal;
  slot.text += characters_.next(slot.tail, delta);
  show_texts(sink, false);
}

/// The end of a content part. Its text was told by deltas already, at least its beginning.
void ResponsesDecoder::read_whole_text(const Json& event, EventSink& sink) {
  Json part = event.contains("part") ? event["part"] : event;
  if (is_thought(part)) return;
  characters_.join(part);
  const std::string text = string_or(part, "text") + string_or(part, "refusal");
  if (text.empty()) return;
  ResponseItem& slot = items_.for_delta(place_of(event), ItemKind::kMessage);
  const std::int64_t index = integer_or(event, "content_index");
  if (vendor::ends_with(slot.text, text)) return;
  if (slot.part_index && *slot.part_index != index) slot.part_begin = slot.text.size();
  slot.part_index = index;
  const std::string_view told = std::string_view(slot.text).substr(slot.part_begin);
  if (!vendor::starts_with(text, told)) return;  // shown already, in other words
  slot.text.append(text, told.size());
  slot.tail.clear();
  show_texts(sink, false);
}

void ResponsesDecoder::read_thought(const Json& event, EventSink& sink) {
  const std::string delta = text_of_part(event.contains("delta") ? event["delta"] : Json());
  if (delta.empty()) return;
  ResponseItem& slot = items_.for_delta(place_of(event), ItemKind::kReasoning);
  const std::pair<const ResponseItem*, std::int64_t> part{&slot,
                                                          integer_or(event, "summary_index")};
  const bool next_part = summary_part_.first != nullptr && part != summary_part_;
  summary_part_ = part;
  slot.thought_shown = true;
  sink.on_event(ReasoningDelta{next_part ? "\n\n" + delta : delta});
}

void ResponsesDecoder::read_arguments(const Json& event, bool whole, EventSink& sink) {
  ResponseItem& slot = items_.for_delta(place_of(event), ItemKind::kCall);
  if (slot.name.empty()) slot.name = string_or(event, "name");
  if (whole) {
    const Json written = event.contains("input") ? event["input"] : written_arguments(event);
    const std::string text = written.is_object() ? dump_json(written) : text_of_part(written);
    if (!vendor::says_no_arguments(text) || slot.arguments.empty()) {
      slot.arguments = characters_.joined(text);
      slot.tail.clear();
    }
    return;
  }
  const std::string delta = characters_.next(slot.tail, string_or(event, "delta"));
  slot.arguments += delta;
  if (slot.announced && !delta.empty()) {
    sink.on_event(ToolCallDelta{call_id_of(slot.raw), delta});
  }
}

void ResponsesDecoder::add_item(const Json& event, EventSink& sink) {
  const Json& item = event["item"];
  ResponseItem* slot = items_.add(place_of(event), item);
  if (slot == nullptr || slot->kind != ItemKind::kCall || slot->announced) return;
  const std::string name = string_or(item, "name");
  if (call_id_of(item).empty() || name.empty()) return;
  slot->announced = true;
  sink.on_event(ToolCallBegin{call_id_of(item), name});
}

void ResponsesDecoder::complete_item(const Json& event, EventSink& sink) {
  ResponseItem* slot = items_.complete(place_of(event), event["item"]);
  if (slot == nullptr) return;
  show_thought(*slot, sink);
  show_texts(sink, false);
}

/// Messages are shown one after the other, in the order they began; deltas of a later one wait.
void ResponsesDecoder::show_texts(EventSink& sink, bool all) {
  for (ResponseItem& slot : items_.arrived()) {
    if (slot.kind != ItemKind::kMessage) continue;
    if (slot.shown < slot.text.size()) sink.on_event(TextDelta{slot.text.substr(slot.shown)});
    slot.shown = slot.text.size();
    if (!slot.text_done && !all) return;
  }
}

/// For servers that send reasoning without deltas.
void ResponsesDecoder::show_thought(ResponseItem& slot, EventSink& sink) {
  if (slot.kind != ItemKind::kReasoning || slot.thought_shown) return;
  slot.thought_shown = true;
  std::string text;
  for (const char* key : {"summary", "content"}) {
    if (!text.empty() || !slot.raw.contains(key) || !slot.raw[key].is_array()) continue;
    for (const Json& part : slot.raw[key]) {
      text += (text.empty() ? "" : "\n\n") + text_of_part(part);
    }
  }
  if (!text.empty()) sink.on_event(ReasoningDelta{text});
}

void ResponsesDecoder::read_terminal(const Json& response, const std::string& status,
                                     EventSink& sink) {
  const auto error = vendor::find_error(response);
  if (status == "failed" || status == "cancelled" || error) {
    vendor::ErrorBody body = error.value_or(vendor::ErrorBody{});
    if (body.message.empty()) body.message = "the answer is " + status;
    throw vendor::error_inside_answer(body, context_.service);
  }
  if (status == "in_progress" || status == "queued") throw vendor::stream_cut(context_.service);
  const bool has_output =
      response.is_object() && response.contains("output") && response["output"].is_array();
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
  if (has_output) {
    listed_ = !response["output"].empty();
    for (ResponseItem* slot : items_.complete_all(response["output"])) show_thought(*slot, sink);
  }
  for (ResponseItem& slot : items_.arrived()) {
    if (slot.kind == ItemKind::kMessage) slot.text += vendor::joined_halves(slot.tail);
    if (slot.kind == ItemKind::kCall) slot.arguments += vendor::joined_halves(slot.tail);
  }
  show_texts(sink, true);
  status_ = status.empty() ? "completed" : status;
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

/// Reads one call, and adds it to both lists.
void ResponsesDecoder::take_call(ResponseItem& slot, Json& output, std::vector<ToolCall>& calls) {
  Json item = slot.raw.is_object() ? slot.raw : Json{{"type", "function_call"}};
  WireCall wire;
  wire.id = call_id_of(item);
  wire.name = string_or(item, "name", slot.name);
  wire.custom = string_or(item, "type") == "custom_tool_call";
  const Json written = written_arguments(item);
  const bool empty =
      written.is_null() ||
      (written.is_string() && vendor::says_no_arguments(written.get_ref<const std::string&>()));
  // A service may forget in the item what its deltas said.
  wire.arguments = empty && !slot.arguments.empty() ? Json(slot.arguments) : written;
  if (wire.arguments.is_null()) wire.arguments = "";
  const bool begun_only = empty && slot.arguments.empty() && !slot.done && listed_;
  wire.cut = begun_only || string_or(item, "status") == "incomplete" ||
             (status_ == "incomplete" && !slot.done);
  std::vector<ToolCall> read = read_calls(wire, *context_.tools);
  for (ToolCall& call : read) {
    vendor::refuse_half_characters(characters_, call);
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

std::vector<ToolCall> ResponsesDecoder::whole_calls(Json& output) {
  std::vector<ToolCall> calls;
  whole_output_ = true;
  std::map<std::string, std::vector<ToolCall>> by_id;
  for (ResponseItem* slot : items_.in_order()) {
    if (slot->kind == ItemKind::kMessage) {
      const auto parts = slot->raw.find("content");
      const bool other_parts =
          slot->done && parts != slot->raw.end() && parts->is_array() && !parts->empty();
      if (slot->text.empty() && !other_parts) continue;  // it said nothing
      refused_ = refused_ || holds_refusal(slot->raw);
      const bool as_shown = slot->done && message_text(slot->raw) == slot->text;
      output.push_back(as_shown ? slot->raw : shown_message(*slot));
    } else if (slot->kind != ItemKind::kCall) {
      whole_output_ = whole_output_ && slot->done;
      if (!slot->raw.is_null()) output.push_back(slot->raw);
    } else {
      Json items = Json::array();
      std::vector<ToolCall> read;
      take_call(*slot, items, read);
      const std::string id = call_id_of(slot->raw);
      const auto [known, fresh] = by_id.emplace(id, read);
      if (!id.empty() && !fresh) {
        const auto same = [](const ToolCall& a, const ToolCall& b) {
          return a.name == b.name && a.arguments == b.arguments;
        };
        // The same call told twice, or another one that was given its id.
        if (same(known->second.front(), read.front())) continue;
        for (std::size_t i = 0; i < read.size(); ++i) {
          read[i].id = vendor::new_call_id();
          items[i]["call_id"] = read[i].id;
        }
      }
      for (Json& item : items) output.push_back(std::move(item));
      for (ToolCall& call : read) calls.push_back(std::move(call));
    }
  }
  return calls;
}

void ResponsesDecoder::finish(EventSink& shown) {
  if (status_.empty()) throw vendor::stream_cut(context_.service, reader_.words());
  EventSink& sink = characters_.before(shown);
  Json output = Json::array();
  std::vector<ToolCall> calls;
  Finish end;
  const vendor::EndWord cause = vendor::end_word(incomplete_reason_);
  if (cause == vendor::EndWord::kMalformed) {
    throw vendor::unreadable_call(context_.service, incomplete_reason_, context_.second_try);
  }
  if (cause == vendor::EndWord::kFailed) {
    vendor::ErrorBody body;
    body.message = "the answer is incomplete (" + incomplete_reason_ + ")";
    throw vendor::error_inside_answer(body, context_.service);
  }
  if (cause == vendor::EndWord::kFiltered) {
    end.reason = FinishReason::kContentFilter;
  } else {
    calls = whole_calls(output);
    end.provider_metadata = {{"api", "responses"}, {"endpoint", context_.endpoint}};
    // An unfinished item cannot be sent back; the message's own parts stand in for all of them.
    if (whole_output_) end.provider_metadata["output"] = std::move(output);
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
