// Secrets out of messages: what a conversation keeps, stores and sends to a model holds none.
//
// A person may paste a key, a server may echo one. Names, texts, arguments, results and the
// vendor's own metadata are searched; what holds no secret stays byte for byte. Plain function; any
// thread.
#pragma once

#include "cartpilot/message.h"

namespace cartpilot::chat {

/// `message` with every registered secret replaced by "[redacted]".
Message redacted(Message message);

}  // namespace cartpilot::chat
