// InstanceLock: keeps calls into one plugin instance apart ("instance-serial").
//
// A second thread waits. The thread that is already inside (from an event handler, say) would wait
// for itself; it gets an Error instead.
#pragma once

#include <atomic>
#include <mutex>
#include <thread>

#include "cartpilot/error.h"

namespace cartpilot::plugin {

class InstanceLock {
 public:
  void lock() {
    if (holder_.load() == std::this_thread::get_id()) {
      throw Error(ErrorCode::kInternal,
                  "a plugin instance was called from inside one of its own calls");
    }
    mutex_.lock();
    holder_ = std::this_thread::get_id();
  }
  void unlock() {
    holder_ = std::thread::id();
    mutex_.unlock();
  }

 private:
  std::mutex mutex_;
  std::atomic<std::thread::id> holder_{};
};

}  // namespace cartpilot::plugin
