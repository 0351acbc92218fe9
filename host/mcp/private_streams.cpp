#include "mcp/private_streams.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cartpilot/error.h"

namespace cartpilot::host {
namespace {

constexpr int kAbove = 10;  // the numbers that a started program expects something at

void replace(int descriptor, const char* file, int flags) {
  const int opened = ::open(file, flags | O_CLOEXEC);
  if (opened < 0) return;
  ::dup2(opened, descriptor);
  ::close(opened);
}

}  // namespace

PrivateStreams::PrivateStreams()
    : input_(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, kAbove)),
      output_(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, kAbove)) {
  if (input_ < 0 || output_ < 0) {
    throw Error(ErrorCode::kUnavailable,
                fmt::format("standard input and output are needed: {}", std::strerror(errno)));
  }
  replace(STDIN_FILENO, "/dev/null", O_RDONLY);
  if (::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) replace(STDOUT_FILENO, "/dev/null", O_WRONLY);
}

PrivateStreams::~PrivateStreams() {
  ::close(input_);
  ::close(output_);
}

}  // namespace cartpilot::host
