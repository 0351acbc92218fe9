#include "child.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <stdexcept>

namespace cartpilot::bench {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

}  // namespace

Child::Child(const std::vector<std::string>& words, const std::vector<std::string>& environment,
             Streams streams) {
  const std::vector<char*> arguments = pointers(words);
  const std::vector<char*> variables = pointers(environment);
  const bool terminal = streams == Streams::kTerminal;
  int to[2];
  int from[2];
  int master = -1;
  int slave = -1;
  if (terminal) {
    if (::openpty(&master, &slave, nullptr, nullptr, nullptr) != 0)
      throw std::runtime_error("no terminal to be had");
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
  } else if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe to be had");
  }
  started_ = Clock::now();
  pid_ = ::vfork();
  if (pid_ == 0) {
    ::setsid();
    if (terminal) {
      ::ioctl(slave, TIOCSCTTY, 0);
      for (int stream = 0; stream < 3; ++stream) ::dup2(slave, stream);
    } else {
      ::dup2(to[0], 0);
      ::dup2(from[1], 1);
      const int nowhere = ::open("/dev/null", O_WRONLY);
      ::dup2(nowhere, 2);
    }
    ::execve(arguments[0], arguments.data(), variables.data());
    ::_exit(127);
  }
  if (pid_ < 0) throw std::runtime_error("cannot start " + words[0]);
  if (terminal) {
    ::close(slave);
    in_ = master;
    out_ = master;
  } else {
    ::close(to[0]);
    ::close(from[1]);
    in_ = to[1];
    out_ = from[0];
  }
}

Child::~Child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (out_ >= 0 && out_ != in_) ::close(out_);
  if (in_ >= 0) ::close(in_);
}

void Child::write(const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::write(in_, text.data() + done, text.size() - done);
    if (count < 0) throw std::runtime_error("the program reads no more");
    done += static_cast<std::size_t>(count);
  }
}

void Child::close_input() {
  if (in_ == out_) return;
  ::close(in_);
  in_ = -1;
}

std::string Child::read_some() {
  pollfd waiting{out_, POLLIN, 0};
  if (::poll(&waiting, 1, 10'000) == 0) {
    throw std::runtime_error("nothing came for ten seconds; output so far:\n" + output_);
  }
  char block[65536];
  const ssize_t got = ::read(out_, block, sizeof block);
  if (got <= 0) return "";  // a terminal ends with EIO
  output_.append(block, static_cast<std::size_t>(got));
  return std::string(block, static_cast<std::size_t>(got));
}

Clock::time_point Child::wait_for(const std::string& text) {
  Clock::time_point at = Clock::now();
  for (;;) {
    const std::size_t found = output_.find(text, consumed_);
    if (found != std::string::npos) {
      consumed_ = found + text.size();
      return at;
    }
    if (read_some().empty()) {
      throw std::runtime_error("the program ended without \"" + text + "\"; output:\n" + output_);
    }
    at = Clock::now();
  }
}

int Child::wait() {
  close_input();
  while (!read_some().empty()) {
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::size_t Child::peak_memory() const { return peak_memory_of(std::to_string(pid_)); }

std::vector<std::string> environment_of(const std::filesystem::path& home,
                                        const std::vector<std::string>& more) {
  std::vector<std::string> list = {"HOME=" + home.string(),
                                   "XDG_STATE_HOME=" + (home / "state").string(),
                                   "XDG_CONFIG_HOME=" + (home / "config").string(),
                                   "PATH=/usr/bin:/bin",
                                   "TERM=xterm",
                                   "LANG=C.UTF-8"};
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

std::size_t peak_memory_of(const std::string& pid) {
  std::ifstream status("/proc/" + pid + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::stoul(line.substr(6)) * 1024;
  }
  throw std::runtime_error("no VmHWM of process " + pid);
}

}  // namespace cartpilot::bench
