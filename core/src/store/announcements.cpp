#include "store/announcements.h"

#include <condition_variable>
#include <mutex>

namespace cartpilot::store {
namespace {

struct Board {
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t count = 0;
};

/// Never destroyed: threads may wait on it until the process ends.
Board& board() {
  static auto* const one = new Board;
  return *one;
}

}  // namespace

std::uint64_t announcements() {
  const std::lock_guard lock(board().mutex);
  return board().count;
}

void announce_here() {
  const std::lock_guard lock(board().mutex);
  ++board().count;
  board().changed.notify_all();
}

std::uint64_t wait_for_announcement(std::uint64_t seen, std::chrono::milliseconds longest) {
  std::unique_lock lock(board().mutex);
  board().changed.wait_for(lock, longest, [&] { return board().count != seen; });
  return board().count;
}

}  // namespace cartpilot::store
