#include "terminal/approver.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <utility>

#include "base/clock.h"
#include "base/wait.h"
#include "terminal/question_text.h"

namespace cartpilot::host {
namespace {

using purchase::AnswerResult;
using purchase::QuestionState;

constexpr std::chrono::milliseconds kLookElsewhere{250};
constexpr std::chrono::milliseconds kTurnPoll{100};
/// Kept free below a page for the line that waits.
constexpr int kRowsBelow = 3;

/// Held while this program asks on the terminal.
class TerminalTurn final : public purchase::ApproverTurn {
 public:
  explicit TerminalTurn(int descriptor) : descriptor_(descriptor) {}
  ~TerminalTurn() override { ::close(descriptor_); }
  TerminalTurn(const TerminalTurn&) = delete;
  TerminalTurn& operator=(const TerminalTurn&) = delete;

 private:
  int descriptor_;
};

/// One question on the terminal, from the first page to its answer.
class Dialogue {
 public:
  Dialogue(const Tty& tty, const purchase::ApprovalQuestion& question,
           purchase::Questions& questions, const purchase::AnswerSource& source,
           const CallContext& context, const TerminalApprover::BootClock& since_boot)
      : tty_(tty),
        question_(question),
        questions_(questions),
        source_(source),
        context_(context),
        since_boot_(since_boot),
        end_(since_boot() +
             std::chrono::milliseconds(question.expires_unix_ms - questions.now_unix_ms())) {}

  void run() {
    const int needed = columns_needed(question_);
    if (needed > tty_.columns()) {
      const std::string why = fmt::format(
          "the terminal is too narrow to show everything; make it {} columns wide", needed);
      questions_.decline(question_.id, {source_.channel, "the program"}, why);
      return;
    }
    if (show_pages()) converse();
  }

 private:
  bool over() {
    if (context_.cancelled() || since_boot_() >= end_) return true;
    const auto now = since_boot_();
    if (now - looked_ < kLookElsewhere) return false;
    looked_ = now;
    const auto found = questions_.find(question_.id);
    return !found || found->state != QuestionState::kOpen;
  }

  /// False when the person, or somebody else, ended the question.
  bool show_pages() {
    const std::vector<std::string> lines = question_lines(question_, questions_.now_unix_ms());
    const int room = std::max(1, tty_.rows() - kRowsBelow);
    int used = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::vector<std::string> parts = terminal_rows(lines[i], tty_.columns());
      const int rows = static_cast<int>(parts.size());
      if (used > 0 && used + rows > room) {
        if (!turn_page(i, lines.size())) return false;
        used = 0;
      }
      // No style here: every control byte on this surface would be somebody else's.
      for (const std::string& part : parts) {
        if (!tty_.write(part + "\n")) return left("the terminal was closed");
      }
      used += rows;
    }
    return true;
  }

  bool turn_page(std::size_t shown, std::size_t all) {
    tty_.drain([this] { return over(); });
    tty_.write(fmt::format(" -- {} of {} lines; Enter shows more, n says no: ", shown, all));
    const Tty::Line line = tty_.read_line([this] { return over(); });
    if (line.end == Tty::Line::End::kLine && line.text.empty()) return true;
    if (line.end == Tty::Line::End::kStopped) return stopped();
    return left("the receipt was not read to its end");
  }

