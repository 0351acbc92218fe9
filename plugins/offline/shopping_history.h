// What happened in the conversation so far, read from its messages.
//
// The offline shopper remembers nothing: at every step it reads the whole history again, so that a
// resumed conversation, or one another provider began, goes on where it stood. Values point into
// the messages they were read from, which must outlive them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/message.h"

namespace cartpilot::offline {

/// A call that was answered.
struct Exchange {
  const ToolCall* call = nullptr;
  const ToolResult* result = nullptr;
  std::size_t turn = 0;  ///< which text of the person it belongs to

  bool ok() const;
  bool is(const char* function) const { return call->name == function; }
  std::string argument(const char* name) const { return string_or(call->arguments, name); }
  const Json& content() const { return result->content; }
};

/// A search with its answers.
struct Search {
  std::size_t turn = 0;
  std::string query;
  std::vector<const Json*> offers;  ///< details where they were read, else the list's entry
};

/// A basket on its way to an order.
struct Plan {
  enum class Stage { kOpen, kDropped, kUnknown, kBought };
  Stage stage = Stage::kOpen;
  std::string checkout_id;
  Json items = Json::array();
  const Json* shown = nullptr;  ///< the checkout as the person last saw it, with its frozen receipt
};

class ShoppingHistory {
 public:
  explicit ShoppingHistory(const std::vector<Message>& messages);

  /// The person's texts; the last one is the one to answer. "continue" stands here as what it
  /// continues.
  const std::vector<std::string>& texts() const { return texts_; }

  /// What was done since the person last spoke.
  std::vector<Exchange> current_turn() const;

  /// The newest search that brought offers, before the current turn; and the one of this turn.
  std::optional<Search> earlier_search() const { return newest_search(false); }
  std::optional<Search> current_search() const { return newest_search(true); }

  /// The newest plan as it stood when the person last spoke.
  std::optional<Plan> plan() const;

  /// The newest order that was bought or looked at, "" = none.
  std::string last_order_id() const;

 private:
  std::optional<Search> newest_search(bool in_this_turn) const;
  std::size_t this_turn() const { return texts_.empty() ? 0 : texts_.size() - 1; }

  std::vector<std::string> texts_;
  std::vector<Exchange> exchanges_;
};

/// A purchase whose outcome nobody knows yet.
bool is_unknown_outcome(const Exchange& exchange);

}  // namespace cartpilot::offline
