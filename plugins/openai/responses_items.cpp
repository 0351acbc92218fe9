#include "openai/responses_items.h"

#include <algorithm>
#include <utility>

#include "cartpilot/vendor/call_arguments.h"
#include "cartpilot/vendor/text.h"
#include "openai/answer_pieces.h"

namespace cartpilot::openai {
namespace {

bool is_free_text(const Json& item) { return string_or(item, "type") == "custom_tool_call"; }

std::string arguments_text(const Json& item) {
  const Json written = written_arguments(item);
  if (written.is_string()) return written.get<std::string>();
  return written.is_null() ? "" : dump_json(written);
}

/// One may be the beginning of the other.
bool agree(std::string_view a, std::string_view b) {
  return vendor::starts_with(a, b) || vendor::starts_with(b, a);
}

/// True when `item` says nothing else than what `slot` has collected.
bool says_the_same(const ResponseItem& slot, const Json& item) {
  switch (slot.kind) {
    case ItemKind::kMessage: {
      const std::string text = message_text(item);
      return text.empty() || agree(text, slot.text);
    }
    case ItemKind::kCall: {
      const std::string name = slot.raw.is_null() ? slot.name : string_or(slot.raw, "name");
      const std::string own = arguments_text(slot.raw);
      const std::string text = arguments_text(item);
      if (!name.empty() && name != string_or(item, "name")) return false;
      if (slot.done) return text == own || text == slot.arguments;
      return agree(text, slot.arguments.empty() ? own : slot.arguments);
    }
    case ItemKind::kReasoning: return true;
    case ItemKind::kOther:
      return slot.done ? slot.raw == item : string_or(slot.raw, "type") == string_or(item, "type");
  }
  return false;
}

/// True for an item that has the id of `slot`, which is complete, and is another one.
bool is_another(const ResponseItem& slot, const ItemPlace& place, const Json& item) {
  if (!slot.done) return false;
  if (slot.kind == ItemKind::kCall) return call_id_of(slot.raw) != call_id_of(item);
  return place.index && slot.index && place.index != slot.index && !says_the_same(slot, item);
}

}  // namespace

ItemPlace place_of(const Json& event) {
  ItemPlace place;
  place.id = string_or(event, "item_id");
  if (place.id.empty() && event.contains("item")) place.id = string_or(event["item"], "id");
  const auto index = event.find("output_index");
  if (index != event.end()) place.index = whole_number(*index);
  return place;
}

ItemKind kind_of(const Json& item) {
  const std::string type = string_or(item, "type");
  if (type == "function_call" || type == "custom_tool_call") return ItemKind::kCall;
  if (type == "reasoning") return ItemKind::kReasoning;
  if (type == "message" || type == "text" || type == "output_text" || type == "refusal") {
    return ItemKind::kMessage;
  }
  if (!type.empty()) return ItemKind::kOther;
  if (item.contains("name") && item.contains("arguments")) return ItemKind::kCall;
  return item.contains("content") ? ItemKind::kMessage : ItemKind::kOther;
}

std::string call_id_of(const Json& item) { return string_or(item, "call_id"); }

std::string message_text(const Json& item) {
  const auto content = item.find("content");
  if (content == item.end() || content->is_null()) return text_of_part(item);
  if (content->is_string()) return content->get<std::string>();
  std::string text;
  if (!content->is_array()) return text_of_part(*content);
  for (const Json& part : *content) {
    if (!is_thought(part)) text += text_of_part(part);
  }
  return text;
}

Json written_arguments(const Json& item) {
  const auto found = item.find(is_free_text(item) ? "input" : "arguments");
  return found == item.end() ? Json() : *found;
}

ResponseItem& ResponseItems::open(const ItemPlace& place, ItemKind kind) {
  ResponseItem& slot = items_.emplace_back();
  slot.kind = kind;
  slot.index = place.index;
  if (!place.id.empty()) slot.ids.insert(place.id);
  return slot;
}

/// Of several items with one id the one at this index, else one whose end has not come.
ResponseItem* ResponseItems::by_id(const ItemPlace& place, ItemKind kind) {
  ResponseItem* found = nullptr;
  if (place.id.empty()) return found;
  for (ResponseItem& slot : items_) {
    if (slot.kind != kind || slot.ids.count(place.id) == 0) continue;
    if (place.index && slot.index == place.index) return &slot;
    if (found == nullptr || found->done) found = &slot;
  }
  return found;
}

ResponseItem* ResponseItems::by_call_id(const std::string& call_id) {
  if (call_id.empty()) return nullptr;
  for (ResponseItem& slot : items_) {
    if (slot.kind == ItemKind::kCall && call_id_of(slot.raw) == call_id) return &slot;
  }
  return nullptr;
}

ResponseItem* ResponseItems::by_index(std::optional<std::int64_t> index, ItemKind kind,
                                      bool with_done) {
  if (!index) return nullptr;
  for (auto slot = items_.rbegin(); slot != items_.rend(); ++slot) {
    if (slot->kind == kind && slot->index == index && (with_done || !slot->done)) return &*slot;
  }
  return nullptr;
}

/// The first item that may be `item` by what it says: in the terminal event any, before it those
/// whose end has not come and that are no other call.
ResponseItem* ResponseItems::by_content(const Json& item, ItemKind kind, bool terminal) {
  for (ResponseItem& slot : items_) {
    if (slot.kind != kind || (terminal ? slot.matched : slot.done)) continue;
    const std::string own = call_id_of(slot.raw);
    const bool two = !own.empty() && !call_id_of(item).empty() && own != call_id_of(item);
    // Some services name their calls anew in the terminal event.
    if ((terminal || !two) && says_the_same(slot, item)) return &slot;
  }
  return nullptr;
}

ResponseItem& ResponseItems::for_delta(const ItemPlace& place, ItemKind kind) {
  if (ResponseItem* known = by_id(place, kind)) {
    known->id_used = true;
    return *known;
  }
  ResponseItem* slot = by_index(place.index, kind, false);
  if (slot == nullptr && !place.index) {
    for (ResponseItem& open : items_) {
      const bool another =
          !place.id.empty() && !open.ids.empty() && (open.id_used || open.raw.is_null());
      if (open.kind == kind && !open.done && !another) slot = &open;
    }
  }
  if (slot == nullptr && place.index) slot = only_silent(kind);
  if (slot == nullptr) slot = &open(place, kind);
  if (!place.id.empty()) slot->ids.insert(place.id);
  return *slot;
}

/// The one item that was announced and has said nothing yet, where there is just one: its deltas
/// may come under another index.
ResponseItem* ResponseItems::only_silent(ItemKind kind) {
  ResponseItem* found = nullptr;
  for (ResponseItem& slot : items_) {
    if (slot.kind != kind || slot.raw.is_null() || slot.done) continue;
    if (!slot.text.empty() || !slot.arguments.empty()) continue;
    if (found != nullptr) return nullptr;
    found = &slot;
  }
  return found;
}

ResponseItem* ResponseItems::find(const ItemPlace& place, const Json& item, ItemKind kind) {
  ResponseItem* slot = by_id(place, kind);
  if (slot != nullptr && !is_another(*slot, place, item)) return slot;
  slot = by_call_id(call_id_of(item));
  if (slot != nullptr && (!slot->done || says_the_same(*slot, item))) return slot;
  slot = by_index(place.index, kind, false);
  const bool renamed = slot != nullptr && !slot->id_used && kind == ItemKind::kMessage;
  if (slot != nullptr && (renamed || says_the_same(*slot, item))) return slot;
  return by_content(item, kind, false);
}

ResponseItem* ResponseItems::add(const ItemPlace& place, const Json& item) {
  const ItemKind kind = kind_of(item);
  ResponseItem* slot = by_id(place, kind);
  if (slot != nullptr && is_another(*slot, place, item)) slot = nullptr;
  if (slot == nullptr && place.id.empty()) slot = by_call_id(call_id_of(item));
  if (slot == nullptr) {
    // Deltas may have come before their item.
    slot = by_index(place.index, kind, false);
    if (slot != nullptr && !slot->raw.is_null()) slot = nullptr;
  }
  if (slot == nullptr) slot = &open(place, kind);
  if (slot->done) return nullptr;
  if (!place.id.empty()) slot->ids.insert(place.id);
  if (slot->raw.is_null()) slot->raw = item;
  return slot;
}

ResponseItem* ResponseItems::fill(ResponseItem& slot, const ItemPlace& place, const Json& item) {
  if (!place.id.empty()) slot.ids.insert(place.id);
  if (slot.done) return nullptr;
  slot.raw = item;
  slot.done = slot.text_done = true;
  if (slot.kind != ItemKind::kMessage) return &slot;
  const std::string text = message_text(item);
  if (vendor::starts_with(text, slot.text)) slot.text = text;
  return &slot;
}

ResponseItem* ResponseItems::complete(const ItemPlace& place, const Json& item) {
  const ItemKind kind = kind_of(item);
  ResponseItem* slot = find(place, item, kind);
  if (slot == nullptr) {
    // The same once more, under another name.
    ResponseItem* told = by_index(place.index, kind, true);
    if (told != nullptr && told->done && kind != ItemKind::kCall && says_the_same(*told, item) &&
        (kind != ItemKind::kReasoning || told->raw == item)) {
      return nullptr;
    }
    slot = &open(place, kind);
  }
  return fill(*slot, place, item);
}

std::vector<ResponseItem*> ResponseItems::complete_all(const Json& output) {
  std::vector<ResponseItem*> fresh;
  std::vector<const Json*> unknown;
  const auto take = [&](ResponseItem& slot, const Json& item) {
    slot.matched = true;
    if (ResponseItem* filled = fill(slot, {string_or(item, "id"), std::nullopt}, item)) {
      fresh.push_back(filled);
    }
  };
  // Those that are recognised by a name first, so that no other is taken for them.
  for (const Json& item : output) {
    if (!item.is_object()) continue;
    const ItemKind kind = kind_of(item);
    ResponseItem* slot = by_id({string_or(item, "id"), std::nullopt}, kind);
    if (slot == nullptr) {
      slot = by_call_id(call_id_of(item));
      if (slot != nullptr && slot->done && !says_the_same(*slot, item)) slot = nullptr;
    }
    if (slot != nullptr && !slot->matched) {
      take(*slot, item);
    } else if (slot == nullptr) {
      unknown.push_back(&item);
    }
  }
  for (const Json* item : unknown) {
    const ItemKind kind = kind_of(*item);
    ResponseItem* slot = by_content(*item, kind, true);
    if (slot == nullptr) slot = &open({string_or(*item, "id"), std::nullopt}, kind);
    take(*slot, *item);
  }
  return fresh;
}

std::vector<ResponseItem*> ResponseItems::in_order() {
  std::vector<ResponseItem*> arrived;
  std::set<std::int64_t> indexes;
  for (ResponseItem& slot : items_) {
    arrived.push_back(&slot);
    if (slot.index) indexes.insert(*slot.index);
  }
  if (indexes.size() != arrived.size()) return arrived;
  std::vector<ResponseItem*> sorted = arrived;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto* a, const auto* b) { return *a->index < *b->index; });
  const auto texts = [](const std::vector<ResponseItem*>& order) {
    std::vector<ResponseItem*> shown;
    for (ResponseItem* slot : order) {
      if (slot->kind == ItemKind::kMessage && !slot->text.empty()) shown.push_back(slot);
    }
    return shown;
  };
  return texts(sorted) == texts(arrived) ? sorted : arrived;
}

}  // namespace cartpilot::openai
