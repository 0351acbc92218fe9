#include "mcp/stdio.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <future>
#include <sstream>

#include "unit/mcp/fake_tools.h"

namespace cartpilot::mcp {
namespace {

/// A server on two pipes.
class PipedServer {
 public:
  explicit PipedServer(std::size_t max_line = 4096) {
    std::signal(SIGPIPE, SIG_IGN);  // as the program does
    EXPECT_EQ(::pipe(in_), 0);
    EXPECT_EQ(::pipe(out_), 0);
    end_ = std::async(std::launch::async, [this, max_line] {
      StdioOptions options{in_[0], out_[1], [this] { return stop_.load(); }, max_line,
                           std::chrono::milliseconds(200)};
      return serve_stdio(dispatcher_, options);
    });
  }
  ~PipedServer() {
    tools.release();
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

  FakeTools tools;

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

std::string line_of(const Json& message) { return dump_json(message) + "\n"; }

Json ping(int id) { return TestClient::request("ping", Json::object(), id); }

TEST(McpStdio, one_message_a_line_each_way) {
  PipedServer server;
  server.write(line_of(ping(1)) + "\n \r\n" + dump_json(ping(2)) + "\r\n");
  EXPECT_EQ(server.read(), response(1, Json::object()));
  EXPECT_EQ(server.read(), response(2, Json::object()));
}

TEST(McpStdio, a_message_may_come_in_pieces) {
  PipedServer server;
  const std::string line = line_of(ping(1));
  for (const char c : line) server.write(std::string(1, c));
  EXPECT_EQ(server.read(), response(1, Json::object()));
}

TEST(McpStdio, line_feeds_in_a_text_are_escaped) {
  PipedServer server;
  server.write(line_of(TestClient::modern_request(
      "tools/call", {{"name", "echo"}, {"arguments", {{"a", "x\ny\r\u2028"}}}}, 1)));
  EXPECT_EQ(server.read().at("result").at("structuredContent"), (Json{{"a", "x\ny\r\u2028"}}));
}

TEST(McpStdio, rubbish_is_answered_and_read_past) {
  PipedServer server;
  server.write(std::string("\x00\x01{{{", 5) + "\n" + line_of(ping(2)));
  EXPECT_EQ(error_code_of(server.read()), kParseError);
  EXPECT_EQ(server.read(), response(2, Json::object()));
}

TEST(McpStdio, a_line_that_is_too_long_is_refused_once_and_read_past) {
  PipedServer server(1000);
  const std::string endless(20'000, 'x');
  server.write(endless);
  EXPECT_EQ(error_code_of(server.read()), kParseError);
  server.write(endless + "\n" + line_of(ping(2)));
  EXPECT_EQ(server.read(), response(2, Json::object()));
}

TEST(McpStdio, the_end_of_input_ends_it_after_the_last_line) {
  PipedServer server;
  server.write(dump_json(ping(1)));
  server.close_input();
  EXPECT_EQ(server.read(), response(1, Json::object()));
  EXPECT_EQ(server.end(), StdioEnd::kInputClosed);
}

TEST(McpStdio, a_call_that_outlives_the_input_is_hurried_and_answered) {
  PipedServer server;
  server.write(line_of(TestClient::modern_request("tools/call", {{"name", "wait"}}, 1)));
  server.tools.wait_until_waiting();
  server.close_input();
  EXPECT_EQ(server.read().at("id"), Json(1));
  EXPECT_EQ(server.end(), StdioEnd::kInputClosed);
}

TEST(McpStdio, it_ends_when_told_to_with_the_input_open) {
  PipedServer server;
  server.stop();
  EXPECT_EQ(server.end(), StdioEnd::kStopped);
}

TEST(McpStdio, it_ends_when_nobody_reads_any_more) {
  PipedServer server;
  server.close_output();
  server.write(line_of(ping(1)));
  EXPECT_EQ(server.end(), StdioEnd::kOutputClosed);
}

TEST(McpStdio, a_client_that_does_not_read_cannot_keep_it_from_ending) {
  PipedServer server(1'000'000);
  const std::string text(60'000, 'x');
  for (int id = 0; id < 4; ++id) {
    server.write(line_of(TestClient::modern_request(
        "tools/call", {{"name", "echo"}, {"arguments", {{"a", text}}}}, id)));
  }
  server.stop();
  EXPECT_EQ(server.end(), StdioEnd::kStopped);
}

}  // namespace
}  // namespace cartpilot::mcp
