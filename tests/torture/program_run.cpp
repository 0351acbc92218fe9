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
#include <tuple>

#include "torture/parts_of_program.h"
#include "torture/program_output.h"

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
                                    "--session",         place.session,
                                    "--provider-option", "merchant=" + plan.preferred,
                                    "--provider-option", "foreign=" + place.foreign,
                                    "--provider-option", "page=" + place.page_file};
  if (plan.rules.empty()) words.insert(words.end(), {"--approve", plan.approve});
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
  ::setenv("TERM", "dumb", 1);  // the judge lets no control byte pass
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

Person::Hands hands_of(int& terminal, SharedPage* page, std::function<std::size_t()> said) {
  Person::Hands hands;
  hands.type = [&terminal](const std::string& text) {
    if (terminal >= 0 && ::write(terminal, text.data(), text.size()) < 0) return;
  };
  hands.close_terminal = [&terminal] {
    ::close(terminal);
    terminal = -1;
  };
  hands.let_time_pass = [page](std::int64_t seconds) { page->warp_ns += seconds * 1'000'000'000; };
  hands.now_ms = [page] {
    const auto real = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(real).count() +
           page->warp_ns.load() / 1'000'000;
  };
  hands.said = std::move(said);
  return hands;
}

/// A process under way: its terminal, its pipes.
class PageOwner {
 public:
  PageOwner(const std::function<void()>& child, Behaviour behaviour, SharedPage* page)
      : person_(behaviour, hands_of(terminal_, page, [this] { return result_.said.size(); })) {
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

  pid_t child_ = -1;
  int terminal_ = -1;
  int said_ = -1;
  int errors_ = -1;
  ProgramRun result_;
  Person person_;
};

/// Programs that share a terminal, started by a leader that owns it, and the person in front of it.
class Company {
 public:
  /// Each of `programs` becomes a process; none returns.
  Company(const std::vector<std::function<void()>>& programs, Behaviour behaviour, SharedPage* page)
      : person_(behaviour, hands_of(terminal_, page, [] { return std::size_t{0}; })) {
    std::vector<std::pair<int, int>> writers;
    for (std::size_t i = 0; i < programs.size(); ++i) {
      int said[2];
      int errors[2];
      if (::pipe2(said, O_CLOEXEC) != 0 || ::pipe2(errors, O_CLOEXEC) != 0) std::abort();
      members_.push_back({said[0], errors[0], {}});
      writers.emplace_back(said[1], errors[1]);
    }
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    endings_ = ends[0];
    struct winsize size = {24, 80, 0, 0};
    leader_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    if (leader_ < 0) std::abort();
    if (leader_ == 0) lead(programs, writers, ends[1]);
    ::close(ends[1]);
    for (const auto& [said, errors] : writers) {
      ::close(said);
      ::close(errors);
    }
    for (const Member& member : members_) {
      ::fcntl(member.said, F_SETFL, O_NONBLOCK);
      ::fcntl(member.errors, F_SETFL, O_NONBLOCK);
    }
    ::fcntl(terminal_, F_SETFL, O_NONBLOCK);
    ::fcntl(terminal_, F_SETFD, FD_CLOEXEC);
  }

  std::vector<ProgramRun> watch() {
    person_.sit_down();
    const auto end = std::chrono::steady_clock::now() + 2 * kPatience;
    while (listen()) {
      pollfd waiting{terminal_, POLLIN, 0};
      if (::poll(&waiting, 1, 20) == 0) person_.nothing_happens();
      if (std::chrono::steady_clock::now() > end) {
        for (Member& member : members_) member.run.stuck = true;
        ::kill(-leader_, SIGKILL);
        break;
      }
    }
    for (Member& member : members_) {
      int status = 0;
      const bool told = ::read(endings_, &status, sizeof status) == sizeof status;
      member.run.exit_code = !told               ? 128 + SIGKILL
                             : WIFEXITED(status) ? WEXITSTATUS(status)
                                                 : 128 + WTERMSIG(status);
      member.run.killed =
          told && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !member.run.stuck;
    }
    ::waitpid(leader_, nullptr, 0);
    listen();
    ::close(endings_);
    if (terminal_ >= 0) ::close(terminal_);
    std::vector<ProgramRun> runs;
    for (Member& member : members_) {
      member.run.attempts = take_list(member.run.said);
      runs.push_back(std::move(member.run));
    }
    runs.front().screen = screen_;
    share_out(runs);
    return runs;
  }

 private:
  struct Member {
    int said;
    int errors;
    ProgramRun run;
  };

  /// What the person types ends programs, never the leader; it tells how each ended, in order.
  [[noreturn]] static void lead(const std::vector<std::function<void()>>& programs,
                                const std::vector<std::pair<int, int>>& writers, int endings) {
    std::vector<pid_t> children;
    for (std::size_t i = 0; i < programs.size(); ++i) {
      const pid_t child = ::fork();
      if (child == 0) {
        ::dup2(writers[i].first, STDOUT_FILENO);
        ::dup2(writers[i].second, STDERR_FILENO);
        ::close_range(kFirstInherited, ~0U, 0);
        programs[i]();
        ::_exit(127);
      }
      children.push_back(child);
    }
    for (const int signal : {SIGINT, SIGHUP, SIGQUIT}) ::signal(signal, SIG_IGN);
    for (const auto& [said, errors] : writers) {
      ::close(said);
      ::close(errors);
    }
    ::dup2(endings, STDERR_FILENO);
    for (const pid_t child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      if (::write(endings, &status, sizeof status) < 0) ::_exit(1);
    }
    ::_exit(0);
  }

  /// False when all programs have closed their output.
  bool listen() {
    bool open = false;
    for (Member& member : members_) {
      append_what_is_there(member.said, member.run.said, nullptr);
      append_what_is_there(member.errors, member.run.errors, nullptr);
      open = open || member.said >= 0 || member.errors >= 0;
    }
    append_what_is_there(terminal_, screen_,
                         [this](const std::string& bytes) { person_.see(bytes); });
    return open;
  }

  /// Gives each question to the program that asked it, as if it had been asked right behind its
  /// approval_request.
  void share_out(std::vector<ProgramRun>& runs) const {
    struct Request {
      std::size_t run;
      std::size_t offset;
      std::string checkout;
      std::string total;
      bool asked = false;
    };
    std::vector<Request> requests;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const std::string& said = runs[i].said;
      for (std::size_t begin = 0, end = 0; (end = said.find('\n', begin)) != std::string::npos;
           begin = end + 1) {
        const Json line = parse_json(said.substr(begin, end - begin), "a line the program said");
        if (string_or(line, "type") != "approval_request") continue;
        requests.push_back(
            {i, begin, string_or(line, "checkout_id"), amount_text(integer_or(line, "total"))});
      }
    }
    Request* last = nullptr;
    for (Question question : person_.questions()) {
      Request* own = question.again ? last : nullptr;
      std::size_t own_at = 0;
      for (Request& request : requests) {
        // Of several receipts on the screen the last one is asked about. A request need not have
        // led to a question, so of several for one checkout the one with that total is meant.
        const std::size_t at = question.screen.rfind(request.checkout);
        if (question.again || at == std::string::npos) continue;
        const auto likelihood = [&](const Request& one, std::size_t where) {
          return std::tuple(where, one.total == question.total, !one.asked);
        };
        if (own == nullptr || likelihood(request, at) > likelihood(*own, own_at)) {
          own = &request;
          own_at = at;
        }
      }
      question.said_before = own == nullptr ? 0 : own->offset + 1;
      if (own != nullptr) own->asked = true;
      runs[own == nullptr ? 0 : own->run].questions.push_back(std::move(question));
      last = own;
    }
  }

  pid_t leader_ = -1;
  int terminal_ = -1;
  int endings_ = -1;
  std::string screen_;
  std::vector<Member> members_;
  Person person_;
};

}  // namespace

std::vector<ProgramRun> perform_together(const RunPlan& plan, const Place& place, Behaviour person,
                                         std::int64_t kill_at) {
  place.page->points = 0;
  place.page->kill_at = kill_at;
  std::vector<std::function<void()>> programs;
  for (std::size_t i = 0; i < plan.scripts.size(); ++i) {
    Place own = place;
    own.session = fmt::format("torture-{}", i);
    programs.push_back([&plan, own, script = plan.scripts[i]] {
      if (plan.whole_program) be_program(program_words(plan, own, script), own);
      be_parts(plan, own, script);
    });
  }
  return Company(programs, person, place.page).watch();
}

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
