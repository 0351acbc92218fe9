// StatusLine: what the program waits for, on the last row of the terminal, while it waits.
//
// Shown by a thread of its own once a wait lasts longer than a moment, with its seconds; taken away
// without a trace when it ends. Who writes a row that does not end stops it first. It is no part of
// a recording. start(), resume() and stop() on one thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace cartpilot::host {

class StatusLine {
 public:
  /// Shows nothing at all unless `enabled`.
  explicit StatusLine(bool enabled) : enabled_(enabled) {}
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  /// `what`: "Waiting for the model".
  void start(std::string what);
  /// Nothing is shown from now on.
  void stop();
  /// The wait that was stopped last goes on.
  void resume();

 private:
  void run();

  const bool enabled_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string what_;
  bool waiting_ = false;
  std::chrono::steady_clock::time_point silent_since_;
  std::chrono::steady_clock::time_point since_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace cartpilot::host
