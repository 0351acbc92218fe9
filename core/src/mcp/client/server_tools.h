// ServerTools: the tools of another MCP server as a tool set.
//
// Holds the connection and begins a new one when it is lost, at most three times in ten minutes. A
// call whose answer was lost is never repeated: whether it was carried out is not known. Whenever
// the list of tools may be another one, it is read again, and a tool that is not exactly what was
// agreed to is not called any more. All tools are writes, or money where the person says so; what a
// server says about its tools makes none of them count as harmless. One call at a time; any thread.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cartpilot/tool_set.h"
#include "mcp/client/client.h"
#include "mcp/client/foreign_tool.h"

namespace cartpilot::mcp {

constexpr std::size_t kMaxForeignResult = 256 * 1024;
constexpr std::size_t kMaxRestarts = 3;
constexpr std::chrono::minutes kRestartSpan{10};

/// Another server, as the person's settings name it.
struct ServerSettings {
  std::string name;
  std::vector<std::string> command;  ///< whole path and arguments; empty: `url`
  std::string url;
  std::map<std::string, std::string> environment;  ///< all variables of the program
  std::vector<std::string> own_variables;          ///< names of those that the settings add
  HttpHeaders headers;
  std::set<std::string> money_tools;  ///< as the server calls them

  /// What a person agrees to: the command line, or the address.
  std::string identity() const;
};

struct ServerToolsOptions {
  ServerSettings server;
  /// Names that belong to others.
  std::set<std::string> reserved;
  /// Makes a new connection. Throws Error.
  std::function<std::unique_ptr<Peer>()> make_peer;
  /// For lines about the work: progress. Any thread.
  std::function<void(const std::string&)> log;
  std::function<base::SteadyTime()> now = base::steady_now;
  std::function<void(std::chrono::milliseconds)> sleep{};  ///< in tests
};

class ServerTools final : public ToolSet {
 public:
  explicit ServerTools(ServerToolsOptions options);

  /// Connects, and reads what the server offers. Throws Error.
  ForeignTools open(const CallContext& context);

  /// From now on these are the tools: those that a person agreed to.
  void agree(std::vector<ForeignTool> tools) { tools_ = std::move(tools); }

  std::vector<ToolSpec> list() const override;
  ToolOutcome call(const std::string& name, const Json& arguments,
                   const CallContext& context) override;

 private:
  void connect(const CallContext& context);
  void reconnect(const CallContext& context);
  ForeignTools read_list(const CallContext& context);
  void look_for_changes(const CallContext& context);
  ToolOutcome call_connected(const ForeignTool& tool, const Json& arguments,
                             const CallContext& context);
  bool is_money(const ForeignTool& tool) const;

  const ServerToolsOptions options_;
  std::vector<ForeignTool> tools_;
  std::mutex mutex_;
  std::unique_ptr<Client> client_;
  std::set<std::string> changed_;  ///< names of tools that are not called any more
  std::deque<base::SteadyTime> restarts_;
};

/// What a model gets for the result of a tools/call: {"text"} or {"structured"}, or an error.
ToolOutcome outcome_of_result(const Json& result);

}  // namespace cartpilot::mcp
