#include "store/session_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <utility>

#include "cartpilot/error.h"

namespace cartpilot::store {

SessionLock::SessionLock(const std::filesystem::path& folder, const std::string& session_id) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
  // Ids are free text; equal names of different ids would only make one wait for the other.
  const auto file = folder / fmt::format("{:016x}.lock", std::hash<std::string>()(session_id));
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (descriptor_ < 0) {
    throw Error(ErrorCode::kUnavailable,
                fmt::format("{} cannot be opened: {}; check the folder's permissions",
                            file.string(), std::strerror(errno)));
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  ::close(std::exchange(descriptor_, -1));
  Error open_elsewhere(ErrorCode::kUnavailable,
                       fmt::format("the conversation {} is open in another cartpilot; end that one "
                                   "first, or start another conversation",
                                   session_id));
  open_elsewhere.reason = "session_open";
  throw open_elsewhere;
}

SessionLock::SessionLock(SessionLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

SessionLock::~SessionLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace cartpilot::store
