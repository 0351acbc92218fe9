#include "plugin/host/cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <utility>

#include "base/private_files.h"
#include "cartpilot/abi.h"

namespace cartpilot::plugin {
namespace {

namespace fs = std::filesystem;

constexpr off_t kMaxFile = 4 << 20;
constexpr std::string_view kFormat = "cartpilot-plugin-cache 1";

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  const int number_;
};

std::string read_all(int descriptor, std::size_t size) {
  std::string text(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(descriptor, text.data() + done, size - done, static_cast<off_t>(done));
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  text.resize(done);
  return text;
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Fingerprint& Fingerprint::add(std::string_view text) {
  for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return add(static_cast<std::uint64_t>(text.size()));
}

Fingerprint& Fingerprint::add(std::uint64_t number) {
  for (int i = 0; i < 8; ++i) {
    hash_ = (hash_ ^ (number & 0xFF)) * 1099511628211ULL;
    number >>= 8;
  }
  return *this;
}

Fingerprint& Fingerprint::add(const FileIdentity& identity) {
  return add(static_cast<std::uint64_t>(identity.device))
      .add(static_cast<std::uint64_t>(identity.inode))
      .add(static_cast<std::uint64_t>(identity.size))
      .add(static_cast<std::uint64_t>(identity.modified_ns))
      .add(static_cast<std::uint64_t>(identity.changed_ns));
}

std::string Fingerprint::text() const { return fmt::format("{:016x}", hash_); }

std::string program_stamp() {
  static const std::string stamp = [] {
    FileIdentity identity;
    identify("/proc/self/exe", identity);
    return Fingerprint().add(identity).add(CP_EPOCH).add(CP_REVISION).text();
  }();
  return stamp;
}

PluginCache::PluginCache(fs::path directory) : directory_(std::move(directory)) {}

fs::path PluginCache::file_of(std::string_view kind, std::string_view subject) const {
  return directory_ / fmt::format("{}-{}", kind, Fingerprint().add(subject).text());
}

std::optional<std::string> PluginCache::read(std::string_view kind, std::string_view subject,
                                             std::string_view stamp) const {
  if (directory_.empty()) return std::nullopt;
  const Descriptor file(::open(file_of(kind, subject).c_str(),
                               O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      status.st_size > kMaxFile || status.st_uid != ::geteuid() ||
      (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return std::nullopt;
  }
  const std::string text = read_all(file.get(), static_cast<std::size_t>(status.st_size));
  const std::string head = fmt::format("{}\n{}\n{}\n", kFormat, stamp, subject);
  if (text.rfind(head, 0) != 0) return std::nullopt;
  return text.substr(head.size());
}

void PluginCache::write(std::string_view kind, std::string_view subject, std::string_view stamp,
                        std::string_view text) const noexcept {
  if (directory_.empty()) return;
  try {
    static std::atomic<unsigned> number{0};
    base::make_private_folder(directory_);
    const fs::path target = file_of(kind, subject);
    const fs::path draft =
        fmt::format("{}.{}.{}", target.string(), ::getpid(), number.fetch_add(1));
    bool complete = false;
    {
      const Descriptor file(base::open_private_file(draft, O_WRONLY | O_CREAT | O_EXCL));
      if (file.get() < 0) return;
      complete = write_all(file.get(), fmt::format("{}\n{}\n{}\n", kFormat, stamp, subject)) &&
                 write_all(file.get(), text);
    }
    if (!complete || ::rename(draft.c_str(), target.c_str()) != 0) ::unlink(draft.c_str());
  } catch (...) {
    // Without a cache the next run asks again.
  }
}

}  // namespace cartpilot::plugin
