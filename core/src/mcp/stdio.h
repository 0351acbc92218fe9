// The stdio transport: one JSON message a line, in on one descriptor, out on another.
//
// A line is capped, rubbish is answered and read past. The server ends when its input does, when
// `must_end` says so, when its output is closed, or when the process that started it is gone: some
// clients only signal, some only close, some do neither. Input that ended lets the calls that run
// finish for a few seconds; every other end hurries them. A client that does not read cannot keep
// the server from ending. Descriptors and dispatcher are borrowed. Runs on the calling thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "mcp/dispatcher.h"

namespace cartpilot::mcp {

struct StdioOptions {
  int input = 0;
  int output = 1;
  std::function<bool()> must_end;
  std::size_t max_line_bytes = 4 * 1024 * 1024;
  /// For calls that still run when the input has ended.
  std::chrono::milliseconds grace{5'000};
};

enum class StdioEnd { kInputClosed, kOutputClosed, kStopped, kParentGone };

/// Serves until one of the ends.
StdioEnd serve_stdio(Dispatcher& dispatcher, const StdioOptions& options);

}  // namespace cartpilot::mcp
