#include <sstream>

#include "unit/mcp/piped_server.h"

namespace cartpilot::mcp {
namespace {

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
