#include "http/token_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/private_files.h"
#include "base/random.h"
#include "cartpilot/error.h"
#include "text/ascii.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kShortestToken = 16;
constexpr mode_t kOthers = 0077;

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, fmt::format("token file {}: {}", file.string(), why));
}

void make(const std::filesystem::path& file) {
  const int made = base::open_private_file(file, O_WRONLY | O_CREAT | O_EXCL);
  if (made < 0) {
    if (errno == EEXIST) return;
    refuse(file, std::strerror(errno));
  }
  const std::string line = base::random_hex(kTokenBytes) + "\n";
  const ssize_t written = ::write(made, line.data(), line.size());
  ::close(made);
  if (written != static_cast<ssize_t>(line.size())) refuse(file, "cannot be written");
}

}  // namespace

std::string token_of(const std::filesystem::path& file, MissingToken missing) {
  if (missing == MissingToken::kMade) make(file);
  const int opened = base::open_private_file(file, O_RDONLY);
  if (opened < 0) refuse(file, std::strerror(errno));
  struct stat facts {};
  char block[1024];
  const bool known = ::fstat(opened, &facts) == 0;
  const ssize_t got = ::read(opened, block, sizeof block);
  ::close(opened);
  if (!known || got < 0) refuse(file, "cannot be read");
  if (facts.st_uid != ::geteuid() || (facts.st_mode & kOthers) != 0) {
    refuse(file, "others could read it; make it your own with mode 0600");
  }
  const std::string token(text::trimmed({block, static_cast<std::size_t>(got)}));
  if (token.size() < kShortestToken || token.find_first_of(" \t\r\n") != std::string::npos) {
    refuse(file, fmt::format("holds no token of at least {} characters", kShortestToken));
  }
  return token;
}

}  // namespace cartpilot::host
