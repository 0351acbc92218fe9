// Folders and files that only their owner may use: the state folder, the databases and locks in it,
// the plugin cache, the history of lines.
//
// The mode is right from the first moment, whoever comes first and whatever the umask is. The umask
// itself is never changed, not even for a moment: it belongs to the whole process, threads of
// plugins included. Plain functions and one lock; any thread.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <system_error>

namespace cartpilot::base {

/// Makes `folder` and what is missing above it, each step with mode 0700. An existing folder is
/// left as it is. Returns why it could not be made.
std::error_code make_private_folder(const std::filesystem::path& folder);

/// The same, and takes the rights of others away from a `folder` that is the user's own: for
/// folders that belong to this program alone.
std::error_code make_own_folder(const std::filesystem::path& folder);

/// open() with O_CLOEXEC and O_NOFOLLOW added; a file that is made has mode 0600. -1 and errno when
/// that fails.
int open_private_file(const std::filesystem::path& file, int flags);

/// The umask of the process, read without changing it.
mode_t current_umask();

/// Holds a folder while something in it is made for the first time, so that programs that start at
/// once come one after the other. Waits ten seconds at most and then goes on without; none when the
/// folder cannot be opened. Released at its end and with the process.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace cartpilot::base
