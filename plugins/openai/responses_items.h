// ResponseItems: the items of one Responses answer, whatever order and names they come in.
//
// An item is known by its id first, a call also by its call_id, then by output_index, then by what
// it says; gateways share, shift and leave out indexes, and change ids from event to event. What
// fits nothing known is an item of its own: nothing that arrived is dropped. What an item said in
// deltas, and so on the screen, is what it says in the end. One answer, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::openai {

enum class ItemKind { kMessage, kCall, kReasoning, kOther };

struct ResponseItem {
  ItemKind kind = ItemKind::kOther;
  Json raw;  ///< as added, then as done; null before either
  std::set<std::string> ids;
  std::optional<std::int64_t> index;
  std::string name;            ///< of a call that came without its item
  std::string arguments;       ///< collected deltas, then the text of ".done"
  std::string text;            ///< of a message: all that its deltas, and then the item, say
  std::string tail;            ///< of `text` or `arguments`: the beginning of a character
  std::size_t shown = 0;       ///< bytes of `text` that are on the screen
  std::size_t part_begin = 0;  ///< where the last content part begins in `text`
  std::optional<std::int64_t> part_index;  ///< content_index of the last delta
  bool thought_shown = false;
  bool announced = false;
  bool refusal = false;    ///< its deltas were a refusal
  bool text_done = false;  ///< no more text is to come
  bool done = false;
  bool id_used = false;  ///< deltas came under the id of the item, so its id is to be believed
  bool matched = false;  ///< by an item of the terminal event
};

/// Whose event it is.
struct ItemPlace {
  std::string id;
  std::optional<std::int64_t> index;
};

ItemPlace place_of(const Json& event);
ItemKind kind_of(const Json& item);
std::string call_id_of(const Json& item);
/// Text of a message item, of all its parts; refusals are what the model says, too.
std::string message_text(const Json& item);
/// What a call item has written as its arguments, or as the input of a free-text call.
Json written_arguments(const Json& item);

class ResponseItems {
 public:
  /// The item a delta belongs to.
  ResponseItem& for_delta(const ItemPlace& place, ItemKind kind);

  /// An item begins. nullptr when it is known and was complete already.
  ResponseItem* add(const ItemPlace& place, const Json& item);

  /// An item is complete. nullptr when it was before.
  ResponseItem* complete(const ItemPlace& place, const Json& item);

  /// Takes the items of the terminal event: those that are new or were not complete are returned.
  std::vector<ResponseItem*> complete_all(const Json& output);

  /// In the order of their first sign, which is that of the screen.
  std::deque<ResponseItem>& arrived() { return items_; }

  /// In the order of the answer: by index when every item has one of its own and the order of the
  /// texts on the screen agrees.
  std::vector<ResponseItem*> in_order();

 private:
  ResponseItem* by_id(const ItemPlace& place, ItemKind kind);
  ResponseItem* by_call_id(const std::string& call_id);
  ResponseItem* by_index(std::optional<std::int64_t> index, ItemKind kind, bool with_done);
  ResponseItem* by_content(const Json& item, ItemKind kind, bool terminal);
  ResponseItem* find(const ItemPlace& place, const Json& item, ItemKind kind);
  ResponseItem& open(const ItemPlace& place, ItemKind kind);
  ResponseItem* only_silent(ItemKind kind);
  ResponseItem* fill(ResponseItem& slot, const ItemPlace& place, const Json& item);

  std::deque<ResponseItem> items_;
};

}  // namespace cartpilot::openai
