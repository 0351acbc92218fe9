// A message that the person writes in an editor of their choice.
#pragma once

#include <filesystem>
#include <string>

namespace cartpilot::host {

/// Runs $VISUAL, else $EDITOR, else vi on an empty file of the person alone in `folder`, on the
/// terminal, and waits for it; returns what was saved. In a replay what was recorded. Throws
/// Error{kUnavailable} when it cannot be run or ends with a failure.
std::string edited_message(const std::filesystem::path& folder);

}  // namespace cartpilot::host
