// The forms that the fixture tools of the official conformance runner ask for.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "mcp/tool_service.h"

namespace cartpilot::test {

std::vector<mcp::ToolDescription> form_tools();

/// Asks for the forms of the tool `name`, one after the other, and says how they were answered.
mcp::CallResult ask_forms(const std::string& name, const Json& arguments, mcp::CallScope& scope);

}  // namespace cartpilot::test
