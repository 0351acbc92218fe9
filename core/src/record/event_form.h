// The form of each event of a recording: which members it has and what they hold.
//
// A recording may come from anybody, and its sums can be made to fit. What has passed here can be
// used without looking at types again. Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "record/recording.h"

namespace cartpilot::record {

/// Throws Error{kInvalidArgument} with one line that names the first event of `file` that is not as
/// format 1 has it, and its member.
void require_form(const std::string& file, const std::vector<Event>& events);

}  // namespace cartpilot::record
