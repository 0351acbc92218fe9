// The tools as MCP clients see them: titles, texts and hints for CartPilot's functions, the
// question about an approval, and functions of plugins.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/tool.h"
#include "mcp/tool_service.h"

namespace cartpilot::host {

/// Tells what became of a question. It changes nothing.
constexpr std::string_view kApprovalStatusTool = "get_approval_status";

struct ToolList {
  std::vector<mcp::ToolDescription> tools;
  std::vector<std::string> notices;  ///< what had to be left out, for the person
};

/// `specs` as a session lists them: CartPilot's first.
ToolList describe_tools(const std::vector<ToolSpec>& specs);

/// For the model of a client that shows them to it; below 2 kB.
std::string_view mcp_instructions();

}  // namespace cartpilot::host
