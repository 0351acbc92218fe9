#include "program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "connection.h"

namespace cartpilot::load {
namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::milliseconds kLook{5};
constexpr std::size_t kShownBytes = 2000;

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

std::string whole(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

Program::Program(const std::vector<std::string>& words, const std::vector<std::string>& environment,
                 const std::filesystem::path& output)
    : name_(words.front()), output_(output) {
  const std::vector<char*> arguments = pointers(words);
  const std::vector<char*> variables = pointers(environment);
  const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (out < 0 || in < 0) throw std::runtime_error("cannot write " + output.string());
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::setpgid(0, 0);  // Ctrl-C is for us; we end it
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    ::dup2(in, 0);
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::execve(arguments[0], arguments.data(), variables.data());
    ::_exit(127);
  }
  ::close(in);
  ::close(out);
  if (pid_ < 0) throw std::runtime_error("cannot start " + name_);
}

Program::~Program() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string Program::printed() const {
  const std::string text = whole(output_);
  return text.size() > kShownBytes ? text.substr(text.size() - kShownBytes) : text;
}

bool Program::gone() {
  if (pid_ <= 0) return true;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  pid_ = -1;
  return true;
}

void Program::check_running() {
  if (!gone()) return;
  throw std::runtime_error(
      fmt::format("{} ended with code {}; it printed:\n{}", name_, code_, printed()));
}

int Program::wait_for_port(const std::string& before) {
  for (const auto end = Clock::now() + kPatience; Clock::now() < end;) {
    check_interrupt();
    const std::string text = whole(output_);
    const std::size_t at = text.find(before);
    const std::size_t line_end = text.find('\n', at);
    if (at != text.npos && line_end != text.npos) {
      const int port = std::atoi(text.c_str() + at + before.size());
      if (port > 0) return port;
    }
    check_running();
    std::this_thread::sleep_for(kLook);
  }
  throw std::runtime_error(name_ + " did not say its port; it printed:\n" + printed());
}

void Program::wait_for_listener(int port) {
  for (const auto end = Clock::now() + kPatience; Clock::now() < end;) {
    check_running();
    Loop loop;
    bool answered = false;
    bool closed = false;
    const auto connection = Connection::to(loop, port);
    connection->listen([&](std::string_view) { answered = true; }, [&] { closed = true; });
    connection->send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    loop.run_until([&] { return answered || closed; }, Clock::now() + std::chrono::seconds(1));
    if (answered) return;
    std::this_thread::sleep_for(10 * kLook);
  }
  throw std::runtime_error(name_ + " does not answer; it printed:\n" + printed());
}

Usage Program::usage() const {
  const std::string folder = fmt::format("/proc/{}/", pid_);
  Usage usage;
  std::ifstream status(folder + "status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) usage.memory = std::stoul(line.substr(6)) * 1024;
    if (line.starts_with("VmHWM:")) usage.peak_memory = std::stoul(line.substr(6)) * 1024;
    if (line.starts_with("Threads:")) usage.threads = std::stoi(line.substr(8));
  }
  if (usage.memory == 0) throw std::runtime_error(name_ + " has ended");
  const std::filesystem::directory_iterator files(folder + "fd");
  usage.files =
      static_cast<int>(std::distance(std::filesystem::begin(files), std::filesystem::end(files)));
  const std::string stat = whole(folder + "stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  usage.processor_seconds = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return usage;
}

int Program::end() {
  if (pid_ > 0) ::kill(pid_, SIGTERM);
  for (const auto end = Clock::now() + kPatience; !gone() && Clock::now() < end;) {
    std::this_thread::sleep_for(kLook);
  }
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
    code_ = 128 + SIGKILL;
  }
  return code_;
}

Processors processors_now() {
  std::ifstream stat("/proc/stat");
  std::string name;
  stat >> name;
  Processors now;
  double ticks = 0;
  for (int i = 0; i < 8 && stat >> ticks; ++i) {
    now.total += ticks;
    if (i == 3 || i == 4) now.idle += ticks;  // idle, waiting for a disk
  }
  return now;
}

}  // namespace cartpilot::load
