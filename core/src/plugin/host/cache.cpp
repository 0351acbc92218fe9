#include "plugin/host/cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <utility>

#include "base/digest.h"
#include "base/private_files.h"

namespace cartpilot::plugin {
namespace {

namespace fs = std::filesystem;

constexpr off_t kMaxFile = 4 << 20;

std::string head_of(const std::string& plugin, std::string_view stamp) {
  return fmt::format("cartpilot-plugin-cache 1\n{}\n{}\n", stamp, plugin);
}

}  // namespace

PluginCache::PluginCache(fs::path directory) : directory_(std::move(directory)) {}

fs::path PluginCache::file_of(const std::string& plugin) const {
  return directory_ / fmt::format("probe-{:.16}", base::sha256_hex(plugin));
}

std::optional<std::string> PluginCache::read(const std::string& plugin,
                                             std::string_view stamp) const {
  if (directory_.empty()) return std::nullopt;
  const int file =
      ::open(file_of(plugin).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
  if (file < 0) return std::nullopt;
  struct stat status {};
  std::string text;
  if (::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= kMaxFile &&
      status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0) {
    text.resize(static_cast<std::size_t>(status.st_size));
    if (::read(file, text.data(), text.size()) != status.st_size) text.clear();
  }
  ::close(file);
  const std::string head = head_of(plugin, stamp);
  if (text.rfind(head, 0) != 0) return std::nullopt;
  return text.substr(head.size());
}

void PluginCache::write(const std::string& plugin, std::string_view stamp,
                        std::string_view text) const noexcept {
  if (directory_.empty()) return;
  try {
    static std::atomic<unsigned> number{0};
    base::make_private_folder(directory_);
    const fs::path target = file_of(plugin);
    const fs::path draft =
        fmt::format("{}.{}.{}", target.string(), ::getpid(), number.fetch_add(1));
    const std::string whole = head_of(plugin, stamp).append(text);
    const int file = base::open_private_file(draft, O_WRONLY | O_CREAT | O_EXCL);
    if (file < 0) return;
    const bool complete =
        ::write(file, whole.data(), whole.size()) == static_cast<ssize_t>(whole.size());
    ::close(file);
    if (!complete || ::rename(draft.c_str(), target.c_str()) != 0) ::unlink(draft.c_str());
  } catch (...) {
    // Without a cache the next run asks again.
  }
}

}  // namespace cartpilot::plugin
