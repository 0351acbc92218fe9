// How a checkout looks after something happened to it that the sandbox itself does not do.
//
// Pure functions on CartPilot's own JSON. A alteration is {"kind":..., "session":...} and, for
// those that freeze a view, {"view": checkout}.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::torture {

struct Fault;

/// Fault kinds that are a alteration of the checkout they strike.
bool is_alteration(std::string_view kind);

/// Puts the alteration on.
void wear(Json& checkout, const Json& alteration);

/// A merchant session id that no sandbox makes, different for every number.
std::string fresh_session_id(int number);

/// The body of a quote for what the checkout holds.
Json items_to_quote(const Json& checkout);

/// The text of the fault "inject", if it is planned.
std::optional<std::string> injected_text(const std::vector<Fault>& faults);

/// Appends `text` to every "title" in the answer.
void add_to_titles(Json& answer, const std::string& text);

}  // namespace cartpilot::torture
