// What CartPilot answered, for a person: one sentence a call, offers as a table, a checkout or an
// order as a card.
//
// Read from the results that the model gets, whose texts are the merchants': the caller makes them
// safe for a terminal. A result of another shape gives nothing. Pure functions; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "terminal/markdown/inline_marks.h"

namespace cartpilot::host {

/// What a call of one of CartPilot's functions is about, "Searching the shops"; "" for other
/// functions.
std::string sentence_of(const std::string& function, const Json& arguments);

/// What came of it, in a few words: "2 offers"; may be "".
std::string outcome_of(const std::string& function, const Json& result);

/// The products of all offers of get_intent_offers; without rows if there are none.
Table offers_table(const Json& result);

struct CardLine {
  std::string text;
  bool total = false;
};
/// A quoted checkout, or an order, with its lines, tax, shipping and total; empty for others.
/// `sandbox`: the money is play money.
std::vector<CardLine> card_of(const std::string& function, const Json& result, bool sandbox);

}  // namespace cartpilot::host
