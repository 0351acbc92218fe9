// What the headers of a Streamable HTTP request say, and whether they say the same as its body.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/http.h"
#include "mcp/message.h"
#include "mcp/tool_service.h"

namespace cartpilot::mcp {

constexpr int kHeaderMismatch = -32020;

/// `url`: scheme and authority, as Origin has them; true when the authority is one of `hosts`.
bool is_own_origin(std::string_view url, const std::vector<std::string>& hosts);

/// Compares in a time that does not tell where two texts differ.
bool same_token(std::string_view one, std::string_view other);

/// "application/json", whatever parameters follow.
bool is_json(std::string_view content_type);

/// Whether an Accept header lets `type` in; an absent one lets all in.
bool accepts(const HttpHeaders& headers, std::string_view type);

/// The revision that a request names in its `_meta`; "" when it names none.
std::string named_revision(const Message& message);

/// MCP-Protocol-Version, Mcp-Method and, for a tool call, Mcp-Name must be there and repeat the
/// body. Throws ProtocolError{kHeaderMismatch}.
void require_same_headers(const HttpHeaders& headers, const Message& message);

/// Every argument of a tool call whose schema names a header with x-mcp-header must be repeated in
/// Mcp-Param-NAME, and what is no argument must not. Throws ProtocolError{kHeaderMismatch}. A tool
/// that is not one of `tools` passes.
void require_same_parameters(const HttpHeaders& headers, const Message& message,
                             const std::vector<ToolDescription>& tools);

}  // namespace cartpilot::mcp
