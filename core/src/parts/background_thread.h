// BackgroundThread: a thread that works for the program while its maker goes on.
//
// It gets none of the program's signals, which are for the thread that talks to the person. And it
// begins on another processor than its maker's where there is one: a scheduler that packs threads
// onto few processors to save power leaves a new thread beside its maker for some milliseconds, and
// what is worth a thread here (docs/adr/0029-start-in-two-threads.md) is over by then. After that
// it may run anywhere its maker may.
#pragma once

#include <pthread.h>

#include <functional>

namespace cartpilot::parts {

class BackgroundThread {
 public:
  BackgroundThread() = default;
  /// Throws std::system_error when there can be no further thread. `work` must not throw.
  explicit BackgroundThread(std::function<void()> work);
  /// Joins.
  ~BackgroundThread();
  BackgroundThread(BackgroundThread&& other) noexcept;
  /// Joins the thread it had.
  BackgroundThread& operator=(BackgroundThread&& other) noexcept;

  bool joinable() const { return joinable_; }
  /// Waits for the end of the work. Does nothing when there is no thread.
  void join();

 private:
  pthread_t thread_{};
  bool joinable_ = false;
};

}  // namespace cartpilot::parts