  void converse() {
    std::string challenge = question_.challenge;
    for (;;) {
      switch (tty_.drain([this] { return over(); })) {
        case Tty::Drained::kNothing: break;
        case Tty::Drained::kSomething:
          tty_.write(" What was typed before this question was thrown away.\n");
          break;
        case Tty::Drained::kNeverQuiet:
          tty_.write(" Input kept arriving. That is a no.\n");
          left("input kept arriving before the question could be asked");
          return;
      }
      if (over()) {
        stopped();
        return;
      }
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(end_ - since_boot_());
      std::string line_of_answer;
      for (const std::string& row :
           terminal_rows(answer_line(question_, challenge, seconds.count() + 1), tty_.columns())) {
        line_of_answer += "\n" + row;
      }
      if (!tty_.write(line_of_answer + " ")) {
        left("the terminal was closed");
        return;
      }
      const Tty::Line line = tty_.read_line([this] { return over(); });
      if (line.end == Tty::Line::End::kStopped) {
        stopped();
        return;
      }
      if (line.end == Tty::Line::End::kClosed) {
        tty_.write("\n");
        left("the input ended");
        return;
      }
      if (!take(questions_.answer(question_.id, challenge, line.text, source_), challenge)) return;
    }
  }

  /// True when the person answers once more.
  bool take(const AnswerResult& result, std::string& challenge) {
    challenge = result.challenge;
    switch (result.kind) {
      case AnswerResult::Kind::kApproved: return false;
      case AnswerResult::Kind::kDeclined: return false;
      case AnswerResult::Kind::kTooLate: tty_.write(" " + result.message + "\n"); return false;
      case AnswerResult::Kind::kRetry:
      case AnswerResult::Kind::kAgain:
      case AnswerResult::Kind::kStale: tty_.write(" " + once_more_text(result) + "\n"); return true;
    }
    return false;
  }

  /// Says why the prompt closes; always false.
  bool stopped() {
    if (context_.cancelled()) {
      tty_.write("\n");
      return left("interrupted");
    }
    const auto found = questions_.find(question_.id);
    if (found &&
        (found->state == QuestionState::kApproved || found->state == QuestionState::kDeclined)) {
      tty_.write(fmt::format("\n This question was {} by {} ({}).\n",
                             purchase::question_state_name(found->state), found->answered_by,
                             found->channel));
      return false;
    }
    tty_.write("\n The time is over. That is a no.\n");
    return left("nobody answered in time");
  }

  bool left(const std::string& why) {
    questions_.decline(question_.id, source_, why);
    return false;
  }

  const Tty& tty_;
  const purchase::ApprovalQuestion& question_;
  purchase::Questions& questions_;
  const purchase::AnswerSource& source_;
  const CallContext& context_;
  const TerminalApprover::BootClock& since_boot_;
  const std::chrono::nanoseconds end_;
  std::chrono::nanoseconds looked_{0};
};

}  // namespace

bool has_terminal() { return Tty().usable(); }

TerminalApprover::TerminalApprover(std::filesystem::path locks, std::string channel,
                                   BootClock since_boot)
    : locks_(std::move(locks)),
      source_{std::move(channel), "you"},
      since_boot_(since_boot ? std::move(since_boot) : base::time_since_boot) {}

std::optional<std::string> TerminalApprover::unavailable() {
  if (has_terminal()) return std::nullopt;
  return "there is no terminal to ask on";
}

std::unique_ptr<purchase::ApproverTurn> TerminalApprover::wait_for_turn(
    const CallContext& context) {
  const std::filesystem::path file = locks_ / fmt::format("terminal-{}.lock", Tty::number());
  std::error_code ignored;
  std::filesystem::create_directories(locks_, ignored);
  const int descriptor =
      ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return nullptr;
  bool said = false;
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (context.cancelled()) {
      ::close(descriptor);
      return nullptr;
    }
    if (!std::exchange(said, true)) {
      Tty().write_marked(
          "Another cartpilot asks on this terminal; this one waits. Ctrl-C stops waiting.");
    }
    base::wait_unless_cancelled(kTurnPoll, context);
  }
  return std::make_unique<TerminalTurn>(descriptor);
}

void TerminalApprover::ask(const purchase::ApprovalQuestion& question,
                           purchase::Questions& questions, const CallContext& context) {
  const Tty tty;
  if (!tty.usable()) {
    questions.decline(question.id, source_, "the terminal was closed");
    return;
  }
  Dialogue(tty, question, questions, source_, context, since_boot_).run();
}

}  // namespace cartpilot::host
