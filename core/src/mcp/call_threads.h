// CallThreads: one thread for each running tool call.
//
// A call may wait half a minute for a person, so a pool of fixed size would let waiting calls hold
// up those that only look. How many run at once is the dispatcher's limit. The destructor joins
// all. Any thread.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace cartpilot::mcp {

class CallThreads {
 public:
  CallThreads() = default;
  ~CallThreads();
  CallThreads(const CallThreads&) = delete;
  CallThreads& operator=(const CallThreads&) = delete;

  /// `work` does not throw. Throws std::system_error when there are no more threads.
  void run(std::function<void()> work);

 private:
  struct Entry {
    std::atomic<bool> done{false};
    std::thread thread;
  };
  std::mutex mutex_;
  std::list<Entry> entries_;
};

}  // namespace cartpilot::mcp
