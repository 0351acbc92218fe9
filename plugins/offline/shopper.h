// The offline shopper: rules that decide the next step of a conversation.
//
// Stateless: the same messages give the same step. Pure function, any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cartpilot/message.h"

namespace cartpilot::offline {

/// A text for the person, or calls to make before there is one.
struct Step {
  std::string text;
  std::vector<std::pair<std::string, Json>> calls;  ///< function name, arguments
};

Step next_step(const std::vector<Message>& messages);

}  // namespace cartpilot::offline
