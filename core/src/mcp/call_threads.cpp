#include "mcp/call_threads.h"

#include <utility>

namespace cartpilot::mcp {

CallThreads::~CallThreads() {
  for (Entry& entry : entries_) {
    if (entry.thread.joinable()) entry.thread.join();
  }
}

void CallThreads::run(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  entries_.remove_if([](Entry& entry) {
    if (!entry.done) return false;
    entry.thread.join();
    return true;
  });
  Entry& entry = entries_.emplace_back();
  try {
    entry.thread = std::thread([&entry, work = std::move(work)] {
      work();
      entry.done = true;
    });
  } catch (...) {
    entries_.pop_back();
    throw;
  }
}

}  // namespace cartpilot::mcp
