#include "openai/chat_decode.h"

#include <set>
#include <utility>

#include "openai/call_arguments.h"

namespace cartpilot::openai {
namespace {

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// Members of one reasoning block; the bound keeps the look-up of each name short.
constexpr std::size_t kMaxBlockMembers = 64;

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
  Json& block = details.back();
  for (const auto& [key, value] : piece.items()) {
    if (value.is_null() || (block.size() >= kMaxBlockMembers && !block.contains(key))) continue;
    Json& kept = block[key];
    if ((key == "text" || key == "summary") && value.is_string() && kept.is_string()) {
      kept.get_ref<std::string&>() += value.get_ref<const std::string&>();
    } else {
      kept = value;
    }
  }
}

}  // namespace

bool ChatDecoder::decode(const HttpEvent& event, EventSink& sink) {
  if (done_) return false;
  if (context_.notices != nullptr) context_.notices->show(sink);
  const std::string_view text = vendor::trim(event.data);
  if (text.empty()) return true;
  if (event.kind == HttpEvent::Kind::kEvent && text.substr(0, 6) == "[DONE]") {
    done_ = true;
    return false;
  }
  if (event.kind == HttpEvent::Kind::kStray) {
    throw_stray_error(text, context_.service);
    return true;
  }
  if (event.name == "error")
    throw vendor::error_inside_answer(vendor::read_error_body(text), context_.service);
  const std::optional<Json> chunk = reader_.read(event, text, context_.service);
  if (!chunk) return true;
  read_chunk(*chunk, sink);
  if (event.kind != HttpEvent::Kind::kBody) return true;
  // A foreign object is no answer that broke off; asking again would bring it again.
  const auto choices = chunk->find("choices");
  if (choices == chunk->end() || !choices->is_array()) {
    throw Error(ErrorCode::kProtocol, "the answer of " + context_.service.title +
                                          " is no Chat Completions object; check OPENAI_BASE_URL "
                                          "and the option api");
  }
  done_ = true;
  return false;
}

void ChatDecoder::read_chunk(const Json& chunk, EventSink& sink) {
  // Before anything else: an error chunk may carry choices that look like a normal end.
  if (const auto error = vendor::find_error(chunk)) {
    throw vendor::error_inside_answer(*error, context_.service);
  }
  if (!chunk.is_object()) {
    throw Error(ErrorCode::kProtocol,
                "the answer of " + context_.service.title + " is no JSON object");
  }
  if (model_.empty()) model_ = string_or(chunk, "model");
  if (chunk.contains("usage")) read_usage(chunk["usage"]);
  if (chunk.contains("x_groq") && chunk["x_groq"].is_object() &&
      chunk["x_groq"].contains("usage")) {
    read_usage(chunk["x_groq"]["usage"]);
  }
  const auto choices = chunk.find("choices");
  if (choices == chunk.end() || !choices->is_array()) return;
  for (const Json& choice : *choices) {
    // One answer was asked for; others are somebody else's.
    if (choice.is_object() && integer_or(choice, "index") == 0) read_choice(choice, sink);
  }
}

void ChatDecoder::read_choice(const Json& choice, EventSink& sink) {
  for (const char* key : {"delta", "message"}) {
    const auto delta = choice.find(key);
    if (delta == choice.end() || !delta->is_object()) continue;
    read_reasoning(*delta, sink);
    read_text(*delta, sink);
    read_calls(*delta, sink);
  }
  const std::string reason = string_or(choice, "finish_reason");
  const std::string native = string_or(choice, "native_finish_reason");
  if (reason == "error" || (!reason.empty() && (native == "error" || native == "network_error"))) {
    vendor::ErrorBody body;
    body.message = "the model's host failed while it answered";
    throw vendor::error_inside_answer(body, context_.service);
  }
  if (finish_reason_.empty()) finish_reason_ = reason;
}

