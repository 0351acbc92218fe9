// PostgresPool: the connections of one process to one database, taken for the length of one
// transaction.
//
// Any thread may take one. The pool outlives what it lends. A connection that broke is not lent
// again, and a forked process makes connections of its own.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/postgres_address.h"

namespace cartpilot::store {

class PostgresLink;

class PostgresPool {
 public:
  static constexpr std::size_t kDefaultSize = 16;

  explicit PostgresPool(PostgresAddress address, std::size_t size = kDefaultSize,
                        std::chrono::milliseconds longest_wait = std::chrono::seconds(5));
  ~PostgresPool();
  PostgresPool(const PostgresPool&) = delete;
  PostgresPool& operator=(const PostgresPool&) = delete;

  /// Gives the link back at its end, or closes it when it broke.
  struct GiveBack {
    PostgresPool* pool;
    void operator()(PostgresLink* link) const;
  };
  using Taken = std::unique_ptr<PostgresLink, GiveBack>;

  /// An idle connection, or a new one. Waits while all are taken. Throws Error{kUnavailable} with
  /// reason "busy" after the longest wait, and "connection" when the server cannot be reached.
  Taken take();
  /// A new connection, and those that were idle are closed: one of them was found broken.
  Taken take_fresh();

  const PostgresAddress& address() const { return address_; }

 private:
  Taken connect();
  void leave_to_parent();

  const PostgresAddress address_;
  const std::size_t size_;
  const std::chrono::milliseconds longest_wait_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<PostgresLink>> idle_;
  std::size_t taken_ = 0;
  pid_t process_;  ///< whose connections they are
};

}  // namespace cartpilot::store
