#include "testing/check_child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "cartpilot/detail/calls.h"

namespace cartpilot::testing {
namespace {

constexpr std::size_t kKeptOutput = 64 * 1024;

int output_file = -1;  // of this child: what the plugin prints

std::string read_from_start(int file) {
  std::string text(kKeptOutput, '\0');
  const ssize_t got = ::pread(file, text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

void send(int pipe, const CheckEnd& end) {
  const std::string text = static_cast<char>('0' + static_cast<int>(end.outcome)) +
                           detail::cut_text(end.message, 4000);  // fits a pipe at once
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t put = ::write(pipe, text.data() + done, text.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return;
    done += static_cast<std::size_t>(put);
  }
}

[[noreturn]] void be_the_child(int pipe, int output, int errors,
                               const std::function<void()>& body) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_DFL);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, 0);
  ::dup2(output, 1);
  ::dup2(errors, 2);
  output_file = output;
  send(pipe, run_here(body));
  ::_exit(0);
}

/// What the child says, "" when it ends without a word; false when the deadline passed first.
bool listen(int pipe, std::int64_t deadline_ms, std::string& said) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(deadline_ms);
  std::array<char, 8192> buffer{};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd ready{pipe, POLLIN, 0};
    const int woken = ::poll(&ready, 1, static_cast<int>(left.count()));
    if (woken < 0 && errno == EINTR) continue;
    if (woken == 0) return false;
    const ssize_t got = ::read(pipe, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got > 0)
      said.assign(buffer.data(), static_cast<std::size_t>(got));  // one write, see send()
    return true;
  }
}

std::string last_words(int errors) {
  std::string text = read_from_start(errors);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  if (text.size() > 300) text = text.substr(text.size() - 300);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text.empty() ? "" : "; it printed: " + text;
}

CheckEnd judge(const std::string& said, bool in_time, int status, std::int64_t deadline_ms,
               int errors) {
  // A plugin may write to any descriptor; only the kit's own form counts.
  const bool spoke = !said.empty() && said[0] >= '0' && said[0] <= '5';
  if (spoke) return {static_cast<CheckOutcome>(said[0] - '0'), said.substr(1)};
  if (!in_time) {
    return {CheckOutcome::kTimeout,
            "no end after " + std::to_string(deadline_ms) + " ms" + last_words(errors)};
  }
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    return {CheckOutcome::kCrash, "ended by signal " + std::to_string(number) + " (" +
                                      ::strsignal(number) + ")" + last_words(errors)};
  }
  return {CheckOutcome::kCrash, "the plugin ended the process with exit status " +
                                    std::to_string(WEXITSTATUS(status)) + last_words(errors)};
}

}  // namespace

CheckEnd run_here(const std::function<void()>& body) {
  try {
    body();
    return {CheckOutcome::kPass, ""};
  } catch (const CheckEnd& end) {
    return end;
  } catch (const std::exception& error) {
    return {CheckOutcome::kFail, error.what()};
  }
}

std::string output_of_this_child() {
  return output_file < 0 ? std::string() : read_from_start(output_file);
}

CheckEnd run_in_child(std::int64_t deadline_ms, const std::function<void()>& body) {
  std::array<int, 2> ends{};
  const int output = ::memfd_create("check-output", MFD_CLOEXEC);
  const int errors = ::memfd_create("check-errors", MFD_CLOEXEC);
  if (output < 0 || errors < 0 || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw Error(ErrorCode::kUnavailable, "no pipe or memory file for a check");
  }
  std::fflush(nullptr);  // what this process has not written yet must not come out of the child
  const pid_t child = ::fork();
  if (child < 0) throw Error(ErrorCode::kUnavailable, "no process for a check");
  if (child == 0) {
    ::close(ends[0]);
    be_the_child(ends[1], output, errors, body);
  }
  ::setpgid(child, child);
  ::close(ends[1]);
  std::string said;
  const bool in_time = listen(ends[0], deadline_ms, said);
  ::kill(-child, SIGKILL);
  ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const CheckEnd end = judge(said, in_time, status, deadline_ms, errors);
  for (const int file : {ends[0], output, errors}) ::close(file);
  return end;
}

}  // namespace cartpilot::testing
