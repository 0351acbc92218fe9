// Program: a server that is being measured, as a process of its own.
//
// It ends with this process, even when this one is killed; its own processes go with it. One
// thread, which must live as long as the program does.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "loop.h"

namespace cartpilot::load {

/// What a process has used so far, from /proc.
struct Usage {
  std::size_t memory = 0;       ///< resident, bytes
  std::size_t peak_memory = 0;  ///< resident, bytes
  int threads = 0;
  int files = 0;  ///< open descriptors
  double processor_seconds = 0;
};

class Program {
 public:
  /// Starts at once; what it prints goes to the file `output`. Throws std::runtime_error.
  Program(const std::vector<std::string>& words, const std::vector<std::string>& environment,
          const std::filesystem::path& output);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Waits until it prints `before` and then the port of an address of 127.0.0.1, or of `before`
  /// alone, a number. Throws when it ends, or after 30 s.
  int wait_for_port(const std::string& before);
  /// Waits until 127.0.0.1:`port` takes connections.
  void wait_for_listener(int port);
  /// Throws, with what it printed last, when it has ended.
  void check_running();
  Usage usage() const;
  /// Asks it to end, waits 30 s at most, and returns its exit code; 128 + the signal when it had to
  /// be killed.
  int end();

 private:
  std::string printed() const;
  bool gone();

  const std::string name_;
  const std::filesystem::path output_;
  pid_t pid_ = -1;
  int code_ = 0;
};

/// How busy all processors are.
struct Processors {
  double idle = 0;   ///< ticks since the start of the machine
  double total = 0;  ///< of all kinds
};
Processors processors_now();

}  // namespace cartpilot::load
