#include "openai/chat_call_slots.h"

namespace cartpilot::openai {
namespace {

/// Members of one call that are not Chat Completions' own. Google sends one; the bound keeps the
/// look-up of each name short.
constexpr std::size_t kMaxExtraMembers = 64;

const Json& payload_of(const Json& delta, bool& custom) {
  static const Json kNothing = Json::object();
  for (const char* key : {"function", "custom"}) {
    const auto found = delta.find(key);
    if (found != delta.end() && found->is_object()) {
      custom = std::string_view(key) == "custom";
      return *found;
    }
  }
  return kNothing;
}

}  // namespace

void ChatCallSlots::BracketCount::feed(std::string_view text) {
  for (const char c : text) {
    if (in_string_) {
      in_string_ = escaped_ || c != '"';
      escaped_ = !escaped_ && c == '\\';
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      begun_ = true;
      ++depth_;
    } else if (c == '}' || c == ']') {
      --depth_;
    }
  }
}

std::size_t ChatCallSlots::open_slot() {
  slots_.emplace_back();
  return slots_.size() - 1;
}

std::size_t ChatCallSlots::choose(const Json& delta, const std::string& id,
                                  const std::string& name) {
  const auto index_member = delta.find("index");
  const auto given = index_member == delta.end() ? std::nullopt : whole_number(*index_member);
  const bool has_index = given.has_value();
  const std::int64_t index = given.value_or(0);
  const auto index_entry = has_index ? by_index_.find(index) : by_index_.end();
  const std::size_t with_index = index_entry == by_index_.end() ? kNone : index_entry->second;
  const auto id_entry = id.empty() ? by_id_.end() : by_id_.find(id);
  const std::size_t with_id = id_entry == by_id_.end() ? kNone : id_entry->second;

  std::size_t chosen = kNone;
  if (with_id != kNone) {
    // One id for several calls: a name under another index begins a new one.
    const bool repeated_id =
        !name.empty() && has_index && with_index != with_id && !slots_[with_id].name.empty();
    chosen = repeated_id ? (with_index != kNone ? with_index : open_slot()) : with_id;
  } else if (!id.empty()) {
    if (with_index == kNone) {
      chosen = open_slot();
    } else {
      const Slot& known = slots_[with_index];
      const bool fresh = known.id.empty() || known.name.empty();
      const bool continues = name.empty() || (name == known.name && !known.arguments.empty() &&
                                              !known.brackets.closed());
      chosen = fresh || continues ? with_index : open_slot();
    }
  } else if (has_index) {
    chosen = with_index != kNone ? with_index : open_slot();
  } else {
    const bool begins = last_ == kNone || (!name.empty() && !slots_[last_].name.empty());
    chosen = begins ? open_slot() : last_;
  }
  if (has_index) by_index_[index] = chosen;
  if (!id.empty()) by_id_[id] = chosen;
  last_ = chosen;
  return chosen;
}

ChatCallSlots::Slot* ChatCallSlots::add(const Json& delta, std::string& fragment) {
  fragment.clear();
  if (!delta.is_object()) return nullptr;
  bool custom = false;
  const Json& payload = payload_of(delta, custom);
  const std::string id = string_or(delta, "id");
  const std::string name = string_or(payload, "name");
  Slot& slot = slots_[choose(delta, id, name)];
  if (slot.id.empty()) slot.id = id;
  // Set once: some servers repeat the name with every fragment.
  if (slot.name.empty()) slot.name = name;
  slot.custom = slot.custom || custom;

  const auto arguments = payload.find(custom ? "input" : "arguments");
  if (arguments != payload.end()) {
    if (arguments->is_string()) {
      fragment = arguments->get<std::string>();
      slot.arguments += fragment;
      slot.brackets.feed(fragment);
    } else if (arguments->is_object()) {
      fragment = dump_json(*arguments);
      slot.arguments = fragment;
      slot.brackets = {};
      slot.brackets.feed(fragment);
    }
  }
  for (const auto& [key, value] : delta.items()) {
    if (key != "index" && key != "id" && key != "type" && key != "function" && key != "custom" &&
        !value.is_null()) {
      if (slot.extra.size() < kMaxExtraMembers || slot.extra.contains(key)) slot.extra[key] = value;
    }
  }
  return &slot;
}

}  // namespace cartpilot::openai
