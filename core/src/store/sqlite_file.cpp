#include "store/sqlite_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/private_files.h"
#include "cartpilot/error.h"

namespace cartpilot::store {

namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kOthersBits = 0077;

}  // namespace

[[noreturn]] void refuse_file(const std::filesystem::path& path, std::string_view what,
                              std::string_view remedy, const char* reason) {
  Error error(ErrorCode::kUnavailable,
              fmt::format("state database {} {}; {}", path.string(), what, remedy));
  error.reason = reason;
  throw error;
}

[[noreturn]] void refuse_file_for(const std::filesystem::path& path,
                                  const SQLite::Exception& error) {
  constexpr int kPrimaryCode = 0xFF;
  switch (error.getErrorCode() & kPrimaryCode) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: refuse_file(path, "is damaged or is no database", kMoveAway);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      refuse_file(path, "is held by another process", "wait for the other cartpilot to finish",
                  "busy");
    case SQLITE_READONLY:
      refuse_file(path, "cannot be written", "check its permissions and those of its folder",
                  "disk");
    case SQLITE_FULL: refuse_file(path, "cannot grow", "free some disk space", "disk");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
      refuse_file(path, fmt::format("failed ({})", error.what()),
                  "check the disk and the file's permissions", "disk");
    default:
      refuse_file(path, fmt::format("failed ({})", error.what()),
                  "check the disk and the file's permissions");
  }
}

void make_state_folder(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.parent_path();
  if (const std::error_code why = base::make_private_folder(folder)) {
    refuse_file(file, fmt::format("needs the folder {}: {}", folder.string(), why.message()),
                "make it, or point XDG_STATE_HOME to a folder you may write");
  }
}

void make_state_file(const std::filesystem::path& file) {
  const int descriptor = base::open_private_file(file, O_RDWR | O_CREAT | O_EXCL);
  if (descriptor < 0) {
    if (errno != EEXIST) {
      refuse_file(file, fmt::format("cannot be created: {}", std::strerror(errno)),
                  "check the folder's permissions and free space");
    }
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
      refuse_file(file, "is not an ordinary file", "move it away");
    }
    if (::access(file.c_str(), R_OK | W_OK) != 0) {
      refuse_file(file, "cannot be written", "check its permissions and its owner");
    }
    if ((status.st_mode & kOthersBits) != 0 && status.st_uid == ::geteuid()) {
      ::chmod(file.c_str(), kFileMode);
    }
    return;
  }
  ::close(descriptor);
  // The name itself must survive a power cut, or durable records would vanish with it.
  const std::string folder = file.has_parent_path() ? file.parent_path().string() : ".";
  const int parent = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent >= 0) {
    ::fsync(parent);
    ::close(parent);
  }
}

}  // namespace cartpilot::store
