#include "gemini/decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "cartpilot/vendor/broken_arguments.h"
#include "cartpilot/vendor/call_ids.h"
#include "cartpilot/vendor/stream_errors.h"
#include "cartpilot/vendor/text.h"
#include "gemini/errors.h"
#include "gemini/models.h"

namespace cartpilot::gemini {
namespace {

constexpr std::string_view kGzipMagic = "\x1F\x8B";
constexpr double kMaxTokens = 1e15;

[[noreturn]] void fail_compressed() {
  fail_protocol(
      "Gemini's answer arrived compressed although no compression was asked for; check the proxy "
      "in between or GEMINI_BASE_URL",
      "compressed", false);
}

/// Token counts are numbers, or texts when a gateway prints them as 64-bit integers.
std::optional<std::int64_t> count_of(const Json& usage, const char* key) {
  const auto found = usage.find(key);
  if (found == usage.end()) return std::nullopt;
  if (found->is_number()) {
    // Bounded, so that sums of them fit whatever a server sends.
    const double value = found->get<double>();
    if (value >= 0 && value < kMaxTokens) return static_cast<std::int64_t>(value);
    return std::nullopt;
  }
  if (!found->is_string()) return std::nullopt;
  const std::string& text = found->get_ref<const std::string&>();
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = problem == std::errc() && end == text.data() + text.size();
  if (!whole || value < 0 || static_cast<double>(value) >= kMaxTokens) return std::nullopt;
  return value;
}

/// Text that may be joined with its neighbours: nothing but the text and whether it is a thought.
bool is_plain_text(const Json& part) {
  for (const auto& [key, value] : part.items()) {
    if (key != "text" && key != "thought") return false;
  }
  return true;
}

bool is_thought(const Json& part) {
  const auto found = part.find("thought");
  return found != part.end() && found->is_boolean() && found->get<bool>();
}

std::string word_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : dump_json(*found);
}

/// A part holds one of these, by the vendor's schema; gateways put several into one.
bool is_content(const std::string& key) {
  constexpr std::array<std::string_view, 7> kContents = {
      "text",           "inlineData",         "fileData", "functionCall", "functionResponse",
      "executableCode", "codeExecutionResult"};
  return std::find(kContents.begin(), kContents.end(), key) != kContents.end();
}

/// `part` as parts of one content each. A thought is the text; everything else that is no content,
/// the signature first of all, belongs to the last of them, which is the call where there is one.
std::vector<Json> split_part(Json part) {
  std::vector<Json> parts;
  Json rest = Json::object();
  Json call;
  for (auto& [key, value] : part.items()) {
    if (value.is_null()) continue;
    if (!is_content(key)) {
      append_member(rest, key, std::move(value));
    } else if (key == "functionCall") {
      call = Json{{key, std::move(value)}};
    } else if (key == "text") {
      parts.insert(parts.begin(), Json{{key, std::move(value)}});
    } else {
      parts.push_back(Json{{key, std::move(value)}});
    }
  }
  if (!call.is_null()) parts.push_back(std::move(call));
  if (parts.empty()) parts.push_back(Json::object());
  const auto thought = rest.find("thought");
  if (parts.size() > 1 && parts.front().contains("text") && thought != rest.end()) {
    parts.front()["thought"] = std::move(*thought);
    rest.erase(thought);
  }
  for (auto& [key, value] : rest.items()) append_member(parts.back(), key, std::move(value));
  return parts;
}

std::string unreadable(const Error& error, std::string_view text) {
  return fmt::format("{}; try again, or check GEMINI_BASE_URL; it began: {}",
                     vendor::one_line(error.what(), 200), vendor::one_line(text, 120));
}

bool is_unspecified(std::string_view reason) {
  return reason.empty() || reason == "FINISH_REASON_UNSPECIFIED" || reason == "0";
}

}  // namespace

GeminiDecoder::GeminiDecoder(DecodeContext context) : context_(std::move(context)) {}

bool GeminiDecoder::decode(const HttpEvent& event, EventSink& shown) {
  EventSink& sink = characters_.before(shown);
  context_.notices->show(sink);
  if (event.name == "error") {
    fail_inside(vendor::read_error_body(vendor::without_end_mark(event.data)));
  }
  switch (event.kind) {
    case HttpEvent::Kind::kBody: read_body(event.data, sink); break;
    case HttpEvent::Kind::kEvent: read_event(event.data, sink); break;
    case HttpEvent::Kind::kStray: read_stray(event.data, sink); break;
  }
  return true;
}

