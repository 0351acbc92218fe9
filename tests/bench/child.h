// Child: a program that is being measured, with its standard streams in our hands.
//
// Standard error goes nowhere; on a terminal it is the terminal. Destroying a child that still runs
// kills it. One thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "figure.h"

namespace cartpilot::bench {

class Child {
 public:
  enum class Streams { kPipes, kTerminal };

  /// Starts at once; `environment` replaces ours. Throws std::runtime_error.
  Child(const std::vector<std::string>& words, const std::vector<std::string>& environment,
        Streams streams = Streams::kPipes);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  Clock::time_point started() const { return started_; }
  pid_t pid() const { return pid_; }

  void write(const std::string& text);
  void close_input();

  /// Reads until the output that was not consumed yet holds `text`, and consumes up to its end.
  /// Returns when the bytes that completed it were read. Throws after ten seconds.
  Clock::time_point wait_for(const std::string& text);
  /// The next piece of output; "" at its end.
  std::string read_some();

  /// Reads the rest of the output, waits for the end and returns the exit code.
  int wait();
  const std::string& output() const { return output_; }

  /// Peak resident memory in bytes, as long as it runs.
  std::size_t peak_memory() const;

 private:
  Clock::time_point started_;
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  std::string output_;  ///< everything so far
  std::size_t consumed_ = 0;
};

/// HOME and friends below `home`, a PATH, and `more`.
std::vector<std::string> environment_of(const std::filesystem::path& home,
                                        const std::vector<std::string>& more = {});

/// VmHWM of a process in bytes.
std::size_t peak_memory_of(const std::string& pid);

}  // namespace cartpilot::bench
