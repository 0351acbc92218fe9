// A long conversation, always the same: what resuming and encoding are measured with.
#pragma once

#include <string>
#include <vector>

#include "cartpilot/message.h"

namespace cartpilot::bench {

/// One turn: a wish, a call, its result of about `bytes`, an answer. Four messages.
std::vector<Message> talk_turn(int number, std::size_t bytes, const std::string& provider);

/// `turns` of them.
std::vector<Message> long_talk(int turns, std::size_t bytes, const std::string& provider);

}  // namespace cartpilot::bench
