#include "purchase/chain_head.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "cartpilot/error.h"

namespace cartpilot::purchase {
namespace {

constexpr std::size_t kHashDigits = 64;
constexpr auto kLongestWait = std::chrono::seconds(2);
constexpr auto kPoll = std::chrono::milliseconds(2);

std::filesystem::path note_of(const std::filesystem::path& database) {
  std::filesystem::path note = database;
  note += ".head";
  return note;
}

/// The file stays in its place as long as it is used: it carries the lock.
int open_note(const std::filesystem::path& database) {
  return ::open(note_of(database).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                S_IRUSR | S_IWUSR);
}

}  // namespace

ChainHeadLock::ChainHeadLock(const std::filesystem::path& database, Mode mode) {
  if (database == ":memory:") return;
  descriptor_ = open_note(database);
  if (descriptor_ < 0) return;
  const int operation = (mode == Mode::kShared ? LOCK_SH : LOCK_EX) | LOCK_NB;
  const auto end = base::steady_now() + kLongestWait;
  while (::flock(descriptor_, operation) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return;  // a file system without locks
    if (base::steady_now() >= end) {
      ::close(std::exchange(descriptor_, -1));
      Error busy(
          ErrorCode::kUnavailable,
          fmt::format("{} is held by another process; wait for the other cartpilot to finish",
                      note_of(database).string()));
      busy.reason = "busy";
      throw busy;
    }
    std::this_thread::sleep_for(kPoll);
  }
}

ChainHeadLock::~ChainHeadLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void note_chain_head(const std::filesystem::path& database, const ChainHead& head) noexcept {
  if (database == ":memory:") return;
  try {
    // One line of fixed length, so that one write in place replaces it whole.
    const std::string line =
        head.seq == 0 ? "" : fmt::format("{:020} {} {:010}\n", head.seq, head.hash, head.record);
    const int descriptor = open_note(database);
    if (descriptor < 0) return;
    const bool whole = !line.empty() && ::pwrite(descriptor, line.data(), line.size(), 0) ==
                                            static_cast<ssize_t>(line.size());
    if (!whole && ::ftruncate(descriptor, 0) != 0) ::unlink(note_of(database).c_str());
    ::close(descriptor);
  } catch (...) {  // NOLINT: see the header
  }
}

std::optional<ChainHead> noted_chain_head(const std::filesystem::path& database) {
  // One variable, never moved: g++ 12 sees an overlong copy in such moves (its bug 105329).
  std::optional<ChainHead> head;
  if (database == ":memory:") return head;
  std::ifstream in(note_of(database));
  head.emplace();
  if (!(in >> head->seq >> head->hash) || head->seq <= 0 || head->hash.size() != kHashDigits) {
    head.reset();
  } else if (!(in >> head->record)) {
    head->record = 0;  // noted before records were counted
  }
  return head;
}

}  // namespace cartpilot::purchase
