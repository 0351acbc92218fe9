// SessionLock: one program at a time in a conversation.
//
// Two programs that continue the same conversation would interleave its messages, and a purchase
// prepared in one could be approved in the other. Held from construction to destruction. With a
// state file it is a file lock, also released by the system when the process dies; the file says
// who holds it. With a database it is a lease, see PostgresInstance: it can be lost while it is
// held, and StateDb::require_lease() tells. Movable; one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace cartpilot::store {

class PostgresDatabase;

class SessionLock {
 public:
  /// Throws Error{kUnavailable, reason "session_open"} when another process (or this one) holds it,
  /// with its pid, its command and since when. `command` is what this process does ("chat").
  /// `folder` is made when it is missing.
  SessionLock(const std::filesystem::path& folder, const std::string& session_id,
              const std::string& command);
  /// The same by a lease in a database, which knows the session by person and id.
  SessionLock(std::shared_ptr<PostgresDatabase> database, const std::string& person,
              const std::string& session_id, const std::string& command);
  ~SessionLock();
  /// The file of a conversation's lock.
  static std::filesystem::path file_of(const std::filesystem::path& folder,
                                       const std::string& session_id);
  SessionLock(SessionLock&& other) noexcept;
  SessionLock& operator=(SessionLock&& other) = delete;

  const std::string& session() const { return session_; }
  /// Grows whenever another instance takes the lease; 0 for a file lock.
  std::int64_t epoch() const { return epoch_; }

 private:
  int descriptor_ = -1;
  std::shared_ptr<PostgresDatabase> database_;
  std::string person_;
  std::string session_;
  std::int64_t epoch_ = 0;
};

}  // namespace cartpilot::store
