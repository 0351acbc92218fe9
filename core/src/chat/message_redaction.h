// Secrets out of messages: what a conversation keeps, stores and sends to a model holds none.
//
// A person may paste a key, a server may echo one. Texts, arguments and results are searched;
// the vendor's own metadata is left byte for byte. Plain function; any thread.
#pragma once

#include "cartpilot/message.h"

namespace cartpilot::chat {

/// `message` with every registered secret replaced by "[redacted]".
Message redacted(Message message);

}  // namespace cartpilot::chat