void GeminiDecoder::fail_inside(const vendor::ErrorBody& body) const {
  Error failure = vendor::error_inside_answer(body, context_.service, gemini_error);
  if (failure.request_id.empty()) failure.request_id = response_id_;
  throw failure;
}

void GeminiDecoder::read_body(std::string_view body, EventSink& sink) {
  if (body.substr(0, kGzipMagic.size()) == kGzipMagic) fail_compressed();
  if (const auto told = vendor::behind_error_word(body)) {
    fail_inside(vendor::read_error_body(vendor::without_end_mark(*told)));
  }
  Json value;
  try {
    value = characters_.parse(vendor::without_end_mark(body), "Gemini's answer");
  } catch (const Error& error) {
    if (vendor::trim(body).empty()) return;  // finish() says what an empty answer means
    // Half a JSON text may be whole the next time; a web page will not.
    const char first = vendor::trim(body)[0];
    fail_protocol(unreadable(error, body), "bad_json", first == '{' || first == '[');
  }
  // An array is a stream that was asked for without alt=sse; it has to bring its finish reason.
  single_body_ = value.is_object();
  if (!value.is_structured()) {
    fail_protocol("Gemini's answer is no JSON object; check GEMINI_BASE_URL; it is " +
                      vendor::one_line(dump_json(value), 80),
                  "bad_json", false);
  }
  read_value(std::move(value), sink);
}

void GeminiDecoder::read_event(std::string_view data, EventSink& sink) {
  if (!damaged_.empty()) fail_protocol(damaged_, "bad_json", true);
  const std::string_view text = vendor::without_end_mark(data);
  if (text.empty()) return;
  Json value;
  try {
    value = characters_.parse(text, "an event of Gemini's answer");
  } catch (const Error& error) {
    // Nothing of an answer begins like a plain word; some gateways send one as a sign of life.
    if (text.front() != '{' && text.front() != '[' && text.front() != '<') {
      words_ = text;
      return;
    }
    // The last event of a cut connection is half a JSON text. Only what follows tells.
    damaged_ = unreadable(error, text);
    return;
  }
  read_value(std::move(value), sink);
}

void GeminiDecoder::read_stray(std::string_view text, EventSink& sink) {
  if (stray_.empty() && text.substr(0, kGzipMagic.size()) == kGzipMagic) fail_compressed();
  constexpr std::size_t kMaxStray = 1 << 20;
  if (stray_.size() + text.size() > kMaxStray) {
    fail_protocol(
        "Gemini's event stream holds too much text outside of events; check GEMINI_BASE_URL",
        "stray", false);
  }
  if (const auto told = vendor::behind_error_word(text); told && stray_.empty()) {
    fail_inside(vendor::read_error_body(vendor::without_end_mark(*told)));
  }
  stray_.append(text).append("\n");
  const std::size_t end = stray_.find_last_not_of(" \t\r\n");
  if (end == std::string::npos || (stray_[end] != '}' && stray_[end] != ']')) return;
  Json value;
  try {
    value = characters_.parse(vendor::without_end_mark(stray_), "text outside of events");
  } catch (const Error&) {
    return;  // not complete, or not JSON at all; finish() mentions it when the answer was cut
  }
  stray_.clear();
  if (value.is_structured()) read_value(std::move(value), sink);
}

void GeminiDecoder::read_value(Json value, EventSink& sink) {
  if (const auto error = vendor::find_error(value)) fail_inside(*error);
  if (value.is_array()) {
    for (Json& chunk : value) {
      if (chunk.is_object()) read_chunk(chunk, sink);
    }
  } else if (value.is_object()) {
    read_chunk(value, sink);
  }
  // null and the like are signs of life.
}

