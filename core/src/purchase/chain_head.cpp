#include "purchase/chain_head.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace cartpilot::purchase {
namespace {

constexpr std::size_t kHashDigits = 64;

std::filesystem::path note_of(const std::filesystem::path& database) {
  std::filesystem::path note = database;
  note += ".head";
  return note;
}

}  // namespace

void note_chain_head(const std::filesystem::path& database, const ChainHead& head) noexcept {
  if (database == ":memory:") return;
  try {
    const std::filesystem::path note = note_of(database);
    if (head.seq == 0) {
      std::filesystem::remove(note);
      return;
    }
    // One line of fixed length, so that one write in place replaces it whole.
    const std::string line = fmt::format("{:020} {}\n", head.seq, head.hash);
    const int descriptor =
        ::open(note.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (descriptor < 0) return;
    const ssize_t written = ::pwrite(descriptor, line.data(), line.size(), 0);
    ::close(descriptor);
    if (written != static_cast<ssize_t>(line.size())) ::unlink(note.c_str());
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
  }
  return head;
}

}  // namespace cartpilot::purchase
