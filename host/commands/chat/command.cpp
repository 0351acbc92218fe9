#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "base/outside.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/chat/conversation.h"
#include "commands/commands.h"
#include "record/recording.h"
#include "record/secret_ranges.h"
#include "record/tape.h"
#include "terminal/conversation_view.h"
#include "terminal/line_reader.h"
#include "terminal/output.h"
#include "terminal/tty.h"

namespace cartpilot::host {

namespace {

void refuse_long(Conversation& conversation) {
  conversation.refuse(fmt::format("the message is longer than {} KiB and was not sent; shorten it",
                                  kMaxMessageBytes / 1024));
}

int read_lines(CommandServices& services, Conversation& conversation) {
  const bool terminal = is_terminal(STDIN_FILENO);
  const auto reader = make_line_reader(
      services.settings().state_directory / "history",
      [&conversation](const std::string& begun) { return conversation.completions(begun); });
  if (terminal) {
    const auto& cartpilot = conversation.cartpilot();
    err_line(cartpilot.is_sandbox() ? "CartPilot: SANDBOX, no real money."
                                    : fmt::format("CartPilot: {}", cartpilot.shown()));
    conversation.show_last_exchange();
    err_look("Say what you are looking for. /help lists commands, Ctrl-D leaves.",
             screen_options());
  }
  bool interrupted_before = false;
  while (const auto line = reader->next()) {
    if (line->interrupted) {
      Interrupt::reset();
      const bool again = interrupted_before && !line->typed;
      if (!terminal || again || Interrupt::must_end()) return kInterrupted;
      // On a line with something in it, it clears the line.
      interrupted_before = !line->typed;
      if (interrupted_before) err_line("(Ctrl-C again, or /quit, to leave)");
      continue;
    }
    interrupted_before = false;
    if (line->too_long) {
      refuse_long(conversation);
    } else if (!conversation.say(line->text)) {
      break;
    } else if (conversation.refused()) {
      reader->keep(line->text);
    }
    if (Interrupt::must_end() || (!terminal && conversation.cancelled())) {
      return conversation.interrupted_exit_code();
    }
  }
  return conversation.exit_code();
}

constexpr const char* kReadsInput =
    "cartpilot: reading the message from standard input; Ctrl-D or its end sends it";

// What came of reading all of standard input.
struct WholeInput {
  std::string text;
  bool explained = false;
  bool interrupted = false;
};

WholeInput read_whole_input(const std::string& lane) {
  const Interrupt interrupt;
  WholeInput input;
  auto& [text, explained, interrupted] = input;
  const auto begun = base::steady_now();
  const TerminalInput standard_input;
  while (text.size() <= kMaxMessageBytes) {
    interrupted = interrupt.cancelled();
    if (interrupted) return input;
    if (!explained && text.empty() && base::steady_now() - begun > std::chrono::seconds(1)) {
      explained = true;
      const base::Lane shown(lane);
      err_line(kReadsInput);
    }
    pollfd waiting{standard_input.descriptor(), POLLIN, 0};
    if (::poll(&waiting, 1, 100) <= 0) continue;
    char block[65536];
    const ssize_t got = ::read(standard_input.descriptor(), block, sizeof block);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) break;
    text.append(block, static_cast<std::size_t>(got));
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return input;
}

// All of standard input, as a message may have it. Throws what the caller shows when it is too long
// or Ctrl-C ends the wait.
std::string read_all_input() {
  record::Tape* const tape = record::tape();
  WholeInput input;
  if (tape != nullptr && tape->plays()) {
    tape->catch_up(Interrupt());
    const Json recorded = tape->came("input", nullptr);
    input = {record::bytes_from_json(recorded.at("text")), recorded.at("explained").get<bool>(),
             recorded.at("interrupted").get<bool>()};
    if (input.explained) err_line(kReadsInput);
  } else {
    const std::string lane = base::current_lane();
    {
      const base::Unrecorded waiting;
      input = read_whole_input(lane);
    }
    if (tape != nullptr) {
      tape->catch_up(Interrupt());
      tape->came("input", {{"text", record::bytes_to_json(record::redacted_text(input.text))},
                           {"explained", input.explained},
                           {"interrupted", input.interrupted}});
    }
  }
  if (input.interrupted) throw Error(ErrorCode::kCancelled, "interrupted");
  return input.text;
}

bool input_is_piped() {
  struct stat status {};
  const bool piped =
      ::fstat(STDIN_FILENO, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISREG(status.st_mode));
  record::Tape* const tape = record::tape();
  return tape == nullptr ? piped : tape->fact("standard input is a pipe or file", piped);
}

// The words of the command line; standard input stands where a word is "-", else what a pipe or a
// file holds comes after the words.
std::string whole_message(std::vector<std::string> words) {
  const auto dash = std::find(words.begin(), words.end(), "-");
  if (dash != words.end()) {
    *dash = read_all_input();
  } else if (!words.empty() && input_is_piped()) {
    const std::string input = read_all_input();
    std::string message = fmt::format("{}", fmt::join(words, " "));
    return input.empty() ? message : message + "\n\n" + input;
  }
  return fmt::format("{}", fmt::join(words, " "));
}

std::unique_ptr<ConversationView> make_view(const Arguments& arguments) {
  if (arguments.output == "jsonl") return make_jsonl_view();
  if (!is_terminal(STDOUT_FILENO)) return make_text_view();
  if (arguments.plain) use_plain_screen();
  return make_screen_view(arguments.verbose);
}

}  // namespace

int run_chat(CommandServices& services) {
  const auto view = make_view(services.arguments());
  try {
    Conversation conversation(services, *view);
    return exit_code_of_shopping(conversation.session(), [&] {
      const std::string message = whole_message(services.arguments().message);
      if (services.arguments().message.empty()) return read_lines(services, conversation);
      if (message.find_first_not_of(" \t\r\n") == std::string::npos) {
        throw Error(ErrorCode::kInvalidArgument, "the message is empty: standard input holds none");
      }
      if (message.size() > kMaxMessageBytes) {
        refuse_long(conversation);
      } else {
        conversation.say(message);
      }
      return conversation.exit_code();
    });
  } catch (const Error& error) {
    if (services.arguments().output == "jsonl" && error.reason != "output")
      view->on_error(advised(error));
    throw;
  }
}

}  // namespace cartpilot::host
