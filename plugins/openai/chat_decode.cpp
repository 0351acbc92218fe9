#include "openai/chat_decode.h"

#include <map>
#include <utility>

#include "cartpilot/vendor/broken_arguments.h"
#include "cartpilot/vendor/call_ids.h"
#include "cartpilot/vendor/end_words.h"
#include "openai/call_arguments.h"
#include "openai/call_identity.h"

namespace cartpilot::openai {
namespace {

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// Members of one reasoning block; the bound keeps the look-up of each name short.
constexpr std::size_t kMaxBlockMembers = 64;

bool holds_text(const std::string& key) {
  return key == "text" || key == "summary" || key == "refusal" || key == "thinking" ||
         key == "reasoning" || key == "content";
}

/// Adds what `piece` says to `block`: texts and lists grow, other members are replaced.
void grow(Json& block, const Json& piece, int depth = 0) {
  for (const auto& [key, value] : piece.items()) {
    if (value.is_null() || (block.size() >= kMaxBlockMembers && !block.contains(key))) continue;
    Json& kept = block[key];
    if (holds_text(key) && value.is_string() && kept.is_string()) {
      kept.get_ref<std::string&>() += value.get_ref<const std::string&>();
    } else if (holds_text(key) && value.is_array() && kept.is_array() && depth < 3) {
      for (const Json& part : value) {
        const bool joins = !kept.empty() && part.is_object() && kept.back().is_object() &&
                           string_or(part, "type") == string_or(kept.back(), "type") &&
                           string_or(part, "type") == "text";
        if (joins) {
          grow(kept.back(), part, depth + 1);
        } else {
          kept.push_back(part);
        }
      }
    } else {
      kept = value;
    }
  }
}

/// Streamed pieces of one reasoning block become one block again; the gateway wants them whole.
void merge_reasoning_detail(Json& details, const Json& piece) {
  if (!piece.is_object()) return;
  const auto same = [&piece](const Json& other, const char* key) {
    return (piece.contains(key) ? piece[key] : Json()) ==
           (other.contains(key) ? other[key] : Json());
  };
  if (details.empty() || !same(details.back(), "type") || !same(details.back(), "index") ||
      string_or(piece, "type") == "reasoning.encrypted") {
    details.push_back(piece);
    return;
  }
  grow(details.back(), piece);
}

/// True when both are of one type and differ in nothing but their texts.
bool continues(const Json& part, const Json& piece) {
  const auto without_text = [](const Json& value) {
    Json rest = Json::object();
    for (const auto& [key, member] : value.items()) {
      if (!holds_text(key)) append_member(rest, key, member);
    }
    return rest;
  };
  return without_text(part) == without_text(piece);
}

}  // namespace

bool ChatDecoder::decode(const HttpEvent& event, EventSink& shown) {
  if (done_) return false;
  EventSink& sink = characters_.before(shown);
  if (context_.notices != nullptr) context_.notices->show(sink);
  const std::string_view text = vendor::trim(event.data);
  if (text.empty()) return true;
  if (event.kind == HttpEvent::Kind::kEvent && vendor::starts_with(text, "[DONE]")) {
    done_ = true;
    return false;
  }
  const std::vector<Json> chunks = reader_.read(event, text, context_.service);
  bool answers = false;
  for (const Json& chunk : chunks) {
    const auto choices = chunk.find("choices");
    answers = answers || (choices != chunk.end() && choices->is_array());
    read_chunk(chunk, sink);
  }
  if (event.kind != HttpEvent::Kind::kBody) return true;
  // A foreign object is no answer that broke off; asking again would bring it again.
  if (!answers) {
    throw Error(ErrorCode::kProtocol, "the answer of " + context_.service.title +
                                          " is no Chat Completions object; check OPENAI_BASE_URL "
                                          "and the option api");
  }
  // A list of chunks is a stream, and has to bring its finish reason.
  done_ = chunks.size() == 1;
  return false;
}

void ChatDecoder::read_chunk(const Json& chunk, EventSink& sink) {
  if (model_.empty()) model_ = string_or(chunk, "model");
  if (chunk.contains("usage")) read_usage(chunk["usage"]);
  if (chunk.contains("x_groq") && chunk["x_groq"].is_object() &&
      chunk["x_groq"].contains("usage")) {
    read_usage(chunk["x_groq"]["usage"]);
  }
  const auto choices = chunk.find("choices");
  if (choices == chunk.end() || !choices->is_array()) return;
  for (const Json& choice : *choices) {
    if (!choice.is_object()) continue;
    // One answer was asked for; others are somebody else's. Ours is number 0 where there is one.
    const std::int64_t index = integer_or(choice, "index");
    if (!choice_index_) choice_index_ = first_index(*choices);
    if (index == *choice_index_) read_choice(choice, sink);
  }
}

std::int64_t ChatDecoder::first_index(const Json& choices) {
  std::optional<std::int64_t> first;
  for (const Json& choice : choices) {
    if (!choice.is_object()) continue;
    const std::int64_t index = integer_or(choice, "index");
    if (!first || index == 0) first = index;
  }
  return first.value_or(0);
}

void ChatDecoder::read_choice(const Json& choice, EventSink& sink) {
  const std::size_t before = pieces_;
  const auto delta = choice.find("delta");
  if (delta != choice.end() && delta->is_object()) {
    read_reasoning(*delta, sink);
    read_content(*delta, sink);
    read_calls(*delta, sink);
  }
  const auto message = choice.find("message");
  if (message != choice.end() && message->is_object()) read_message(*message, sink);
  const std::string reason = string_or(choice, "finish_reason");
  if (finish_reason_.empty()) finish_reason_ = reason;
  // A finish reason before the end was none.
  if (!reason.empty() || pieces_ != before) ended_ = !reason.empty();
  const std::string native = string_or(choice, "native_finish_reason");
  if (!native.empty()) native_reason_ = native;
}

/// A whole message. Behind deltas it repeats them, at least.
void ChatDecoder::read_message(const Json& message, EventSink& sink) {
  if (said_.empty() && reasoning_content_.empty() && calls_.slots().empty()) {
    read_reasoning(message, sink);
    read_content(message, sink);
    read_calls(message, sink);
    return;
  }
  std::string text = text_of_part(message.contains("content") ? message["content"] : Json());
  text += string_or(message, "refusal");
  const std::string said = characters_.joined(said_);
  if (vendor::starts_with(text, said)) text.erase(0, said.size());
  say(text, sink);
  Json calls = message.contains("tool_calls") ? message["tool_calls"] : Json();
  for (std::size_t i = 0; calls.is_array() && i < calls.size(); ++i) {
    if (calls[i].is_object() && !calls[i].contains("index")) calls[i]["index"] = i;
  }
  read_calls(Json{{"tool_calls", std::move(calls)}}, sink);
}

void ChatDecoder::say(const std::string& text, EventSink& sink) {
  if (text.empty()) return;
  ++pieces_;
  said_ += text;
  keep_part(Json{{"type", "text"}, {"text", text}});
  sink.on_event(TextDelta{text});
}

/// Parts are kept in the form they came in, for the way back.
void ChatDecoder::keep_part(const Json& part) {
  if (!content_.empty() && continues(content_.back(), part)) {
    grow(content_.back(), part);
  } else {
    content_.push_back(part);
  }
}

void ChatDecoder::read_content(const Json& delta, EventSink& sink) {
  const auto content = delta.find("content");
  if (content != delta.end() && content->is_string()) say(content->get<std::string>(), sink);
  if (content != delta.end() && content->is_array()) {
    for (const Json& part : *content) read_part(part, sink);
  }
  if (content != delta.end() && content->is_object()) read_part(*content, sink);
  const std::string refusal = string_or(delta, "refusal");
  if (!refusal.empty()) refused_ = true;
  say(refusal, sink);
}

/// A part of any type: thoughts are shown as such, every other text is what the model says.
void ChatDecoder::read_part(const Json& part, EventSink& sink) {
  const std::string text = text_of_part(part);
  const std::string type = string_or(part, "type");
  if (part.is_string() || type == "text" || type == "refusal") {
    refused_ = refused_ || !string_or(part, "refusal").empty();
    say(text, sink);
    return;
  }
  if (!part.is_object()) return;
  ++pieces_;
  has_other_parts_ = true;
  keep_part(part);
  if (text.empty()) return;
  if (is_thought(part)) {
    sink.on_event(ReasoningDelta{text});
  } else {
    said_ += text;
    sink.on_event(TextDelta{text});
  }
}

void ChatDecoder::read_reasoning(const Json& delta, EventSink& sink) {
  for (const char* key : {"reasoning_content", "reasoning"}) {
    const auto found = delta.find(key);
    const std::string text = found == delta.end() ? "" : text_of_part(*found);
    if (text.empty()) continue;
    if (reasoning_content_.empty()) reasoning_field_ = key;
    ++pieces_;
    reasoning_content_ += text;
    sink.on_event(ReasoningDelta{text});
    break;  // both at once are one thought
  }
  const auto details = delta.find("reasoning_details");
  if (details != delta.end() && details->is_array()) {
    for (const Json& piece : *details) merge_reasoning_detail(reasoning_details_, piece);
  }
}

void ChatDecoder::read_calls(const Json& delta, EventSink& sink) {
  std::string fragment;
  const auto add = [&](const Json& call) {
    ChatCallSlots::Slot* slot = calls_.add(call, fragment);
    if (slot == nullptr) return;
    ++pieces_;
    if (slot->announced) {
      if (!fragment.empty()) sink.on_event(ToolCallDelta{slot->id, fragment});
    } else if (!slot->id.empty() && !slot->name.empty()) {
      slot->announced = true;
      sink.on_event(ToolCallBegin{slot->id, slot->name});
      if (!slot->arguments.empty()) sink.on_event(ToolCallDelta{slot->id, slot->arguments});
    }
  };
  const auto calls = delta.find("tool_calls");
  if (calls != delta.end() && calls->is_array()) {
    for (const Json& call : *calls) add(call);
  }
  if (calls != delta.end() && calls->is_object()) add(*calls);
  // The form before tool_calls existed: at most one call, without an id.
  const auto legacy = delta.find("function_call");
  if (legacy != delta.end() && legacy->is_object()) {
    add(Json{{"index", 0}, {"function", *legacy}});
  }
}

void ChatDecoder::read_usage(const Json& usage) {
  if (!usage.is_object()) return;
  const auto detail = [&usage](const char* group, const char* key) {
    const auto found = usage.find(group);
    return found == usage.end() ? 0 : integer_or(*found, key);
  };
  Usage read;
  read.input_tokens = integer_or(usage, "prompt_tokens");
  read.output_tokens = integer_or(usage, "completion_tokens");
  read.cached_tokens = detail("prompt_tokens_details", "cached_tokens");
  read.reasoning_tokens = detail("completion_tokens_details", "reasoning_tokens");
  usage_ = read;
}

/// What goes back with a call although the neutral form has no place for it.
Json ChatDecoder::metadata_of(const ToolCall& call, const ChatCallSlots::Slot& slot) const {
  Json metadata = Json::object();
  // The model's own spelling keeps the beginning of the conversation the same for its cache.
  if (call.arguments_error.empty() && !blank(slot.arguments) &&
      slot.arguments != dump_json(call.arguments) && holds_json_object(slot.arguments)) {
    metadata["arguments"] = slot.arguments;
  }
  if (!slot.extra.empty()) metadata["extra"] = slot.extra;
  // An id that would be replaced anywhere else.
  if (call.id == slot.id && vendor::wire_call_id(call.id, 0, kMaxChatCallId) != call.id) {
    metadata["id"] = call.id;
  }
  if (metadata.empty()) return nullptr;
  metadata["api"] = "chat";
  metadata["endpoint"] = context_.endpoint;
  return metadata;
}

std::vector<ToolCall> ChatDecoder::whole_calls() {
  std::vector<ToolCall> calls;
  if (filtered()) return calls;
  std::vector<ChatCallSlots::Slot>& slots = calls_.slots();
  std::map<std::string, const ChatCallSlots::Slot*> ids;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    ChatCallSlots::Slot& slot = slots[i];
    slot.arguments = characters_.joined(std::move(slot.arguments));
    const auto [known, fresh] = ids.emplace(slot.id, &slot);
    const bool told_twice = !fresh && !slot.id.empty() && known->second->name == slot.name &&
                            known->second->arguments == slot.arguments;
    if (told_twice) continue;
    WireCall wire;
    wire.id = fresh ? slot.id : "";
    wire.name = slot.name;
    wire.arguments = slot.arguments;
    wire.cut = finish_reason_ == "length" && i + 1 == slots.size();
    wire.custom = slot.custom;
    std::vector<ToolCall> read = openai::read_calls(wire, *context_.tools);
    for (ToolCall& call : read) vendor::refuse_half_characters(characters_, call);
    if (read.size() == 1) read.front().provider_metadata = metadata_of(read.front(), slot);
    for (ToolCall& call : read) calls.push_back(std::move(call));
  }
  return calls;
}

