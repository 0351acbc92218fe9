// ConnectionPool: open connections between two calls, by the server they lead to.
//
// A connection is in the pool or with one call, never both. Dead and old ones are dropped when they
// are come across. Thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/connection.h"

namespace cartpilot::net {

class ConnectionPool {
 public:
  /// The connection used last for `key` that is still open; nullptr when there is none.
  std::unique_ptr<Connection> take(const std::string& key);
  void put(const std::string& key, std::unique_ptr<Connection> connection);

 private:
  using Clock = std::chrono::steady_clock;
  struct Idle {
    std::string key;
    std::unique_ptr<Connection> connection;
    Clock::time_point since;
  };

  std::vector<Idle> remove_old();

  std::mutex mutex_;
  std::vector<Idle> idle_;  ///< oldest first
};

}  // namespace cartpilot::net