void GeminiDecoder::read_chunk(Json& chunk, EventSink& sink) {
  saw_chunk_ = true;
  read_model(chunk, sink);
  if (const auto feedback = chunk.find("promptFeedback");
      feedback != chunk.end() && feedback->is_object()) {
    const std::string reason = word_of(*feedback, "blockReason");
    if (!reason.empty() && !vendor::contains(reason, "UNSPECIFIED") && reason != "0") {
      block_reason_ = reason;
    }
  }
  if (const auto usage = chunk.find("usageMetadata"); usage != chunk.end()) {
    read_usage(*usage, sink);
  }
  const auto candidates = chunk.find("candidates");
  if (candidates == chunk.end() || !candidates->is_array()) return;
  if (Json* candidate = choose_candidate(*candidates)) read_candidate(*candidate, sink);
}

void GeminiDecoder::read_model(const Json& chunk, EventSink& sink) {
  if (std::string version = string_or(chunk, "modelVersion");
      !version.empty() && version != model_version_) {
    model_version_ = std::move(version);
    // Google answers for retired models with their successors, without a word elsewhere.
    if (std::string line = routing_notice(context_.service.model, model_version_); !line.empty()) {
      context_.notices->add(std::move(line));
      context_.notices->show(sink);
    }
  }
  if (std::string id = string_or(chunk, "responseId"); !id.empty()) response_id_ = std::move(id);
  const auto status = chunk.find("modelStatus");
  if (status == chunk.end() || !status->is_object()) return;
  const std::string stage = word_of(*status, "modelStage");
  if (stage == "LEGACY" || stage == "DEPRECATED" || stage == "RETIRED") {
    const std::string until = vendor::one_line(word_of(*status, "retirementTime"), 40);
    const std::string said = vendor::one_line(word_of(*status, "message"), 200);
    context_.notices->add(fmt::format("{} is {}{}{}{}{}", context_.service.model,
                                      vendor::lower(stage), until.empty() ? "" : ", retires ",
                                      until, said.empty() ? "" : ": ", said));
    context_.notices->show(sink);
  }
}

/// Proto-JSON leaves out an index of 0. The first candidate of the first chunk decides which one is
/// followed; others are not asked for and not looked at.
Json* GeminiDecoder::choose_candidate(Json& candidates) {
  Json* first = nullptr;
  for (Json& candidate : candidates) {
    if (!candidate.is_object()) continue;
    const std::int64_t index = count_of(candidate, "index").value_or(0);
    if (candidate_index_ ? index == *candidate_index_ : index == 0) {
      candidate_index_ = index;
      return &candidate;
    }
    if (!first) first = &candidate;
  }
  if (!first || candidate_index_) return nullptr;
  candidate_index_ = count_of(*first, "index").value_or(0);
  return first;
}

/// Every chunk brings a snapshot: the last value of each count is the one that holds.
void GeminiDecoder::read_usage(const Json& usage, EventSink& sink) {
  if (!usage.is_object()) return;
  const auto note = [&usage](std::optional<std::int64_t>& count, const char* key) {
    if (const auto value = count_of(usage, key)) count = value;
  };
  note(counts_.prompt, "promptTokenCount");
  note(counts_.tool_prompt, "toolUsePromptTokenCount");
  note(counts_.candidates, "candidatesTokenCount");
  note(counts_.thoughts, "thoughtsTokenCount");
  note(counts_.cached, "cachedContentTokenCount");
  Usage now;
  now.input_tokens = counts_.prompt.value_or(0) + counts_.tool_prompt.value_or(0);
  now.reasoning_tokens = counts_.thoughts.value_or(0);
  now.output_tokens = counts_.candidates.value_or(0) + now.reasoning_tokens;
  now.cached_tokens = counts_.cached.value_or(0);
  if (now == reported_) return;
  reported_ = now;
  sink.on_event(UsageEvent{now});
}

void GeminiDecoder::read_candidate(Json& candidate, EventSink& sink) {
  saw_candidate_ = true;
  if (const auto content = candidate.find("content");
      content != candidate.end() && content->is_object()) {
    if (const auto parts = content->find("parts"); parts != content->end()) {
      if (parts->is_object()) *parts = Json::array({std::move(*parts)});
      if (parts->is_array()) {
        ended_ = ended_ && parts->empty();  // a finish reason before the end was none
        for (Json& part : *parts) {
          if (part.is_object()) read_part(std::move(part), sink);
        }
      }
    }
  }
  if (std::string reason = word_of(candidate, "finishReason"); !is_unspecified(reason)) {
    finish_reason_ = std::move(reason);
    ended_ = true;
  }
  if (std::string message = word_of(candidate, "finishMessage"); !message.empty()) {
    finish_message_ = std::move(message);
  }
}

