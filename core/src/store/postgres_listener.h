// PostgresListener: hears what other processes announce in a shared database.
//
// On a connection and a thread of its own, from construction to destruction. Once a second, and
// with every announcement, `look` is called on that thread, so that nothing depends on an
// announcement that was lost with its connection. A connection that breaks is made again.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include "store/postgres_address.h"

namespace cartpilot::store {

/// The channel that states announce on.
inline constexpr const char* kAnnouncementChannel = "cartpilot";

class PostgresListener {
 public:
  /// `look` does not throw.
  PostgresListener(PostgresAddress address, std::function<void()> look);
  ~PostgresListener();
  PostgresListener(const PostgresListener&) = delete;
  PostgresListener& operator=(const PostgresListener&) = delete;

 private:
  void listen();
  void listen_on_one_connection();

  const PostgresAddress address_;
  const std::function<void()> look_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace cartpilot::store