bool ChatDecoder::filtered() const {
  return vendor::end_word(finish_reason_) == vendor::EndWord::kFiltered ||
         vendor::end_word(native_reason_) == vendor::EndWord::kFiltered;
}

/// A failure stays one behind a good word of a gateway.
void ChatDecoder::throw_if_failed() const {
  for (const std::string& word : {finish_reason_, native_reason_}) {
    const vendor::EndWord meaning = vendor::end_word(word);
    if (meaning == vendor::EndWord::kMalformed) {
      throw vendor::unreadable_call(context_.service, word, context_.second_try);
    }
    if (meaning == vendor::EndWord::kFailed) {
      vendor::ErrorBody body;
      body.message = "the model's host failed while it answered (" + word + ")";
      throw vendor::error_inside_answer(body, context_.service);
    }
  }
}

bool ChatDecoder::ended() const {
  if (!ended_) return false;
  for (const ChatCallSlots::Slot& slot : calls_.slots()) {
    // Without arguments a call has no end of its own: they may have been on their way.
    if (!slot.brackets.closed()) return false;
  }
  return true;
}

FinishReason ChatDecoder::reason(bool has_calls) const {
  if (finish_reason_ == "length" || finish_reason_ == "model_length") return FinishReason::kLength;
  if (filtered()) return FinishReason::kContentFilter;
  // What was called decides, not the word: servers say "stop" with calls and "tool_calls" without.
  if (has_calls) return FinishReason::kToolCalls;
  if (finish_reason_ == "stop" || finish_reason_ == "tool_calls" ||
      finish_reason_ == "function_call") {
    return FinishReason::kStop;
  }
  return FinishReason::kOther;
}

