#include "purchase/confirm_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "cartpilot/error.h"

extern char** environ;

namespace cartpilot::purchase {
namespace {

constexpr int kLookMs = 50;
/// Longer than the process gives itself.
constexpr std::chrono::seconds kLongestConfirm{75};

/// Both ends of a pipe, closed when a program is executed.
struct ConfirmPipe {
  ConfirmPipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0) ends[0] = ends[1] = -1;
  }
  ~ConfirmPipe() {
    close(0);
    close(1);
  }
  ConfirmPipe(const ConfirmPipe&) = delete;
  ConfirmPipe& operator=(const ConfirmPipe&) = delete;
  void close(int end) {
    if (ends[end] >= 0) ::close(ends[end]);
    ends[end] = -1;
  }
  int ends[2] = {-1, -1};
};

/// errno when it could not be started.
int spawn(const std::vector<std::string>& command, const ConfirmPipe& in, const ConfirmPipe& out,
          pid_t& child) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
  ::posix_spawn_file_actions_adddup2(&actions, in.ends[0], 0);
  ::posix_spawn_file_actions_adddup2(&actions, out.ends[1], 1);
  ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  // Not the sockets that this process listens on: they would stay open after its end.
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const int failed = ::posix_spawn(&child, argv[0], &actions, &attributes, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return failed;
}

bool write_all(int descriptor, const std::string& text) {
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t part = ::write(descriptor, text.data() + sent, text.size() - sent);
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) return false;
    sent += static_cast<std::size_t>(part);
  }
  return true;
}

}  // namespace

ConfirmProcess::ConfirmProcess(store::StateDb& db, const PurchaseJournal& journal,
                               std::vector<std::string> command, Json setting,
                               std::function<bool()> leave)
    : handovers_(db, journal),
      command_(std::move(command)),
      setting_(std::move(setting)),
      leave_(std::move(leave)) {}

ConfirmRunner::Result ConfirmProcess::run(const Attempt& attempt) {
  std::string input;
  try {
    Json members = setting_;
    members["attempt"] = attempt.id;
    members["token"] = handovers_.leave(attempt);
    input = dump_json(members);
  } catch (const Error& error) {
    return {Result::Kind::kNotSent, "", error.what()};  // nobody has the token
  }
  Result result = start(input);
  if (result.kind == Result::Kind::kLeft || !result.report.empty()) return result;
  try {
    // A handover that is still there was never taken, so nothing was sent, and nothing will be.
    if (handovers_.revoke(attempt.id)) {
      result.kind = Result::Kind::kNotSent;
      if (result.why.empty()) result.why = "the process for it ended before it began";
    } else {
      result.kind = Result::Kind::kEnded;
    }
  } catch (const Error&) {
    result.kind = Result::Kind::kEnded;  // it may have been taken
  }
  return result;
}

ConfirmRunner::Result ConfirmProcess::start(const std::string& input) {
  ConfirmPipe in;
  ConfirmPipe out;
  pid_t child = -1;
  const int failed = in.ends[0] < 0 || out.ends[0] < 0 ? EMFILE : spawn(command_, in, out, child);
  if (failed != 0) return {Result::Kind::kNotSent, "", std::strerror(failed)};
  in.close(0);
  out.close(1);
  write_all(in.ends[1], input);
  in.close(1);
  Result result;
  bool closed = false;
  const auto end = base::steady_now() + kLongestConfirm;
  for (;;) {
    if (leave_ && leave_()) {
      result.kind = Result::Kind::kLeft;
      break;
    }
    if (base::steady_now() >= end) break;
    pollfd waiting{out.ends[0], POLLIN, 0};
    if (::poll(&waiting, 1, kLookMs) <= 0) continue;
    char block[4096];
    const ssize_t got = ::read(out.ends[0], block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      closed = true;
      break;
    }
    result.report.append(block, static_cast<std::size_t>(got));
  }
  // After the end of its output it ends at once; another is not waited for.
  ::waitpid(child, nullptr, closed ? 0 : WNOHANG);
  return result;
}

}  // namespace cartpilot::purchase
