// The MCP servers that the settings file names: [mcp_servers.NAME] with `command` or `url`.
//
// Only a settings file that nobody else can write is obeyed, because it names programs to start.
// Values of variables and headers are registered with the redaction funnel. Free function; one
// thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/settings.h"
#include "mcp/client/server_tools.h"

namespace cartpilot::host {

/// `secrets`: variables that hold keys and go to no server. Throws Error{kInvalidArgument} with
/// file, line and what to do.
std::vector<mcp::ServerSettings> servers_in(const SettingsFile& file,
                                            const std::map<std::string, std::string>& environment,
                                            const std::set<std::string>& secrets);

}  // namespace cartpilot::host
