#include "torture/program_run.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>

#include "torture/parts_of_program.h"

namespace cartpilot::torture {
namespace {

constexpr std::chrono::seconds kPatience{60};
constexpr int kFirstInherited = 3;

using Enter = void (*)(void*);

/// Of the preloaded library; the harness does not start without it.
Enter enter_page() {
  return reinterpret_cast<Enter>(::dlsym(RTLD_DEFAULT, "cartpilot_torture_enter"));
}

void append_what_is_there(int& descriptor, std::string& text,
                          const std::function<void(const std::string&)>& heard) {
  char block[16384];
  while (descriptor >= 0) {
    const ssize_t got = ::read(descriptor, block, sizeof block);
    if (got > 0) {
      const std::string bytes(block, static_cast<std::size_t>(got));
      text += bytes;
      if (heard) heard(bytes);
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    ::close(descriptor);
    descriptor = -1;
  }
}

std::vector<std::string> program_words(const RunPlan& plan, const Place& place,
                                       const std::string& script) {
  std::vector<std::string> words = {CARTPILOT_PROGRAM,   "chat",
                                    "--plugin",          CARTPILOT_WORST_MODEL,
                                    "--provider",        "worst-model",
                                    "--output",          "jsonl",
                                    "--api-url",         place.api_url,
                                    "--session",         "torture",
                                    "--approve",         plan.approve,
                                    "--provider-option", "merchant=" + plan.preferred,
                                    "--provider-option", "foreign=" + place.foreign,
                                    "--provider-option", "page=" + place.page_file};
  if (!plan.merchants.empty()) {
    words.insert(words.end(), {"--merchants", plan.merchants});
  }
  words.push_back(fmt::format("Please buy headphones. [{}]", script));
  return words;
}

void set_environment(const Place& place, bool preload) {
  const std::string preloaded =
      std::getenv("LD_PRELOAD") == nullptr ? "" : std::getenv("LD_PRELOAD");
  ::clearenv();
  ::setenv("HOME", place.folder.c_str(), 1);
  ::setenv("PATH", "/usr/bin:/bin", 1);
  ::setenv("LANG", "C.UTF-8", 1);
  ::setenv("TERM", "xterm", 1);
  ::setenv("XDG_STATE_HOME", (place.folder + "/state").c_str(), 1);
  ::setenv("XDG_CONFIG_HOME", (place.folder + "/config").c_str(), 1);
  ::setenv("XDG_DATA_HOME", (place.folder + "/data").c_str(), 1);
  ::setenv("CARTPILOT_API_KEY", place.api_key.c_str(), 1);
  if (!preload) return;
  ::setenv("LD_PRELOAD", preloaded.c_str(), 1);
  ::setenv(kSharedPageVariable, place.page_file.c_str(), 1);
}

[[noreturn]] void be_program(const std::vector<std::string>& words, const Place& place) {
  set_environment(place, true);
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  ::execv(pointers[0], pointers.data());
  ::_exit(127);
}

[[noreturn]] void be_parts(const RunPlan& plan, const Place& place, const std::string& script) {
  set_environment(place, false);
  enter_page()(place.page);
  ::_exit(run_parts(plan, place, script));
}

/// Takes the list of purchases off the end of what was said.
Json take_list(std::string& said) {
  if (!said.ends_with("]\n")) return nullptr;
  const std::size_t before =
      said.size() < 2 ? std::string::npos : said.rfind('\n', said.size() - 2);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  if (said[begin] != '[') return nullptr;
  const Json list = parse_json(said.substr(begin), "the list of purchases");
  said.resize(begin);
  return list;
}

/// A process under way: its terminal, its pipes.
class PageOwner {
 public:
  PageOwner(const std::function<void()>& child, Behaviour behaviour, SharedPage* page)
      : person_(behaviour, hands(page)) {
    int said[2];
    int errors[2];
    if (::pipe2(said, O_CLOEXEC) != 0 || ::pipe2(errors, O_CLOEXEC) != 0) std::abort();
    struct winsize size = {24, 80, 0, 0};
    child_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    if (child_ < 0) std::abort();
    if (child_ == 0) {
      ::dup2(said[1], STDOUT_FILENO);
      ::dup2(errors[1], STDERR_FILENO);
      // Above all the server's listening socket: while a copy of it is open, it listens.
      ::close_range(kFirstInherited, ~0U, 0);
      child();
      ::_exit(127);
    }
    ::close(said[1]);
    ::close(errors[1]);
    said_ = said[0];
    errors_ = errors[0];
    for (const int descriptor : {said_, errors_, terminal_}) {
      ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
      ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    }
  }

  ProgramRun watch() {
    person_.sit_down();
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (said_ >= 0 || errors_ >= 0) {
      pollfd waiting[3] = {{said_, POLLIN, 0}, {terminal_, POLLIN, 0}, {errors_, POLLIN, 0}};
      if (::poll(waiting, 3, 50) == 0) person_.nothing_happens();
      listen();
      if (std::chrono::steady_clock::now() > end) {
        result_.stuck = true;
        ::kill(child_, SIGKILL);
      }
    }
    listen();
    int status = 0;
    ::waitpid(child_, &status, 0);
    if (terminal_ >= 0) ::close(terminal_);
    result_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result_.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !result_.stuck;
    result_.questions = person_.questions();
    result_.attempts = take_list(result_.said);
    return std::move(result_);
  }

 private:
  void listen() {
    append_what_is_there(said_, result_.said, nullptr);
    append_what_is_there(errors_, result_.errors, nullptr);
    // What was said before a question is read before the question is.
    append_what_is_there(terminal_, result_.screen, [this](const std::string& bytes) {
      append_what_is_there(said_, result_.said, nullptr);
      person_.see(bytes);
    });
  }

  Person::Hands hands(SharedPage* page) {
    Person::Hands hands;
    hands.type = [this](const std::string& text) {
      if (terminal_ >= 0 && ::write(terminal_, text.data(), text.size()) < 0) return;
    };
    hands.close_terminal = [this] {
      ::close(terminal_);
      terminal_ = -1;
    };
    hands.let_time_pass = [page](std::int64_t seconds) {
      page->warp_ns += seconds * 1'000'000'000;
    };
    hands.now_ms = [page] {
      const auto real = std::chrono::system_clock::now().time_since_epoch();
      return std::chrono::duration_cast<std::chrono::milliseconds>(real).count() +
             page->warp_ns.load() / 1'000'000;
    };
    hands.said = [this] { return result_.said.size(); };
    return hands;
  }

  pid_t child_ = -1;
  int terminal_ = -1;
  int said_ = -1;
  int errors_ = -1;
  ProgramRun result_;
  Person person_;
};

}  // namespace

ProgramRun perform(const RunPlan& plan, const Place& place, const std::string& script,
                   Behaviour person, std::int64_t kill_at) {
  place.page->points = 0;
  place.page->kill_at = kill_at;
  const std::vector<std::string> words = program_words(plan, place, script);
  return PageOwner(
             [&] {
               if (plan.whole_program) be_program(words, place);
               be_parts(plan, place, script);
             },
             person, place.page)
      .watch();
}

Json attempts_in(const RunPlan& plan, const Place& place) {
  place.page->kill_at = 0;
  const ProgramRun listed =
      PageOwner(
          [&] {
            if (plan.whole_program) {
              be_program({CARTPILOT_PROGRAM, "purchases", "list", "--json"}, place);
            }
            set_environment(place, false);
            enter_page()(place.page);
            ::_exit(list_attempts());
          },
          Behaviour::kSaysNo, place.page)
          .watch();
  return listed.attempts;
}

}  // namespace cartpilot::torture
