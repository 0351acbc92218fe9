#include "mcp/client/server_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "cartpilot/error.h"

namespace cartpilot::mcp {
namespace {

constexpr int kLookAtPipeMs = 50;
constexpr std::chrono::milliseconds kPatience{2'000};
/// For a program that reads nothing.
constexpr std::chrono::milliseconds kLongestWrite{5'000};
constexpr std::size_t kPipeBlock = 4096;

/// A pipe whose ends are closed when a program is executed.
struct ServerPipe {
  ServerPipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0) ends[0] = ends[1] = -1;
  }
  ~ServerPipe() {
    for (const int end : ends) {
      if (end >= 0) ::close(end);
    }
  }
  ServerPipe(const ServerPipe&) = delete;
  ServerPipe& operator=(const ServerPipe&) = delete;
  int take(int end) { return std::exchange(ends[end], -1); }
  int ends[2] = {-1, -1};
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

/// errno when it could not be started.
int spawn_server(const std::vector<std::string>& command,
                 const std::vector<std::string>& environment, const ServerPipe& in,
                 const ServerPipe& out, const ServerPipe& err, pid_t& process) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t usual;
  sigemptyset(&none);
  sigemptyset(&usual);
  for (const int signal : {SIGPIPE, SIGXFSZ, SIGINT, SIGTERM, SIGHUP}) sigaddset(&usual, signal);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &usual);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  ::posix_spawn_file_actions_adddup2(&actions, in.ends[0], 0);
  ::posix_spawn_file_actions_adddup2(&actions, out.ends[1], 1);
  ::posix_spawn_file_actions_adddup2(&actions, err.ends[1], 2);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  const int failed = ::posix_spawn(&process, command.front().c_str(), &actions, &attributes,
                                   pointers(command).data(), pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return failed;
}

}  // namespace

ServerProcess::ServerProcess(const std::vector<std::string>& command,
                             const std::map<std::string, std::string>& environment,
                             std::function<void(std::string_view)> log)
    : log_(std::move(log)) {
  ServerPipe in;
  ServerPipe out;
  ServerPipe err;
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) {
    variables.push_back(fmt::format("{}={}", name, value));
  }
  const bool pipes = in.ends[0] >= 0 && out.ends[0] >= 0 && err.ends[0] >= 0;
  const int failed = pipes ? spawn_server(command, variables, in, out, err, process_) : EMFILE;
  if (failed != 0) {
    throw Error(ErrorCode::kUnavailable,
                fmt::format("{} cannot be started: {}", command.front(), std::strerror(failed)));
  }
  input_ = in.take(1);
  output_ = out.take(0);
  errors_ = err.take(0);
  // Whether the program reads is asked before each write.
  ::fcntl(input_, F_SETFL, O_NONBLOCK);
  error_reader_ = std::thread([this] { pass_on_errors(); });
}

ServerProcess::~ServerProcess() {
  stopping_ = true;
  ::close(input_);
  if (!wait_for_end(kPatience)) {
    ::kill(-process_, SIGTERM);
    wait_for_end(kPatience);
  }
  // Whatever it started and left behind is in its group, whose number is its own until it is waited
  // for.
  ::kill(-process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  ended_ = true;
  error_reader_.join();
  ::close(output_);
  ::close(errors_);
}

bool ServerProcess::wait_for_end(std::chrono::milliseconds limit) {
  const auto end = base::steady_now() + limit;
  for (;;) {
    siginfo_t found{};
    if (::waitid(P_PID, static_cast<id_t>(process_), &found, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        found.si_pid == process_) {
      return true;
    }
    if (base::steady_now() >= end) return false;
    // Its output is read on, so that it can end.
    char block[kPipeBlock];
    pollfd waiting{output_, POLLIN, 0};
    if (::poll(&waiting, 1, kLookAtPipeMs) > 0 && ::read(output_, block, sizeof block) <= 0) {
      ::poll(nullptr, 0, kLookAtPipeMs / 5);
    }
  }
}

void ServerProcess::pass_on_errors() {
  std::size_t passed_on = 0;
  std::string line;
  while (!ended_) {
    pollfd waiting{errors_, POLLIN, 0};
    if (::poll(&waiting, 1, kLookAtPipeMs) <= 0) continue;
    char block[kPipeBlock];
    const ssize_t got = ::read(errors_, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    for (const char c : std::string_view(block, static_cast<std::size_t>(got))) {
      if (passed_on >= kMaxLogBytes) break;
      ++passed_on;
      if (c != '\n') line += c;
      if (c == '\n' || passed_on == kMaxLogBytes) log_(std::exchange(line, ""));
    }
  }
}

bool ServerProcess::write(const std::string& line) {
  const std::string text = line + "\n";
  auto end = base::steady_now() + kLongestWrite;
  for (std::size_t sent = 0; sent < text.size();) {
    pollfd waiting{input_, POLLOUT, 0};
    if (::poll(&waiting, 1, kLookAtPipeMs) <= 0) {
      if (stopping_ || base::steady_now() >= end) return false;
      continue;
    }
    end = base::steady_now() + kLongestWrite;
    const ssize_t part = ::write(input_, text.data() + sent, text.size() - sent);
    if (part < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (part <= 0) return false;
    sent += static_cast<std::size_t>(part);
  }
  return true;
}

ServerProcess::Read ServerProcess::read(std::string& line) {
  for (;;) {
    const std::size_t end = received_.find('\n', searched_);
    if (end != std::string::npos) {
      line = received_.substr(0, end);
      received_.erase(0, end + 1);
      searched_ = 0;
      return Read::kLine;
    }
    searched_ = received_.size();
    if (received_.size() > kMaxLine) return Read::kEnd;
    pollfd waiting{output_, POLLIN, 0};
    if (::poll(&waiting, 1, kLookAtPipeMs) <= 0) return Read::kNothing;
    char block[64 * 1024];
    const ssize_t got = ::read(output_, block, sizeof block);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return Read::kNothing;
    if (got <= 0) return Read::kEnd;
    received_.append(block, static_cast<std::size_t>(got));
  }
}

}  // namespace cartpilot::mcp
