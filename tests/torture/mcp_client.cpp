#include "torture/mcp_client.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace cartpilot::torture {
namespace {

constexpr std::chrono::seconds kPatience{90};  ///< a confirm looks for its outcome for a minute
constexpr std::chrono::milliseconds kBetweenSignals{100};
constexpr std::chrono::milliseconds kBeforeKill{500};
constexpr const char* kRevision = "2026-07-28";
constexpr const char* kHint = "cartpilot approve ";

constexpr std::array<const char*, static_cast<std::size_t>(Death::kCount)> kDeaths = {
    "pipes_close", "kill", "terminate", "two_signals", "close_and_signal"};

[[noreturn]] void become(const std::vector<std::string>& words, const Place& place) {
  ::close_range(3, ~0U, 0);
  ::clearenv();
  ::setenv("HOME", place.folder.c_str(), 1);
  ::setenv("PATH", "/usr/bin:/bin", 1);
  ::setenv("LANG", "C.UTF-8", 1);
  ::setenv("TERM", "xterm", 1);
  ::setenv("XDG_STATE_HOME", (place.folder + "/state").c_str(), 1);
  ::setenv("XDG_CONFIG_HOME", (place.folder + "/config").c_str(), 1);
  ::setenv("XDG_DATA_HOME", (place.folder + "/data").c_str(), 1);
  ::setenv("CARTPILOT_API_KEY", place.api_key.c_str(), 1);
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  ::execv(pointers[0], pointers.data());
  ::_exit(127);
}

/// False at the end of the descriptor, which is closed then.
bool read_what_is_there(int& descriptor, std::string& text) {
  char block[16384];
  while (descriptor >= 0) {
    const ssize_t got = ::read(descriptor, block, sizeof block);
    if (got > 0) {
      text.append(block, static_cast<std::size_t>(got));
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return true;
    ::close(descriptor);
    descriptor = -1;
  }
  return false;
}

void close_end(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

Person::Hands hands_at(int& terminal) {
  Person::Hands hands;
  hands.type = [&terminal](const std::string& text) {
    if (terminal >= 0 && ::write(terminal, text.data(), text.size()) < 0) return;
  };
  hands.close_terminal = [&terminal] { close_end(terminal); };
  hands.let_time_pass = [](std::int64_t) {};
  hands.now_ms = [] {
    const auto real = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(real).count();
  };
  hands.said = [] { return std::size_t{0}; };
  return hands;
}

}  // namespace

const char* name_of(Death death) { return kDeaths.at(static_cast<std::size_t>(death)); }

McpClient::McpClient(const Place& place, bool modern, Behaviour person)
    : place_(place), modern_(modern), person_(person, hands_at(terminal_)) {
  int to[2];
  int from[2];
  int errors[2];
  if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0 ||
      ::pipe2(errors, O_CLOEXEC) != 0) {
    std::abort();
  }
  server_ = ::fork();
  if (server_ < 0) std::abort();
  if (server_ == 0) {
    ::setsid();
    ::dup2(to[0], STDIN_FILENO);
    ::dup2(from[1], STDOUT_FILENO);
    ::dup2(errors[1], STDERR_FILENO);
    become({CARTPILOT_PROGRAM, "mcp", "--api-url", place_.api_url, "--no-plugins"}, place_);
  }
  ::close(to[0]);
  ::close(from[1]);
  ::close(errors[1]);
  in_ = to[1];
  out_ = from[0];
  err_ = errors[0];
  for (const int descriptor : {out_, err_}) ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
  if (modern_) return;
  const int id = ++next_id_;
  send({{"jsonrpc", "2.0"},
        {"id", id},
        {"method", "initialize"},
        {"params",
         {{"protocolVersion", "2025-11-25"},
          {"capabilities", Json::object()},
          {"clientInfo", {{"name", "torture"}, {"version", "1"}}}}}});
  wait(id);
}

McpClient::~McpClient() {
  for (const pid_t child : {server_, approval_}) {
    if (child <= 0) continue;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  for (int* descriptor : {&in_, &out_, &err_, &terminal_}) close_end(*descriptor);
}

void McpClient::die_at(Clock::time_point moment, Death how) {
  death_ = moment;
  manner_ = how;
}

void McpClient::send(const Json& message) {
  const std::string line = dump_json(message) + "\n";
  std::size_t sent = 0;
  while (in_ >= 0 && sent < line.size()) {
    const ssize_t part = ::write(in_, line.data() + sent, line.size() - sent);
    if (part <= 0) return;  // the server has ended
    sent += static_cast<std::size_t>(part);
  }
}

int McpClient::start(const std::string& tool, const Json& arguments) {
  const int id = ++next_id_;
  if (death_ && !dead_ && Clock::now() >= *death_) die();
  if (dead_) return id;
  Json params = {{"name", tool}, {"arguments", arguments}};
  if (modern_) {
    params["_meta"] = {{"io.modelcontextprotocol/protocolVersion", kRevision},
                       {"io.modelcontextprotocol/clientCapabilities", Json::object()}};
  }
  send({{"jsonrpc", "2.0"}, {"id", id}, {"method", "tools/call"}, {"params", std::move(params)}});
  return id;
}

std::optional<Json> McpClient::wait(int id) {
  const auto end = Clock::now() + kPatience;
  while (!dead_) {
    const auto found = answers_.find(id);
    if (found != answers_.end()) return found->second;
    if (out_ < 0) return std::nullopt;
    if (Clock::now() >= end) {
      stuck_ = true;
      return std::nullopt;
    }
    pump(death_ ? std::min(*death_, end) : end);
    if (death_ && Clock::now() >= *death_) die();
  }
  return std::nullopt;
}

std::optional<Json> McpClient::get(const std::string& tool, const Json& arguments) {
  const auto answer = wait(start(tool, arguments));
  if (!answer || !answer->contains("result")) return std::nullopt;
  const Json& result = answer->at("result");
  if (result.contains("isError")) return std::nullopt;
  return parse_json(string_or(result.at("content").back(), "text"), "the answer");
}

/// Waits until something came, the time is over, or a moment has passed.
void McpClient::pump(Clock::time_point until) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
  pollfd waiting[3] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}, {terminal_, POLLIN, 0}};
  ::poll(waiting, 3, static_cast<int>(std::clamp<std::int64_t>(left, 0, 50)));
  read_what_is_there(out_, received_);
  take_lines();
  read_what_is_there(err_, errors_);
  look_for_question();
  std::string seen;
  read_what_is_there(terminal_, seen);
  if (!seen.empty()) person_.see(seen);
}