void GeminiDecoder::read_part(Json part, EventSink& sink) {
  std::size_t contents = 0;
  bool nulls = false;
  for (const auto& [key, value] : part.items()) {
    nulls = nulls || value.is_null();
    if (is_content(key)) ++contents;
  }
  if (contents < 2 && !nulls) return read_single_part(std::move(part), sink);
  for (Json& single : split_part(std::move(part))) read_single_part(std::move(single), sink);
}

void GeminiDecoder::read_single_part(Json part, EventSink& sink) {
  if (const auto call = part.find("functionCall"); call != part.end() && call->is_object()) {
    read_call(std::move(part), sink);
    return;
  }
  if (const auto text = part.find("text"); text != part.end() && text->is_string()) {
    read_text(std::move(part), sink);
    return;
  }
  const bool has_content = [&] {
    for (const auto& [key, value] : part.items()) {
      if (key != "thought" && key != "thoughtSignature" && key != "partMetadata") return true;
    }
    return false;
  }();
  if (has_content) {
    saw_other_part_ = true;
    keep_part(std::move(part));
  } else if (part.contains("thoughtSignature")) {
    // An empty text was left out by somebody's JSON writer; without it the part would be refused.
    Json restored{{"text", ""}};
    for (const auto& [key, value] : part.items()) append_member(restored, key, value);
    keep_part(std::move(restored));
  }
}

void GeminiDecoder::keep_part(Json part) {
  parts_.push_back(std::move(part));
  joinable_ = Joinable::kNothing;
}

void GeminiDecoder::read_text(Json part, EventSink& sink) {
  const std::string& text = part["text"].get_ref<const std::string&>();
  const bool thought = is_thought(part);
  if (!text.empty()) {
    if (thought) {
      sink.on_event(ReasoningDelta{text});
    } else {
      saw_text_ = true;
      sink.on_event(TextDelta{text});
    }
  }
  // A signature belongs to exactly its own part: signed text is never joined with anything.
  if (!is_plain_text(part)) {
    keep_part(std::move(part));
    return;
  }
  if (text.empty()) return;
  const Joinable kind = thought ? Joinable::kThought : Joinable::kText;
  if (joinable_ == kind) {
    parts_.back()["text"].get_ref<std::string&>() += text;
  } else {
    keep_part(std::move(part));
    joinable_ = kind;
  }
}

void GeminiDecoder::read_call(Json part, EventSink& sink) {
  Json& function_call = part["functionCall"];
  if (function_call.contains("partialArgs")) {
    fail_protocol(
        "the server sends function arguments in pieces (partialArgs), which was not asked for; "
        "switch streamFunctionCallArguments off there",
        "partial_arguments", false);
  }
  ToolCall call;
  call.name = declared_name(string_or(function_call, "name"), context_.names);
  characters_.join(function_call);
  read_arguments(function_call, call);
  vendor::refuse_half_characters(characters_, call);
  if (call.name.empty()) {
    // It goes back, and there it needs a name.
    function_call["name"] = call.name = "unnamed_function";
    call.arguments_error = "the call names no function; call it again with its name";
  }
  const auto args = function_call.find("args");
  // What goes back must be an object, whatever a gateway made of it.
  if (args != function_call.end() && !args->is_object() && !args->is_null()) {
    *args = call.arguments;
  }
  const std::string wire_id = string_or(function_call, "id");
  if (!wire_id.empty()) {
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      const bool same = wire_ids_[i] == wire_id && calls_[i].name == call.name &&
                        calls_[i].arguments == call.arguments;
      if (same) return;  // repeated by a later chunk
    }
  }
  // The service's id when it is there and new in this conversation. The raw part keeps its own.
  const bool usable = !wire_id.empty() && context_.used_ids.count(wire_id) == 0;
  call.id = usable ? wire_id : vendor::new_call_id(context_.used_ids);
  if (call.id != wire_id) call.provider_metadata = Json{{"wire_id", wire_id}};
  keep_part(std::move(part));
  wire_ids_.push_back(wire_id);
  context_.used_ids.insert(call.id);
  sink.on_event(ToolCallBegin{call.id, call.name});
  calls_.push_back(std::move(call));
}

}  // namespace cartpilot::gemini
