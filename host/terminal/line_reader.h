// LineReader: the person's next line, with editing and history on a terminal, plain from a pipe.
//
// One at a time per process. History is kept in a file of mode 0600.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cartpilot::host {

class LineReader {
 public:
  virtual ~LineReader() = default;

  struct Line {
    std::string text;          ///< without the line end; may hold several lines
    bool interrupted = false;  ///< Ctrl-C at the prompt; text is empty
    bool typed = false;        ///< something was typed, also when it was taken back
    bool too_long = false;     ///< over kMaxMessageBytes; the rest of the line was skipped
  };

  /// nullopt at end of input.
  virtual std::optional<Line> next() = 0;

  /// The next line begins with `text`, to be edited. Nothing happens where no line is edited.
  virtual void keep(const std::string& text) { static_cast<void>(text); }
  /// What was shown while the last line was read, for a recording; "" when nothing was.
  virtual std::string take_screen() { return ""; }
};

/// Longest message that is passed on. Vendors take more, but a megabyte on one line is a mistake,
/// not a wish.
constexpr std::size_t kMaxMessageBytes = 256 * 1024;

/// What the word at the end of a begun line may be: whole words.
using Completions = std::function<std::vector<std::string>(const std::string& begun)>;

/// Editing on a terminal that can (can_edit_lines()), with Tab for `completions`; `history` ""
/// keeps none.
std::unique_ptr<LineReader> make_line_reader(const std::filesystem::path& history,
                                             Completions completions = {});

}  // namespace cartpilot::host
