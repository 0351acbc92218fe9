#include "app/first_time.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "base/private_files.h"

namespace cartpilot::app {

namespace {

constexpr std::size_t kMaxBytes = 256 * 1024;  // a full file is begun anew

std::string read_all(int file) {
  std::string text;
  char block[4096];
  for (ssize_t got; (got = ::read(file, block, sizeof block)) > 0 && text.size() < kMaxBytes;) {
    text.append(block, static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

bool first_time(const std::filesystem::path& state_directory, const std::string& sentence) {
  std::string line = sentence;
  std::replace(line.begin(), line.end(), '\n', ' ');
  line += '\n';
  base::make_own_folder(state_directory);  // a failure shows when the file is opened
  const int file = base::open_private_file(state_directory / "told", O_RDWR | O_CREAT | O_APPEND);
  if (file < 0) return true;
  const std::string told = "\n" + read_all(file);
  const bool is_new = told.find("\n" + line) == std::string::npos;
  if (is_new && told.size() >= kMaxBytes && ::ftruncate(file, 0) != 0) line.clear();
  if (is_new && ::write(file, line.data(), line.size()) < 0) line.clear();
  ::close(file);
  return is_new;
}

}  // namespace cartpilot::app
