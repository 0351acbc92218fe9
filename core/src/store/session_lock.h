// SessionLock: one program at a time in a conversation.
//
// Two programs that continue the same conversation would interleave its messages, and a purchase
// prepared in one could be approved in the other. Held from construction to destruction, also
// released by the system when the process dies. The lock file says who holds it. Movable; one
// thread.
#pragma once

#include <filesystem>
#include <string>

namespace cartpilot::store {

class SessionLock {
 public:
  /// Throws Error{kUnavailable, reason "session_open"} when another process (or this one) holds it,
  /// with its pid, its command and since when. `command` is what this process does ("chat").
  /// `folder` is made when it is missing.
  SessionLock(const std::filesystem::path& folder, const std::string& session_id,
              const std::string& command);
  ~SessionLock();
  /// The file of a conversation's lock.
  static std::filesystem::path file_of(const std::filesystem::path& folder,
                                       const std::string& session_id);
  SessionLock(SessionLock&& other) noexcept;
  SessionLock& operator=(SessionLock&& other) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace cartpilot::store
