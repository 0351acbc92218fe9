// ServerProcess: a program that serves MCP on its standard input and output.
//
// Started without a shell, as the leader of a process group of its own, with the variables it is
// given and no others, and with no open file but its three streams. What it writes to standard
// error goes to `log`, on a thread of this object, at most kMaxLogBytes of it. write() and read()
// may be called from two threads at once.
//
// The destructor closes its input, waits 2 s, sends SIGTERM to its group, waits 2 s, and kills it.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace cartpilot::mcp {

class ServerProcess {
 public:
  static constexpr std::size_t kMaxLogBytes = 64 * 1024;
  static constexpr std::size_t kMaxLine = 8 * 1024 * 1024;

  /// `command`: the program's whole path and its arguments. Throws Error{kUnavailable} when it
  /// cannot be started.
  ServerProcess(const std::vector<std::string>& command,
                const std::map<std::string, std::string>& environment,
                std::function<void(std::string_view)> log);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// Writes a line. False when the program has read nothing for 5 s, is gone, or after stop(); the
  /// line may be there in part.
  bool write(const std::string& line);

  enum class Read { kLine, kNothing, kEnd };
  /// Waits 50 ms at most. A line longer than kMaxLine ends the stream.
  Read read(std::string& line);

  /// Lets write() give up.
  void stop() { stopping_ = true; }

 private:
  void pass_on_errors();
  bool wait_for_end(std::chrono::milliseconds limit);

  pid_t process_ = -1;
  int input_ = -1;   ///< of the program
  int output_ = -1;  ///< of the program
  int errors_ = -1;
  std::function<void(std::string_view)> log_;
  std::string received_;
  std::size_t searched_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> ended_{false};
  std::thread error_reader_;
};

}  // namespace cartpilot::mcp
