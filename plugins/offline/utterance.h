// What one sentence of the person may mean, read without knowing the conversation.
//
// The shopper decides with the conversation at hand which of the readings holds: "the Fabrikam one"
// is a choice only when something was shown. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "offline/wish_parser.h"

namespace cartpilot::offline {

/// "the second one", "2 of the cheapest", "buy the Fabrikam earbuds".
struct Choice {
  std::optional<std::int64_t> number;    ///< place in the list that was shown, from 1
  std::optional<std::int64_t> quantity;  ///< how many pieces
  bool cheapest = false;
  bool dearest = false;
  bool last = false;
  bool points = false;             ///< "it", "them", "that one"
  bool buys = false;               ///< "buy", "take", ...
  std::vector<std::string> words;  ///< what else describes it, in lower case

  /// Says by itself that something shown is meant.
  bool evident() const {
    return number || quantity || cheapest || dearest || last || points || buys;
  }
};

struct Utterance {
  bool yes = false;  ///< nothing but an agreement
  bool no = false;   ///< nothing but a refusal
  bool lists_orders = false;
  bool asks_for_order = false;  ///< where it is, how far it is
  bool changes_order = false;   ///< cancel, return or refund an order
  std::string order_id;         ///< when one was written
  std::string order_status;     ///< "shipped" in "list my shipped orders"
  bool helpless = false;        ///< a greeting, a question, nothing to act on
  Choice choice;
  Wish wish;
};

/// "continue", "try again": what was said before is said once more.
bool asks_to_go_on(std::string_view text);

Utterance read_utterance(std::string_view text);

}  // namespace cartpilot::offline
