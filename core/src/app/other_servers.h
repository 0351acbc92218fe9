// The tools of other MCP servers, for a conversation: connected, agreed to by the person, or left
// out.
//
// A server is not started before a person has seen what would be started, and none of its tools is
// offered before a person has seen it; both are asked anew whenever they are another one. Free
// function; one thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/http.h"
#include "mcp/client/server_tools.h"
#include "plugin/host/plugins.h"
#include "purchase/question.h"
#include "store/state_db.h"

namespace cartpilot::app {

/// The id that a server's tools have among those of plugins.
std::string server_plugin_id(const std::string& server);

struct OtherServersOptions {
  std::vector<mcp::ServerSettings> servers;
  HttpTransport* http = nullptr;
  /// Asks the person, and is true for a yes; empty: there is nobody to ask.
  std::function<bool(purchase::ApprovalQuestion)> ask;
  std::string be_asked;  ///< what a person can do to be asked, in the words of the front end
  /// What was left out and why, a sentence each.
  std::function<void(const std::string&)> notice;
  /// Lines of the servers, with the server's name; any thread.
  std::function<void(const std::string& server, std::string_view line)> log;
};

/// Tool sets of the servers that could be reached, those without a tool left out.
std::vector<plugin::PluginHost::NamedToolSet> open_other_servers(const OtherServersOptions& options,
                                                                 store::StateDb& state,
                                                                 const CallContext& context);

}  // namespace cartpilot::app
