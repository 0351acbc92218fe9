#include "base/private_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

namespace cartpilot::base {
namespace {

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr mode_t kOthersBits = 0077;
constexpr mode_t kUsualUmask = 0022;
constexpr auto kLongestWait = std::chrono::seconds(10);
constexpr auto kPoll = std::chrono::milliseconds(5);

std::error_code last_error() { return {errno, std::system_category()}; }

}  // namespace

std::error_code make_private_folder(const std::filesystem::path& folder) {
  std::filesystem::path step;
  for (const auto& part : folder) {
    step /= part;
    if (::mkdir(step.c_str(), kFolderMode) == 0) {
      ::chmod(step.c_str(), kFolderMode);  // the umask may have taken even the owner's rights
    } else if (errno != EEXIST) {
      // What cannot be made may be there all the same, on a file system that is read only.
      const std::error_code why = last_error();
      std::error_code ignored;
      if (!std::filesystem::is_directory(step, ignored)) return why;
    }
  }
  std::error_code ignored;
  if (folder.empty() || std::filesystem::is_directory(folder, ignored)) return {};
  return std::make_error_code(std::errc::not_a_directory);
}

std::error_code make_own_folder(const std::filesystem::path& folder) {
  if (const std::error_code why = make_private_folder(folder)) return why;
  struct stat status {};
  if (::stat(folder.c_str(), &status) == 0 && status.st_uid == ::geteuid() &&
      (status.st_mode & kOthersBits) != 0) {
    ::chmod(folder.c_str(), kFolderMode);
  }
  return {};
}

int open_private_file(const std::filesystem::path& file, int flags) {
  flags |= O_CLOEXEC | O_NOFOLLOW;
  if ((flags & O_CREAT) != 0) {
    // Made here or there already: two steps, so that only a new file gets its mode.
    const int made = ::open(file.c_str(), flags | O_EXCL, kFileMode);
    if (made >= 0) {
      ::fchmod(made, kFileMode);
      return made;
    }
    if (errno != EEXIST || (flags & O_EXCL) != 0) return -1;
  }
  return ::open(file.c_str(), flags & ~O_CREAT);
}

mode_t current_umask() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "Umask:") continue;
    unsigned mask = kUsualUmask;
    status >> std::oct >> mask;
    return static_cast<mode_t>(mask);
  }
  return kUsualUmask;
}

FolderLock::FolderLock(const std::filesystem::path& folder)
    : descriptor_(
          ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0) return;
  const auto end = std::chrono::steady_clock::now() + kLongestWait;
  while (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return;
    if (std::chrono::steady_clock::now() >= end) return;
    std::this_thread::sleep_for(kPoll);
  }
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace cartpilot::base
