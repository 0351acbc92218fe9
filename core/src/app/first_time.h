// What a person was told once, in the file "told" of the state folder: one sentence a line.
//
// Programs that start at once may both tell it. The file may be deleted: then all is told again.
#pragma once

#include <filesystem>
#include <string>

namespace cartpilot::app {

/// Whether `sentence` was never given before, which is written down. A folder that cannot be
/// written to remembers nothing: then every time is the first.
bool first_time(const std::filesystem::path& state_directory, const std::string& sentence);

}  // namespace cartpilot::app
