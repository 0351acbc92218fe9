#include <fmt/format.h>
#include <unistd.h>

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
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  const auto reader = make_line_reader(services.settings().state_directory / "history");
  if (terminal) err_line("Say what you are looking for. /help lists commands, Ctrl-D leaves.");
  bool interrupted_before = false;
  while (const auto line = reader->next()) {
    if (line->interrupted) {
      Interrupt::reset();
      if (!terminal || interrupted_before || Interrupt::must_end()) return kInterrupted;
      err_line("(Ctrl-C again, or /quit, to leave)");
      interrupted_before = true;
      continue;
    }
    interrupted_before = false;
    if (line->too_long) {
      refuse_long(conversation);
    } else if (!conversation.say(line->text)) {
      break;
    }
    if (Interrupt::must_end() || (!terminal && conversation.cancelled())) {
      return conversation.interrupted_exit_code();
    }
  }
  return conversation.exit_code();
}

}  // namespace

int run_chat(CommandServices& services) {
  const auto view = services.arguments().output == "jsonl" ? make_jsonl_view() : make_text_view();
  try {
    Conversation conversation(services, *view);
    const std::string message = fmt::format("{}", fmt::join(services.arguments().message, " "));
    if (services.arguments().message.empty()) return read_lines(services, conversation);
    if (message.size() > kMaxMessageBytes) {
      refuse_long(conversation);
    } else {
      conversation.say(message);
    }
    return conversation.exit_code();
  } catch (const Error& error) {
    if (services.arguments().output == "jsonl" && error.reason != "output")
      view->on_error(advised(error));
    throw;
  }
}

}  // namespace cartpilot::host
