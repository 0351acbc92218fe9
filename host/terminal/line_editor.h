// Lines from a person at a terminal, edited with libedit, with the history of earlier ones.
//
// One at a time per process, for one thread.
#pragma once

#include <filesystem>
#include <memory>

#include "terminal/line_reader.h"

namespace cartpilot::host {

/// `history` "" keeps none.
std::unique_ptr<LineReader> make_line_editor(const std::filesystem::path& history,
                                             bool keeps_screen);

}  // namespace cartpilot::host
