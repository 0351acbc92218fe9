#include "anthropic/blocks.h"

#include <utility>

#include "cartpilot/vendor/call_ids.h"

namespace cartpilot::anthropic {
namespace {

/// Appends to the text member `key`, making it one.
void append_text(Json& block, const char* key, const std::string& text) {
  Json& value = block[key];
  if (!value.is_string()) value = "";
  value.get_ref<std::string&>() += text;
}

}  // namespace

Block* BlockList::open_block(std::int64_t index) {
  const auto found = open_.find(index);
  return found == open_.end() ? nullptr : &blocks_[found->second];
}

void BlockList::show_text(const std::string& text, EventSink& sink) {
  if (text.empty()) return;
  has_text_ = true;
  sink.on_event(TextDelta{text});
}

void BlockList::start(std::int64_t index, const Json& block, EventSink& sink) {
  if (!block.is_object()) return;
  const std::string type = string_or(block, "type");
  if (const Block* open = open_block(index)) {
    const bool same =
        open->is(type.c_str()) && string_or(open->raw, "id") == string_or(block, "id");
    if (same) return;  // begun twice
  }
  Block made;
  made.raw = block;
  if (type == "tool_use") {
    const std::string id = string_or(block, "id");
    const bool usable = !id.empty() && used_ids_.count(id) == 0;
    made.call_id = usable ? id : vendor::new_call_id(used_ids_);
    used_ids_.insert(made.call_id);
    ++calls_;
    if (!block.contains("input")) made.raw["input"] = Json::object();
    sink.on_event(ToolCallBegin{made.call_id, string_or(block, "name")});
  } else if (type == "thinking") {
    const std::string text = string_or(block, "thinking");
    if (!text.empty()) sink.on_event(ReasoningDelta{text});
  } else {
    show_text(string_or(block, "text"), sink);
  }
  open_[index] = blocks_.size();
  blocks_.push_back(std::move(made));
}

/// The block that holds pieces for which none was begun; pieces of one kind in a row share it.
Block& BlockList::implied_block(const char* type, const char* member) {
  if (blocks_.empty() || !blocks_.back().implied || !blocks_.back().is(type)) {
    Block made;
    made.raw = Json{{"type", type}, {member, ""}};
    made.ended = true;
    made.implied = true;
    blocks_.push_back(std::move(made));
  }
  return blocks_.back();
}

void BlockList::add_input(Block& block, const std::string& text, EventSink& sink) {
  if (block.input.size() + text.size() > kMaxInput) {
    block.too_long = true;
    return;
  }
  block.input += text;
  if (block.is_call() && !text.empty()) sink.on_event(ToolCallDelta{block.call_id, text});
}

bool BlockList::add(std::int64_t index, const Json& delta, EventSink& sink) {
  Block* block = open_block(index);
  const std::string type = string_or(delta, "type");
  if (type == "text_delta") {
    const std::string text = string_or(delta, "text");
    const bool fits = block != nullptr && !block->is_call() && !block->is("thinking") &&
                      !block->is("redacted_thinking");
    append_text(fits ? block->raw : implied_block("text", "text").raw, "text", text);
    show_text(text, sink);
  } else if (type == "thinking_delta") {
    const std::string text = string_or(delta, "thinking");
    const bool fits = block != nullptr && block->is("thinking");
    append_text(fits ? block->raw : implied_block("thinking", "thinking").raw, "thinking", text);
    if (!text.empty()) sink.on_event(ReasoningDelta{text});
  } else if (type == "signature_delta") {
    const std::string text = string_or(delta, "signature");
    const bool fits = block != nullptr && block->is("thinking");
    // Some servers send the whole signature with the beginning and once more here.
    if (fits && string_or(block->raw, "signature") != text) {
      append_text(block->raw, "signature", text);
    }
  } else if (type == "input_json_delta") {
    const bool fits = block != nullptr && !block->is("text") && !block->is("thinking");
    if (!fits) return false;
    add_input(*block, string_or(delta, "partial_json"), sink);
  } else if (type == "citations_delta" && block != nullptr && delta.contains("citation")) {
    Json& citations = block->raw["citations"];
    if (!citations.is_array()) citations = Json::array();
    citations.push_back(delta["citation"]);
  }
  return true;  // others are not known and change nothing that is shown or run
}

void BlockList::stop(std::int64_t index) {
  Block* block = open_block(index);
  if (block == nullptr) return;
  block->ended = true;
  if (!block->is_call() && !block->input.empty()) {
    try {
      block->raw["input"] = parse_json(block->input);
    } catch (const Error&) {
      block->raw["input"] = Json::object();  // a call of the service's own; it has the original
    }
  }
  open_.erase(index);
}

}  // namespace cartpilot::anthropic