void McpClient::take_lines() {
  for (std::size_t end = 0; (end = received_.find('\n', parsed_)) != std::string::npos;) {
    const Json message = parse_json(received_.substr(parsed_, end - parsed_), "a line");
    parsed_ = end + 1;
    if (!message.contains("method")) {
      answers_[static_cast<int>(integer_or(message, "id"))] = message;
    }
  }
}

/// The person goes to a terminal as soon as they are told to, once at a time.
void McpClient::look_for_question() {
  if (terminal_ < 0 && approval_ > 0) {
    ::waitpid(approval_, nullptr, 0);
    approval_ = -1;
  }
  const std::size_t at = errors_.find(kHint, looked_at_);
  if (approval_ > 0 || at == std::string::npos || errors_.find('\n', at) == std::string::npos)
    return;
  const std::size_t begin = at + std::string(kHint).size();
  looked_at_ = begin;
  const std::string id = errors_.substr(begin, errors_.find_first_of(" \n", begin) - begin);
  struct winsize size = {24, 80, 0, 0};
  approval_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
  if (approval_ < 0) std::abort();
  if (approval_ == 0) become({CARTPILOT_PROGRAM, "approve", id}, place_);
  ::fcntl(terminal_, F_SETFL, O_NONBLOCK);
  ::fcntl(terminal_, F_SETFD, FD_CLOEXEC);
}

void McpClient::signal(int number) const {
  if (server_ > 0) ::kill(server_, number);
}

bool McpClient::server_ends_within(std::chrono::milliseconds time) {
  const auto end = Clock::now() + time;
  while (server_ > 0) {
    if (::waitpid(server_, nullptr, WNOHANG) == server_) {
      server_ = -1;
      break;
    }
    if (Clock::now() >= end) return false;
    pump(std::min(end, Clock::now() + std::chrono::milliseconds(5)));
  }
  return true;
}

void McpClient::die() {
  dead_ = true;
  switch (manner_) {
    case Death::kKill: return signal(SIGKILL);
    case Death::kTerminate: return signal(SIGTERM);
    case Death::kTwoSignals:
      signal(SIGINT);
      if (server_ends_within(kBetweenSignals)) return;
      signal(SIGTERM);
      if (!server_ends_within(kBeforeKill)) signal(SIGKILL);
      return;
    case Death::kCloseAndSignal: close_end(in_); return signal(SIGTERM);
    case Death::kPipesClose:
    case Death::kCount: break;
  }
  for (int* descriptor : {&in_, &out_, &err_}) close_end(*descriptor);
}

void McpClient::finish() {
  if (!dead_ || manner_ == Death::kCloseAndSignal) close_end(in_);
  if (!server_ends_within(kPatience)) stuck_ = true;
  const auto end = Clock::now() + kPatience;
  while (terminal_ >= 0 && Clock::now() < end) pump(end);
  if (approval_ > 0) {
    if (terminal_ >= 0) {
      stuck_ = true;
      ::kill(approval_, SIGKILL);
    }
    ::waitpid(approval_, nullptr, 0);
    approval_ = -1;
  }
}

}  // namespace cartpilot::torture
