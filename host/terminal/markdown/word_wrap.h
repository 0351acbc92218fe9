// WordWrap: text of words, broken between them at the width of a terminal, as it streams.
//
// Returns bytes to write; knows the column of the cursor because it wrote all since the last line
// end. A word that turns out too long for its row is taken back and written on the next one, by
// cursor movement; `redraw` off: a word is written when it is complete. The last column stays
// empty: terminals disagree about what follows a character in it. A value; one thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cartpilot::host {

/// How a piece of text looks.
enum class Look { kPlain, kBold, kItalic, kStruck, kCode, kHeading, kQuiet };

/// Columns that UTF-8 text takes on a terminal.
int width_of(std::string_view text);
/// The first `columns` of `text` at most, and whether that is all of it.
std::pair<std::string, bool> fitting(std::string_view text, int columns);
/// The rows of one line: as wide as `columns` at most, broken at blanks where there are any, which
/// stay otherwise. Rows behind the first begin with `hang`.
std::vector<std::string> wrapped_rows(std::string_view line, int columns, std::string_view hang);
/// `text` between the escape sequences of `look`; as it is without `style`.
std::string styled(std::string_view text, Look look, bool style);

class WordWrap {
 public:
  struct Options {
    std::function<int()> columns;  ///< asked anew for each row
    bool style = true;
    bool redraw = true;
  };
  explicit WordWrap(Options options) : options_(std::move(options)) {}

  /// What stands in front of the next row and of the ones that it is broken into. At a line's
  /// start.
  void begin(std::string first, std::string others);
  /// Text without line breaks; blanks separate words.
  std::string add(std::string_view text, Look look = Look::kPlain);
  /// Ends the line, if there is one.
  std::string end_line();
  bool at_start() const { return column_ == 0 && word_.empty() && !begun_; }

 private:
  struct Piece {
    std::string text;
    Look look = Look::kPlain;
  };
  /// `ahead`: columns of what is known of its word, from it on.
  void add_character(std::string_view character, int ahead, Look look, std::string& out);
  void end_word(std::string& out);
  void new_row(std::string& out);
  /// The width may have changed: asked at the beginning of each row. `prefix` without what does not
  /// leave half of the row to words.
  std::string begin_row(const std::string& prefix);

  Options options_;
  std::string first_;
  std::string others_;
  bool begun_ = false;       ///< the prefix of the first row is written
  int limit_ = 0;            ///< columns of the current row
  int start_ = 0;            ///< columns of what stands in front of the current row
  int column_ = 0;           ///< of the end of what is written, the current word too if it is
  bool blank_ = false;       ///< one is due before the next word
  std::vector<Piece> word_;  ///< the current one
  int word_width_ = 0;
  int written_ = 0;  ///< columns of the current word that are on the screen
};

}  // namespace cartpilot::host
