#include "prompt_terminal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "fakes/store/test_state.h"
#include "gate_world.h"
#include "temporary_folder.h"
#include "terminal/approver.h"

namespace cartpilot::purchase {
namespace {

constexpr int kPatienceMs = 20'000;

void type(int terminal, const std::string& text) {
  if (::write(terminal, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error("cannot type");
  }
}

/// Reads more of the screen; false at the end.
bool look(int terminal, std::string& screen) {
  pollfd waiting{terminal, POLLIN, 0};
  if (::poll(&waiting, 1, kPatienceMs) <= 0) throw std::runtime_error("nothing shown: " + screen);
  char block[4096];
  const ssize_t got = ::read(terminal, block, sizeof block);
  if (got <= 0) return false;
  screen.append(block, static_cast<std::size_t>(got));
  return true;
}

/// The child: asks, then tells what the questions say about it.
[[noreturn]] void ask(ApprovalQuestion question, const std::filesystem::path& state, bool waits,
                      int go) {
  ::signal(SIGINT, SIG_DFL);  // a shell ignores it for what it runs in the background
  char start = 0;
  if (::read(go, &start, 1) != 1) ::_exit(99);
  host::TerminalApprover::BootClock clock;
  if (waits) {
    clock = [calls = 0]() mutable { return std::chrono::seconds(calls++ < 4 ? 0 : 121); };
  }
  store::StateDb db(store::open_test_state(state));
  Questions questions(db);
  host::TerminalApprover approver(state.parent_path() / "locks", "terminal", clock);
  questions.open(question, 120'000);
  approver.ask(question, questions, CallContext());
  ::_exit(0);
}

/// The id of the one question in the database.
std::string only_question(store::StateDb& db) {
  const auto select = db.prepared("SELECT id FROM questions");
  return select->step() ? select->text(0) : "";
}

/// The code that the last question on the screen shows.
std::string code_on(const std::string& screen) {
  const std::string mark = "the code (";
  return screen.substr(screen.rfind(mark) + mark.size(), 4);
}

}  // namespace

ApprovalQuestion question_on(const commerce::Receipt& receipt,
                             const std::optional<commerce::Money>& previous) {
  ApprovalQuestion question;
  question.title = "PURCHASE APPROVAL";
  question.subject = receipt.digest;
  question.total = receipt.total();
  question.previous_total = previous;
  question.fields = receipt_fields(receipt, previous);
  question.detail = receipt_detail(receipt);
  return question;
}

PromptRun run_prompt(const ApprovalQuestion& question, const PromptScript& script, int columns,
                     int rows) {
  const TemporaryFolder folder;
  const std::filesystem::path state = folder.path() / "state.db";
  int go[2];
  if (::pipe2(go, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  struct winsize size = {static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0,
                         0};
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (child < 0) throw std::runtime_error("forkpty");
  if (child == 0) ask(question, state, script.waits, go[0]);

  PromptRun run;
  if (!script.typed_before.empty()) type(terminal, script.typed_before);
  type(go[1], "g");
  std::size_t seen = 0;
  const auto wait_for_question = [&] {
    for (;;) {
      const std::size_t end = run.screen.find("s]: ", seen);
      if (end != std::string::npos) {
        seen = end + 4;
        return true;
      }
      const std::size_t page = run.screen.find("n says no: ", seen);
      if (page != std::string::npos) {
        seen = page + 11;
        // What comes before the pause of the prompt is thrown away.
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        type(terminal, "\n");
      }
      if (!look(terminal, run.screen)) return false;
      const std::string reply = script.answer_back ? script.answer_back(run.screen) : "";
      if (!reply.empty()) type(terminal, reply);
    }
  };
  bool open = wait_for_question();
  if (script.hang_up) {
    ::close(terminal);
  } else {
    for (std::size_t i = 0; open && i < script.typed.size(); ++i) {
      std::string text = script.typed[i];
      const std::size_t code = text.find("CODE");
      if (code != std::string::npos) text.replace(code, 4, code_on(run.screen));
      type(terminal, text);
      if (i + 1 < script.typed.size()) open = wait_for_question();
    }
    while (look(terminal, run.screen)) {
    }
    ::close(terminal);
  }
  ::close(go[0]);
  ::close(go[1]);
  ::waitpid(child, nullptr, 0);
  store::StateDb db(store::open_test_state(state));
  const auto found = Questions(db).find(only_question(db));
  if (found) {
    // A prompt that dies with its terminal leaves a question that nobody may answer any more.
    run.answer = found->state;
    run.reason = found->reason;
  }
  return run;
}

commerce::Receipt receipt_with(const std::string& title, const std::string& sku) {
  GateWorld world;
  const std::string id = world.prepare();
  Json& checkout = world.server.checkout(id);
  for (Json* item : {&checkout["items"][0], &checkout["frozen_receipt"]["items"][0]}) {
    (*item)["title"] = title;
    (*item)["sku"] = sku;
  }
  commerce::Checkout parsed = commerce::parse_checkout(checkout);
  return commerce::make_receipt("http://127.0.0.1:8000", "test_card", parsed);
}

std::string forbidden_byte(const std::string& screen) {
  for (std::size_t i = 0; i < screen.size(); ++i) {
    const auto byte = static_cast<unsigned char>(screen[i]);
    const bool fine =
        (byte >= 0x20 && byte <= 0x7e) || byte == '\n' || byte == '\r' || byte == '\t';
    if (!fine) return fmt::format("0x{:02x} at {}", byte, i);
  }
  return "";
}

}  // namespace cartpilot::purchase
