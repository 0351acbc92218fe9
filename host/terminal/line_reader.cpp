#include "terminal/line_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/outside.h"
#include "cli/interrupt.h"
#include "record/recording.h"
#include "record/secret_ranges.h"
#include "record/tape.h"
#include "terminal/line_editor.h"
#include "terminal/line_input.h"
#include "terminal/output.h"
#include "terminal/tty.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

std::string without_end(std::string line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  return line;
}

/// Lines from a pipe, a file, or a terminal without an editor.
class PlainReader final : public LineReader {
 public:
  std::optional<Line> next() override {
    Line line;
    const Interrupt interrupt;
    while (true) {
      const std::size_t end = buffer_.find('\n', scanned_);
      if (end != std::string::npos) return take(end + 1, line);
      scanned_ = buffer_.size();
      if (buffer_.size() > kMaxMessageBytes + 1) {
        line.too_long = true;
        buffer_.clear();
        scanned_ = 0;
      }
      pollfd waiting{input_.descriptor(), POLLIN, 0};
      if (::poll(&waiting, 1, 100) <= 0) {
        if (interrupt.cancelled()) return interrupted();
        continue;
      }
      char block[65536];
      const ssize_t got = ::read(input_.descriptor(), block, sizeof block);
      if (got > 0) {
        buffer_.append(block, static_cast<std::size_t>(got));
      } else if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
        if (interrupt.cancelled()) return interrupted();
      } else {
        if (buffer_.empty() && !line.too_long) return std::nullopt;
        return take(buffer_.size(), line);
      }
    }
  }

 private:
  std::optional<Line> take(std::size_t size, Line line) {
    line.text = without_end(buffer_.substr(0, size));
    if (line.too_long || line.text.size() > kMaxMessageBytes) {
      line.text.clear();
      line.too_long = true;
    }
    buffer_.erase(0, size);
    scanned_ = 0;
    return line;
  }

  static std::optional<Line> interrupted() {
    Line line;
    line.interrupted = true;
    return line;
  }

  const TerminalInput input_;
  std::string buffer_;
  std::size_t scanned_ = 0;
};

/// Bytes of a person, which need not be text.
Json as_json(const std::string& bytes) {
  return record::bytes_to_json(record::redacted_text(bytes));
}

/// Writes down what the person typed, and what editing it showed.
class RecordedReader final : public LineReader {
 public:
  RecordedReader(record::Tape& tape, std::unique_ptr<LineReader> reader)
      : tape_(tape), reader_(std::move(reader)) {}

  std::optional<Line> next() override {
    std::optional<Line> line;
    {
      const base::Unrecorded waiting;
      line = reader_->next();
    }
    tape_.catch_up(Interrupt());
    Json typed{{"end", !line.has_value()}};
    if (line) {
      typed["text"] = as_json(line->text);
      typed["interrupted"] = line->interrupted;
      typed["too_long"] = line->too_long;
      typed["typed"] = line->typed;
    }
    typed["screen"] = as_json(reader_->take_screen());
    tape_.came("line", typed);
    return line;
  }

  void keep(const std::string& text) override { reader_->keep(text); }

 private:
  record::Tape& tape_;
  std::unique_ptr<LineReader> reader_;
};

/// Bytes of the sequence at `at` with which the editor moves the cursor; 0 = it is another one.
std::size_t editing_sequence(std::string_view screen, std::size_t at) {
  const std::string_view rest = screen.substr(at);
  for (const std::string_view mode : {kBracketedPasteOn, kBracketedPasteOff}) {
    if (rest.starts_with(mode)) return mode.size();
  }
  if (!rest.starts_with("\x1b[")) return 0;
  const std::size_t end = rest.find_first_not_of("0123456789;", 2);
  const bool known =
      end != rest.npos && std::string_view("ABCDGHJKP@m").find(rest[end]) != rest.npos;
  return known ? end + 1 : 0;
}

/// A recording comes from anybody: of its screen passes what the editor writes, and text.
std::string edited_screen(std::string_view recorded) {
  std::string screen;
  std::string text;
  for (std::size_t at = 0; at < recorded.size();) {
    const bool moves = std::string_view("\r\b\a").find(recorded[at]) != std::string_view::npos;
    const std::size_t size = moves ? 1 : editing_sequence(recorded, at);
    if (size == 0) {
      text += recorded[at++];
      continue;
    }
    screen += text::safe_text(std::exchange(text, ""));
    screen += recorded.substr(at, size);
    at += size;
  }
  return screen + text::safe_text(text);
}

class PlayedReader final : public LineReader {
 public:
  explicit PlayedReader(record::Tape& tape) : tape_(tape) {}

  std::optional<Line> next() override {
    tape_.catch_up(Interrupt());
    const Json typed = tape_.came("line", nullptr);
    const std::string screen =
        shows_nothing() ? "" : edited_screen(record::bytes_from_json(typed.at("screen")));
    for (std::string_view rest = screen; !rest.empty();) {
      const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
      if (written <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    if (typed.at("end").get<bool>()) return std::nullopt;
    Line line;
    line.text = record::bytes_from_json(typed.at("text"));
    line.interrupted = typed.at("interrupted").get<bool>();
    line.too_long = typed.at("too_long").get<bool>();
    line.typed = typed.at("typed").get<bool>();
    return line;
  }

 private:
  record::Tape& tape_;
};

}  // namespace

std::unique_ptr<LineReader> make_line_reader(const std::filesystem::path& history,
                                             Completions completions) {
  const bool edits = can_edit_lines();
  record::Tape* const tape = record::tape();
  if (tape != nullptr && tape->plays()) return std::make_unique<PlayedReader>(*tape);
  std::unique_ptr<LineReader> reader;
  if (edits) {
    reader = make_line_editor(history, tape != nullptr, std::move(completions));
  } else {
    reader = std::make_unique<PlainReader>();
  }
  if (tape == nullptr) return reader;
  return std::make_unique<RecordedReader>(*tape, std::move(reader));
}

}  // namespace cartpilot::host
