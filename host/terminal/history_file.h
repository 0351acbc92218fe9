// The file of typed lines, which all windows share.
//
// Other windows write it too: it is read anew, changed and replaced, one program at a time. It is a
// file of the person alone, in the format of libedit. Free functions; any thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

namespace cartpilot::host {

/// Older lines are forgotten.
inline constexpr int kHistoryLines = 1000;

/// `line` is the newest from now on. What cannot be written is left as it was.
void add_history_line(const std::filesystem::path& file, const std::string& line);

/// Takes away the lines that `goes` is true for; returns how many.
std::size_t remove_history_lines(const std::filesystem::path& file,
                                 const std::function<bool(const std::string&)>& goes);

}  // namespace cartpilot::host
