// The child of plugin_probe.h: a supervisor, and under it the process that loads the plugin.
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>

#include "base/clock.h"
#include "cartpilot/detail/manifest_note.h"
#include "cartpilot/json.h"
#include "plugin/host/probe.h"
#include "plugin/runtime/host_services.h"
#include "plugin/runtime/loader.h"

namespace cartpilot::plugin {
namespace {

constexpr int kReport = 3;
constexpr std::size_t kSignalStack = 64 * 1024;

/// The addresses of the dynamic loader itself.
struct LoaderRange {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};
LoaderRange loader_range;
volatile sig_atomic_t opening = 0;

/// Async-signal-safe.
void say(const char* line) {
  const std::size_t length = std::strlen(line);
  if (::write(kReport, line, length) < 0) return;
}

extern "C" void cartpilot_probe_crashed(int number, siginfo_t*, void* context) {
#if defined(__x86_64__)
  const auto place =
      static_cast<std::uintptr_t>(static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  const auto place = static_cast<std::uintptr_t>(static_cast<ucontext_t*>(context)->uc_mcontext.pc);
#endif
  const bool in_loader = place >= loader_range.begin && place < loader_range.end;
  if (opening != 0 && !in_loader) say("phase constructors\n");
  ::signal(number, SIG_DFL);
  ::raise(number);
}

void find_loader() {
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void*) {
        if (info->dlpi_addr != ::getauxval(AT_BASE)) return 0;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const ElfW(Phdr)& segment = info->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD) continue;
          if (loader_range.begin == 0) loader_range.begin = info->dlpi_addr + segment.p_vaddr;
          loader_range.end = info->dlpi_addr + segment.p_vaddr + segment.p_memsz;
        }
        return 1;
      },
      nullptr);
}

void watch_crashes() {
  find_loader();
  static char stack[kSignalStack];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof(stack);
  ::sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_sigaction = cartpilot_probe_crashed;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS}) {
    ::sigaction(number, &action, nullptr);
  }
}

void limit(int resource, rlim_t value) {
  struct rlimit current {};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &current) != 0) return;
  current.rlim_cur = std::min<rlim_t>(value, current.rlim_max);
  ::setrlimit(static_cast<__rlimit_resource_t>(resource), &current);
}

void limit_resources(long seconds) {
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, static_cast<rlim_t>(seconds + 1));
  // Sanitizers reserve terabytes of addresses.
  if (std::string_view(CARTPILOT_BUILD_SANITIZE).empty()) limit(RLIMIT_AS, rlim_t{4} << 30);
}

class NoTransport final : public HttpTransport {
 public:
  void send(const HttpRequest&, HttpSink&, const CallContext&) override {
    throw Error(ErrorCode::kUnavailable, "there is no network while a plugin is tried");
  }
};

void on_phase(const char* phase) {
  opening = std::strcmp(phase, "open") == 0 ? 1 : 0;
  say("phase ");
  say(phase);
  say("\n");
}

/// Loads and starts the plugin the way the program does; everything it does wrong ends this
/// process.
[[noreturn]] void load(const char* file, long limit_ms) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  limit_resources(limit_ms / 1000);
  watch_crashes();
  static NoTransport transport;
  const auto services = HostServices::open(transport, {});
  ProbeVerdict verdict;
  verdict.keep = true;
  const std::shared_ptr<Module> module =
      open_plugin_file(file, services, verdict.refusal, &on_phase);
  // Libraries come and go without the file changing.
  if (verdict.refusal.code == "CP-P08" || verdict.refusal.code == "CP-P17") verdict.keep = false;
  if (module != nullptr) {
    on_phase("init");
    std::vector<std::string> warnings;
    verdict.refusal = start_module(*module, warnings);
    verdict.keep = !verdict.refusal;
    verdict.warnings = module->warnings;
    verdict.warnings.insert(verdict.warnings.end(), warnings.begin(), warnings.end());
  }
  verdict.phase = module != nullptr && !verdict.refusal ? "done" : "refused";
  say(("done " + verdict_to_text(verdict) + "\n").c_str());
  ::_exit(0);
}

/// Ends whatever the plugin started and left to us.
void kill_descendants() {
  const std::string list = "/proc/self/task/" + std::to_string(::getpid()) + "/children";
  for (int round = 0; round < 100; ++round) {
    std::ifstream children(list);
    for (pid_t child = 0; children >> child;) ::kill(child, SIGKILL);
    pid_t ended = 0;
    do {
      ended = ::waitpid(-1, nullptr, WNOHANG);
    } while (ended > 0);
    if (ended < 0) return;  // none left
    const timespec pause = {0, 2'000'000};
    ::nanosleep(&pause, nullptr);
  }
}

}  // namespace

int run_probe_child(int argc, const char* const* argv) {
  if (argc != 4) return 2;
  const long limit_ms = std::strtol(argv[3], nullptr, 10);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::fcntl(kReport, F_SETFD, FD_CLOEXEC);
  sigset_t child_ends;
  sigemptyset(&child_ends);
  sigaddset(&child_ends, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child_ends, nullptr);
  const auto end_at = base::steady_now() + std::chrono::milliseconds(limit_ms);

  const pid_t worker = ::fork();
  if (worker < 0) return 1;
  if (worker == 0) {
    ::sigprocmask(SIG_UNBLOCK, &child_ends, nullptr);
    load(argv[2], limit_ms);
  }
  std::string end = "timeout";
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(worker, &status, WNOHANG);
    if (ended == worker) {
      end = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                : "exit " + std::to_string(WEXITSTATUS(status));
      break;
    }
    const long left =
        std::chrono::ceil<std::chrono::milliseconds>(end_at - base::steady_now()).count();
    if (left <= 0) {
      ::kill(worker, SIGKILL);
      break;
    }
    const timespec wait = {left / 1000, (left % 1000) * 1'000'000};
    ::sigtimedwait(&child_ends, nullptr, &wait);
  }
  kill_descendants();
  say(("ended " + end + "\n").c_str());
  return 0;
}

}  // namespace cartpilot::plugin