Json ChatDecoder::message_metadata() {
  if (reasoning_content_.empty() && reasoning_details_.empty() && !has_other_parts_) return nullptr;
  Json metadata = {{"api", "chat"}, {"endpoint", context_.endpoint}};
  if (!reasoning_content_.empty()) metadata["reasoning_content"] = reasoning_content_;
  if (reasoning_field_ == "reasoning") metadata["reasoning_field"] = reasoning_field_;
  if (!reasoning_details_.empty()) metadata["reasoning_details"] = std::move(reasoning_details_);
  if (has_other_parts_) metadata["content"] = std::move(content_);
  return metadata;
}

void ChatDecoder::finish(EventSink& shown) {
  EventSink& sink = characters_.before(shown);
  throw_if_failed();
  std::vector<ToolCall> calls = whole_calls();
  if (finish_reason_.empty()) {
    // Without a reason only an explicit end counts, and only when everything in it is whole.
    bool whole = done_ && (!said_.empty() || !calls.empty());
    for (const ToolCall& call : calls) whole = whole && call.arguments_error.empty();
    if (!whole) throw vendor::stream_cut(context_.service, reader_.words());
  }
  const bool has_calls = !calls.empty();
  for (ToolCall& call : calls) sink.on_event(ToolCallEvent{std::move(call)});
  if (usage_) sink.on_event(UsageEvent{*usage_});
  Finish end;
  end.reason = reason(has_calls);
  end.raw_reason = refused_ ? "refusal" : finish_reason_;
  end.model = model_;
  end.provider_metadata = message_metadata();
  sink.on_event(end);
}

}  // namespace cartpilot::openai
