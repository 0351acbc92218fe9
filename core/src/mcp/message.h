// JSON-RPC 2.0 messages as MCP uses them: reading them strictly, and making them.
//
// A text is read with the program's one JSON reader, so repeated members, nesting without bounds
// and broken UTF-8 are refused before anything looks at the message. Used by both ends of a
// connection. Values and pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "cartpilot/error.h"
#include "cartpilot/json.h"

namespace cartpilot::mcp {

// Error codes of JSON-RPC, and of MCP since 2026-07-28.
constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;
constexpr int kInternalError = -32603;
constexpr int kMissingCapability = -32021;
constexpr int kUnsupportedVersion = -32022;

/// A fault of the protocol. What a model can react to is never one; see ToolService.
class ProtocolError final : public Error {
 public:
  ProtocolError(int rpc_error_code, const std::string& message, Json error_data = nullptr)
      : Error(ErrorCode::kProtocol, message),
        rpc_code(rpc_error_code),
        data(std::move(error_data)) {}

  int rpc_code;
  Json data;  ///< null: none
};

struct Message {
  enum class Kind { kRequest, kNotification, kResponse };
  Kind kind = Kind::kRequest;
  Json id;  ///< of a request or response: a string or an integer
  std::string method;
  Json params = Json::object();
};

/// Throws ProtocolError{kParseError}.
Json parse_message_text(std::string_view text);

/// Throws ProtocolError: kInvalidRequest for what is no message, kInvalidParams for `params` that
/// are no object (MCP knows no positional ones).
Message read_message(const Json& value);

/// The id an error about `value` is sent with: its own when that is readable, else null.
Json id_for_error(const Json& value);

Json make_response(const Json& id, Json result);
Json make_error(const Json& id, const ProtocolError& error);
Json make_notification(const std::string& method, Json params);

/// A message as it leaves: redacted, and harmless on a terminal.
std::string wire_text(const Json& message);

}  // namespace cartpilot::mcp
