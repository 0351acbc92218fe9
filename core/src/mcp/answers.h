// Answers: the results of a tools-only server, in the form of the revision they are for.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mcp/tool_service.h"

namespace cartpilot::mcp {

/// The name under which a client is asked to show a page.
constexpr const char* kPageInput = "approval_page";

/// Who the server says it is.
struct ServerIdentity {
  std::string name;
  std::string title;
  std::string version;
  std::string instructions;  ///< for the model, at most 2 kB; "" = none
};

/// `logs`: log messages are declared as well.
Json initialize_result(const ServerIdentity& identity, std::string_view revision, bool logs);
Json discover_result(const ServerIdentity& identity, bool logs);
Json list_result(const ServerIdentity& identity, const std::vector<ToolDescription>& tools,
                 std::string_view revision);
/// The client answers `requests`, by name, and calls again with `state`, since 2026-07-28.
Json input_required_result(const ServerIdentity& identity, const Json& requests,
                           const std::string& state);
Json call_result(const ServerIdentity& identity, const CallResult& result,
                 std::string_view revision);

}  // namespace cartpilot::mcp
