// Answers: the results of a tools-only server, in the form of the revision they are for.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mcp/tool_service.h"

namespace cartpilot::mcp {

/// The name of the one thing that a call asks a client for.
constexpr const char* kPageInput = "approval_page";

/// Who the server says it is.
struct ServerIdentity {
  std::string name;
  std::string title;
  std::string version;
  std::string instructions;  ///< for the model, at most 2 kB; "" = none
};

Json initialize_result(const ServerIdentity& identity, std::string_view revision);
Json discover_result(const ServerIdentity& identity);
Json list_result(const ServerIdentity& identity, const std::vector<ToolDescription>& tools,
                 std::string_view revision);
/// The client answers `request` and calls again with `state`, since 2026-07-28.
Json input_required_result(const ServerIdentity& identity, const Json& request,
                           const std::string& state);
Json call_result(const ServerIdentity& identity, const CallResult& result,
                 std::string_view revision);

}  // namespace cartpilot::mcp
