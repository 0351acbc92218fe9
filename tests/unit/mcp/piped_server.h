// The MCP server on two pipes, and its client.
//
// The server runs on a thread of its own until the destructor or until it ends by itself.
#pragma once

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <string>

#include "mcp/stdio.h"
#include "unit/mcp/fake_tools.h"

namespace cartpilot::mcp {

template <class Tools>
class PipedServerOf {
 public:
  explicit PipedServerOf(std::size_t max_line = 4096) {
    std::signal(SIGPIPE, SIG_IGN);  // as the program does
    EXPECT_EQ(::pipe(in_), 0);
    EXPECT_EQ(::pipe(out_), 0);
    end_ = std::async(std::launch::async, [this, max_line] {
      StdioOptions options{in_[0], out_[1], [this] { return stop_.load(); }, max_line,
                           std::chrono::milliseconds(200)};
      return serve_stdio(dispatcher_, options);
    });
  }
  ~PipedServerOf() {
    stop_ = true;
    if (end_.valid()) end_.wait();
    for (const int descriptor : {in_[0], in_[1], out_[0], out_[1]}) {
      if (descriptor >= 0) ::close(descriptor);
    }
  }

  void write(const std::string& text) {
    EXPECT_EQ(::write(in_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void close_input() { close(in_[1]); }
  void close_output() { close(out_[0]); }
  void stop() { stop_ = true; }
  StdioEnd end() { return end_.get(); }

  /// The next line of the server.
  Json read() {
    std::string line;
    for (char c = 0; ::read(out_[0], &c, 1) == 1 && c != '\n';) line += c;
    return parse_json(line, "a line of the server");
  }

  Tools tools;

 private:
  static void close(int& descriptor) {
    ::close(descriptor);
    descriptor = -1;
  }
  int in_[2] = {-1, -1};
  int out_[2] = {-1, -1};
  std::atomic<bool> stop_{false};
  CallThreads threads_;
  Dispatcher dispatcher_{test_identity(), tools, threads_};
  std::future<StdioEnd> end_;
};

using PipedServer = PipedServerOf<FakeTools>;

inline std::string line_of(const Json& message) { return dump_json(message) + "\n"; }

}  // namespace cartpilot::mcp
