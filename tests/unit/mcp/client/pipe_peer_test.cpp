// Servers that are shell scripts.
#include "mcp/client/pipe_peer.h"

#include <signal.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/random.h"
#include "unit/mcp/client/fake_peer.h"

namespace cartpilot::mcp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Answers the first request with `result`, then reads on.
std::string answering(const std::string& result) {
  return "read line; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":" + result +
         "}'; while read line; do :; done";
}

struct Log {
  std::mutex mutex;
  std::vector<std::string> lines;
  std::function<void(std::string_view)> sink() {
    return [this](std::string_view line) {
      const std::lock_guard lock(mutex);
      lines.emplace_back(line);
    };
  }
};

std::unique_ptr<PipePeer> start(const std::string& script, Log& log,
                                std::map<std::string, std::string> environment = {}) {
  return std::make_unique<PipePeer>(std::vector<std::string>{"/bin/sh", "-c", script},
                                    std::move(environment), log.sink());
}

class Cancelled final : public CallContext {
 public:
  bool cancelled() const noexcept override { return true; }
};

TEST(PipePeer, gets_the_result_of_its_request_past_everything_else) {
  Log log;
  const auto peer = start(
      "read line; echo rubbish; echo '{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/"
      "list_changed\"}'; echo '{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}'; echo; "
      "echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":1}}'; read line",
      log);
  EXPECT_EQ(peer->request({"tools/list"}, CallContext()), (Json{{"a", 1}}));
  EXPECT_TRUE(peer->take_list_changed());
  EXPECT_FALSE(peer->take_list_changed());
}

TEST(PipePeer, passes_on_an_error_with_its_code) {
  Log log;
  const auto peer = start(
      "read line; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":"
      "\"no\"}}'; read line",
      log);
  try {
    peer->request({"tools/list"}, CallContext());
    FAIL();
  } catch (const ProtocolError& error) {
    EXPECT_EQ(error.rpc_code, kMethodNotFound);
    EXPECT_STREQ(error.what(), "no");
  }
}

TEST(PipePeer, tells_of_progress_and_sends_what_was_asked) {
  Log log;
  const auto peer = start(
      "read line; echo \"$line\" >&2; "
      "echo '{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
      "{\"progressToken\":1,\"progress\":1}}'; "
      "echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}'; read line",
      log);
  std::vector<Json> progress;
  PeerRequest request{"tools/call", {{"name", "a"}}};
  request.on_progress = [&](const Json& params) { progress.push_back(params); };
  peer->use_revision("2026-07-28");
  peer->request(request, CallContext());
  EXPECT_THAT(progress, ElementsAre(Json{{"progressToken", 1}, {"progress", 1}}));
  for (int i = 0; i < 500; ++i) {
    const std::lock_guard lock(log.mutex);
    if (!log.lines.empty()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const std::lock_guard lock(log.mutex);
  ASSERT_EQ(log.lines.size(), 1U);
  const Json sent = parse_json(log.lines.front());
  EXPECT_EQ(sent.at("params").at("name"), Json("a"));
  EXPECT_EQ(sent.at("params").at("_meta").at("progressToken"), Json(1));
  EXPECT_EQ(sent.at("params").at("_meta").at("io.modelcontextprotocol/clientCapabilities"),
            Json::object());
}

TEST(PipePeer, gives_the_program_no_other_variables_and_descriptors) {
  Log log;
  ::setenv("CARTPILOT_API_KEY", "not-for-others", 1);
  const auto peer = start(
      "read line; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"open\":\"'$(echo "
      "/proc/self/fd/*)'\",\"env\":\"'$(/usr/bin/env | /usr/bin/sort | /usr/bin/tr '\\n' ' "
      "')'\"}}'; "
      "read line",
      log, {{"ONLY", "this"}});
  const Json result = peer->request({"tools/list"}, CallContext());
  EXPECT_THAT(string_or(result, "env"), testing::Not(HasSubstr("not-for-others")));
  EXPECT_THAT(string_or(result, "env"), HasSubstr("ONLY=this"));
  // The last one is the folder that is being read.
  EXPECT_THAT(string_or(result, "open"),
              testing::MatchesRegex("/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2"
                                    "( /proc/self/fd/[0-9]+)?"));
}

TEST(PipePeer, is_lost_when_the_program_ends) {
  Log log;
  const auto peer = start("read line", log);
  for (int i = 0; i < 2; ++i) {
    try {
      peer->request({"tools/list"}, CallContext());
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.reason, "lost");
    }
  }
}

TEST(PipePeer, gives_up_after_the_limit_and_on_a_cancellation_and_says_so_to_the_server) {
  const auto file = std::filesystem::temp_directory_path() / ("peer-" + base::random_hex(8));
  {
    Log log;
    const auto peer = start("cat > " + file.string(), log, {{"PATH", "/usr/bin:/bin"}});
    PeerRequest request{"tools/call"};
    request.limit = std::chrono::milliseconds(50);
    try {
      peer->request(request, CallContext());
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::kDeadline);
    }
    try {
      peer->request({"tools/call"}, Cancelled());
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::kCancelled);
    }
  }
  std::ifstream in(file);
  std::vector<std::string> methods;
  for (std::string line; std::getline(in, line);) {
    methods.push_back(string_or(parse_json(line), "method"));
  }
  EXPECT_THAT(methods, ElementsAre("tools/call", "notifications/cancelled", "tools/call",
                                   "notifications/cancelled"));
  std::filesystem::remove(file);
}

TEST(PipePeer, answers_a_ping_and_refuses_every_other_request) {
  Log log;
  const auto peer = start(
      "read a; echo '{\"jsonrpc\":\"2.0\",\"id\":\"p\",\"method\":\"ping\"}'; read b; "
      "echo '{\"jsonrpc\":\"2.0\",\"id\":\"s\",\"method\":\"sampling/createMessage\"}'; read c; "
      "echo \"$b\" >&2; echo \"$c\" >&2; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}'; "
      "read d",
      log);
  peer->request({"tools/list"}, CallContext());
  for (int i = 0; i < 500; ++i) {
    const std::lock_guard lock(log.mutex);
    if (log.lines.size() >= 2) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const std::lock_guard lock(log.mutex);
  ASSERT_EQ(log.lines.size(), 2U);
  EXPECT_EQ(parse_json(log.lines[0]), make_response("p", Json::object()));
  EXPECT_EQ(integer_or(parse_json(log.lines[1]).at("error"), "code"), kMethodNotFound);
}

TEST(PipePeer, ends_a_program_that_ignores_everything) {
  Log log;
  const auto begin = base::steady_now();
  { const auto peer = start("trap '' TERM; while :; do sleep 0.1; done", log, {{"PATH", "/bin"}}); }
  const auto waited = base::steady_now() - begin;
  EXPECT_GE(waited, std::chrono::seconds(4));
  EXPECT_LT(waited, std::chrono::seconds(20));
}

TEST(PipePeer, ends_at_once_with_a_program_that_ends_with_its_input) {
  Log log;
  const auto begin = base::steady_now();
  {
    const auto peer = start(answering("{}"), log);
    peer->request({"tools/list"}, CallContext());
  }
  EXPECT_LT(base::steady_now() - begin, std::chrono::seconds(2));
}

TEST(PipePeer, says_which_program_cannot_be_started) {
  Log log;
  try {
    PipePeer({"/nowhere/server"}, {}, log.sink());
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "/nowhere/server cannot be started: No such file or directory");
  }
}

}  // namespace
}  // namespace cartpilot::mcp
