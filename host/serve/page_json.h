// The JSON that a page shows: messages, product cards and purchases.
//
// Messages have the form of AG-UI messages. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "cartpilot/message.h"
#include "purchase/gate.h"
#include "purchase/journal.h"
#include "store/sessions.h"

namespace cartpilot::host {

/// The products of the offers that get_intent_offers found, as cards; an empty array when there are
/// none.
Json cards_of(const std::string& function, const Json& result);

/// A purchase of the record.
Json purchase_json(const purchase::Attempt& attempt);
/// What the gate just reported.
Json purchase_json(const purchase::PurchaseReport& report);

/// A message of the person.
Json user_message(const std::string& id, const std::string& text);
/// All messages as AG-UI messages, their tool calls joined by results, cards and purchases.
Json messages_json(const std::vector<Message>& messages,
                   const std::vector<purchase::Attempt>& purchases);

/// One line of the list of conversations.
Json conversation_json(const store::SessionSummary& summary, bool running, bool asks);

}  // namespace cartpilot::host
