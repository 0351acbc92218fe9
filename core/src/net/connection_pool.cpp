#include "net/connection_pool.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/clock.h"

namespace cartpilot::net {
namespace {

constexpr std::size_t kMaxIdle = 32;
/// Shorter than what balancers and routers usually allow before they drop a silent connection
/// without a word.
constexpr std::chrono::seconds kLongestIdle{55};

}  // namespace

std::unique_ptr<Connection> ConnectionPool::take(const std::string& key) {
  for (;;) {
    std::unique_ptr<Connection> found;
    std::vector<Idle> old;  // closed after the lock is gone: TLS says goodbye on the network
    {
      const std::lock_guard lock(mutex_);
      old = remove_old();
      const auto last = std::find_if(idle_.rbegin(), idle_.rend(),
                                     [&key](const Idle& idle) { return idle.key == key; });
      if (last == idle_.rend()) return nullptr;
      found = std::move(last->connection);
      idle_.erase(std::next(last).base());
    }
    if (found->idle_and_open()) return found;
  }
}

void ConnectionPool::put(const std::string& key, std::unique_ptr<Connection> connection) {
  std::vector<Idle> old;
  const std::lock_guard lock(mutex_);
  old = remove_old();
  idle_.push_back({key, std::move(connection), base::steady_now()});
}

std::vector<ConnectionPool::Idle> ConnectionPool::remove_old() {
  const auto limit = base::steady_now() - kLongestIdle;
  auto keep = std::find_if(idle_.begin(), idle_.end(),
                           [limit](const Idle& idle) { return idle.since > limit; });
  if (idle_.end() - keep >= static_cast<std::ptrdiff_t>(kMaxIdle)) {
    keep = idle_.end() - static_cast<std::ptrdiff_t>(kMaxIdle) + 1;
  }
  std::vector<Idle> old(std::make_move_iterator(idle_.begin()), std::make_move_iterator(keep));
  idle_.erase(idle_.begin(), keep);
  return old;
}

}  // namespace cartpilot::net