void ChatDecoder::read_text(const Json& delta, EventSink& sink) {
  const auto say = [&](const std::string& text) {
    if (text.empty()) return;
    has_text_ = true;
    sink.on_event(TextDelta{text});
  };
  const auto content = delta.find("content");
  if (content != delta.end() && content->is_string()) say(content->get<std::string>());
  if (content != delta.end() && content->is_array()) {
    for (const Json& part : *content) {
      if (string_or(part, "type") == "text") say(string_or(part, "text"));
      if (string_or(part, "type") == "refusal") say(string_or(part, "refusal"));
    }
  }
  const std::string refusal = string_or(delta, "refusal");
  if (!refusal.empty()) refused_ = true;
  say(refusal);
}

void ChatDecoder::read_reasoning(const Json& delta, EventSink& sink) {
  std::string text = string_or(delta, "reasoning_content");
  if (text.empty()) text = string_or(delta, "reasoning");
  if (!text.empty()) {
    reasoning_content_ += text;
    sink.on_event(ReasoningDelta{text});
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

std::vector<ToolCall> ChatDecoder::whole_calls() {
  std::vector<ToolCall> calls;
  if (finish_reason_ == "content_filter") return calls;
  std::vector<ChatCallSlots::Slot>& slots = calls_.slots();
  std::set<std::string> ids;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    ChatCallSlots::Slot& slot = slots[i];
    WireCall wire;
    wire.id = ids.insert(slot.id).second ? slot.id : "";
    wire.name = slot.name;
    wire.arguments = slot.arguments;
    wire.cut = finish_reason_ == "length" && i + 1 == slots.size();
    wire.custom = slot.custom;
    std::vector<ToolCall> read = openai::read_calls(wire, *context_.tools);
    if (read.size() == 1) {
      ToolCall& call = read.front();
      Json metadata = Json::object();
      // The model's own spelling keeps the beginning of the conversation the same for its cache.
      if (call.arguments_error.empty() && !blank(slot.arguments) &&
          slot.arguments != dump_json(call.arguments) && holds_json_object(slot.arguments)) {
        metadata["arguments"] = slot.arguments;
      }
      if (!slot.extra.empty()) metadata["extra"] = slot.extra;
      if (!metadata.empty()) {
        metadata["api"] = "chat";
        metadata["endpoint"] = context_.endpoint;
        call.provider_metadata = std::move(metadata);
      }
    }
    for (ToolCall& call : read) calls.push_back(std::move(call));
  }
  return calls;
}

FinishReason ChatDecoder::reason(bool has_calls) const {
  if (finish_reason_ == "length" || finish_reason_ == "model_length") return FinishReason::kLength;
  if (finish_reason_ == "content_filter") return FinishReason::kContentFilter;
  // What was called decides, not the word: servers say "stop" with calls and "tool_calls" without.
  if (has_calls) return FinishReason::kToolCalls;
  if (finish_reason_ == "stop" || finish_reason_ == "tool_calls" ||
      finish_reason_ == "function_call") {
    return FinishReason::kStop;
  }
  return FinishReason::kOther;
}

void ChatDecoder::finish(EventSink& sink) {
  std::vector<ToolCall> calls = whole_calls();
  if (finish_reason_.empty()) {
    // Without a reason only an explicit end counts, and only when everything in it is whole.
    bool whole = done_ && (has_text_ || !calls.empty());
    for (const ToolCall& call : calls) whole = whole && call.arguments_error.empty();
    if (!whole) throw vendor::stream_cut(context_.service);
  }
  const bool has_calls = !calls.empty();
  for (ToolCall& call : calls) sink.on_event(ToolCallEvent{std::move(call)});
  if (usage_) sink.on_event(UsageEvent{*usage_});
  Finish end;
  end.reason = reason(has_calls);
  end.raw_reason = refused_ ? "refusal" : finish_reason_;
  end.model = model_;
  if (!reasoning_content_.empty() || !reasoning_details_.empty()) {
    end.provider_metadata = {{"api", "chat"}, {"endpoint", context_.endpoint}};
    if (!reasoning_content_.empty()) {
      end.provider_metadata["reasoning_content"] = reasoning_content_;
    }
    if (!reasoning_details_.empty()) {
      end.provider_metadata["reasoning_details"] = reasoning_details_;
    }
  }
  sink.on_event(end);
}

}  // namespace cartpilot::openai
