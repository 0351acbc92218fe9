// The part of the state that a recorded conversation goes on from.
//
// The messages of an earlier conversation, and the record of purchases where it can matter: one of
// the last 24 hours, an unfinished one, or one of that conversation. Free functions; one thread.
#pragma once

#include <filesystem>

#include "cartpilot/json.h"
#include "cli/arguments.h"

namespace cartpilot::host {

/// From the state that `arguments` name; nothing when there is none or it cannot be read.
Json state_to_json(const Arguments& arguments);

/// Makes a state database in `folder`, which has none, and puts `state` into it. Throws Error when
/// it does not fit.
void state_from_json(const Json& state, const std::filesystem::path& folder);

}  // namespace cartpilot::host
