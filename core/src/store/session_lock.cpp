#include "store/session_lock.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <functional>
#include <utility>

#include "base/clock.h"
#include "base/private_files.h"
#include "cartpilot/error.h"
#include "store/postgres_database.h"

namespace cartpilot::store {
namespace {

/// What the file says: "PID SECONDS COMMAND", the seconds since the epoch.
void write_holder(int descriptor, const std::string& command) {
  const std::string line =
      fmt::format("{} {} {}\n", ::getpid(), base::unix_ms_now() / 1000, command);
  // For people only; the lock is what counts.
  if (::ftruncate(descriptor, 0) != 0) return;
  [[maybe_unused]] const ssize_t written = ::pwrite(descriptor, line.data(), line.size(), 0);
}

/// " (pid 17, cartpilot chat, since 2026-11-28 19:40:00Z)", "" when the file does not tell.
std::string holder_in(int descriptor) {
  std::array<char, 128> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  if (size <= 0) return "";
  const char* const end = text.data() + size;
  long pid = 0;
  long long seconds = 0;
  auto read = std::from_chars(text.data(), end, pid);
  if (read.ec != std::errc() || read.ptr == end || *read.ptr != ' ') return "";
  read = std::from_chars(read.ptr + 1, end, seconds);
  if (read.ec != std::errc() || read.ptr == end || *read.ptr != ' ') return "";
  std::string command;
  for (const char* c = read.ptr + 1; c != end && *c != '\n'; ++c) {
    if ((*c >= 'a' && *c <= 'z') || *c == ' ') command += *c;
  }
  return fmt::format(" (pid {}, cartpilot {}, since {:%Y-%m-%d %H:%M:%S}Z)", pid, command,
                     fmt::gmtime(static_cast<std::time_t>(seconds)));
}

}  // namespace

SessionLock::SessionLock(const std::filesystem::path& folder, const std::string& session_id,
                         const std::string& command)
    : session_(session_id) {
  base::make_private_folder(folder);  // a failure shows when the file is opened
  const std::filesystem::path file = file_of(folder, session_id);
  descriptor_ = base::open_private_file(file, O_RDWR | O_CREAT);
  if (descriptor_ < 0) {
    throw Error(ErrorCode::kUnavailable,
                fmt::format("{} cannot be opened: {}; check the folder's permissions",
                            file.string(), std::strerror(errno)));
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) {
    write_holder(descriptor_, command);
    return;
  }
  const std::string holder = holder_in(descriptor_);
  ::close(std::exchange(descriptor_, -1));
  Error open_elsewhere(ErrorCode::kUnavailable,
                       fmt::format("the conversation {} is open in another cartpilot{}; end that "
                                   "one first, or use another conversation",
                                   session_id, holder));
  open_elsewhere.reason = "session_open";
  throw open_elsewhere;
}

std::filesystem::path SessionLock::file_of(const std::filesystem::path& folder,
                                           const std::string& session_id) {
  // Ids are free text; equal names of different ids would only make one wait for the other.
  return folder / fmt::format("{:016x}.lock", std::hash<std::string>()(session_id));
}

SessionLock::SessionLock(std::shared_ptr<PostgresDatabase> database, const std::string& person,
                         const std::string& session_id, const std::string& command)
    : database_(std::move(database)),
      person_(person),
      session_(session_id),
      epoch_(database_->instance().take(person, session_id, command)) {}

SessionLock::SessionLock(SessionLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      database_(std::move(other.database_)),
      person_(std::move(other.person_)),
      session_(std::move(other.session_)),
      epoch_(other.epoch_) {}

SessionLock::~SessionLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (database_) database_->instance().release(person_, session_, epoch_);
}

}  // namespace cartpilot::store
