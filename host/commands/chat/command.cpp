#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/chat/conversation.h"
#include "commands/commands.h"
#include "terminal/conversation_view.h"
#include "terminal/line_reader.h"
#include "terminal/output.h"

namespace cartpilot::host {

namespace {

void refuse_long(Conversation& conversation) {
  conversation.refuse(fmt::format("the message is longer than {} KiB and was not sent; shorten it",
                                  kMaxMessageBytes / 1024));
}

int read_lines(CommandServices& services, Conversation& conversation) {
  const bool terminal = is_terminal(STDIN_FILENO);
  const auto reader = make_line_reader(services.settings().state_directory / "history");
  if (terminal) {
    const auto& cartpilot = conversation.cartpilot();
    err_line(cartpilot.is_sandbox() ? "CartPilot: SANDBOX, no real money."
                                    : fmt::format("CartPilot: {}", cartpilot.shown()));
    err_line("Say what you are looking for. /help lists commands, Ctrl-D leaves.");
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

// All of standard input, as a message may have it. Throws what the caller shows when it is too long
// or Ctrl-C ends the wait.
std::string read_all_input() {
  const Interrupt interrupt;
  std::string text;
  bool explained = false;
  const auto begun = base::steady_now();
  while (text.size() <= kMaxMessageBytes) {
    if (interrupt.cancelled()) throw Error(ErrorCode::kCancelled, "interrupted");
    if (!explained && text.empty() && base::steady_now() - begun > std::chrono::seconds(1)) {
      explained = true;
      err_line("cartpilot: reading the message from standard input; Ctrl-D or its end sends it");
    }
    pollfd waiting{STDIN_FILENO, POLLIN, 0};
    if (::poll(&waiting, 1, 100) <= 0) continue;
    char block[65536];
    const ssize_t got = ::read(STDIN_FILENO, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(block, static_cast<std::size_t>(got));
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

bool input_is_piped() {
  struct stat status {};
  return ::fstat(STDIN_FILENO, &status) == 0 &&
         (S_ISFIFO(status.st_mode) || S_ISREG(status.st_mode));
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

}  // namespace

int run_chat(CommandServices& services) {
  const auto view = services.arguments().output == "jsonl" ? make_jsonl_view() : make_text_view();
  try {
    Conversation conversation(services, *view);
    return exit_code_of_shopping(conversation.session(), [&] {
      const std::string message = whole_message(services.arguments().message);
      if (services.arguments().message.empty()) return read_lines(services, conversation);
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
