// PostgresInstance: this process among all that share a database, and the conversations it holds.
//
// A conversation is held by a lease of 30 seconds by the database's clock, which a thread renews
// every 10 seconds. When it lapses another instance may take it, and its epoch grows: whoever had
// it before can tell. A lease that lapsed is not renewed. Made when it is first needed, one for
// each database and process; any thread may call.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/postgres_pool.h"

namespace cartpilot::store {

class PostgresInstance {
 public:
  /// The pool is borrowed.
  explicit PostgresInstance(PostgresPool& pool);
  ~PostgresInstance();
  PostgresInstance(const PostgresInstance&) = delete;
  PostgresInstance& operator=(const PostgresInstance&) = delete;

  /// The name of this process, see process_owner(). From its first use on the database knows it.
  std::string id();

  /// Where other processes reach this one, for the row of this process. Throws Error{kUnavailable}.
  void set_address(const std::string& address);
  /// The address of another process that runs and has this conversation; nullopt where none has, or
  /// has one. Throws Error{kUnavailable}.
  std::optional<std::string> address_of_holder(const std::string& person,
                                               const std::string& session);
  struct Held {
    std::string person;
    std::string session;
  };
  /// The conversations that other processes have. Throws Error{kUnavailable}.
  std::vector<Held> held_by_others();

  /// Tells every process that listens that something changed. Never throws: a lost announcement
  /// costs a second.
  void announce() noexcept;

  /// Takes the lease of a conversation and returns its epoch. `command` is what this process does.
  /// Throws Error{kUnavailable, reason "session_open"} while an instance that runs has it, which
  /// may be this one.
  std::int64_t take(const std::string& person, const std::string& session,
                    const std::string& command);
  /// Gives it up. Never throws: a lease that cannot be given up lapses.
  void release(const std::string& person, const std::string& session, std::int64_t epoch) noexcept;

 private:
  void begin();
  void renew_until_stopped();
  void renew();

  PostgresPool& pool_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string id_;
  pid_t process_ = 0;
  bool stop_ = false;
  std::unique_ptr<std::thread> thread_;
};

}  // namespace cartpilot::store
