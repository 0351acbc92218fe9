// The line editor of a conversation: emacs keys, history, pasted blocks, messages of several lines.
//
// Stands on libedit. Only the factory is public; see LineReader.
#pragma once

#include "terminal/line_reader.h"

namespace cartpilot::host {

/// True when standard input and output are a terminal that can move its cursor.
bool can_edit_lines();

/// `history`: shared by all windows; "" keeps none. With `keeps_screen`, what the editor writes is
/// kept for take_screen().
std::unique_ptr<LineReader> make_line_editor(const std::filesystem::path& history,
                                             bool keeps_screen, Completions completions);

}  // namespace cartpilot::host
