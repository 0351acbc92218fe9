#include "mcp/message.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

#include <utility>

namespace cartpilot::mcp {
namespace {

bool is_id(const Json& value) { return value.is_string() || value.is_number_integer(); }

}  // namespace

Json parse_message_text(std::string_view text) {
  try {
    return parse_json(text, "the message");
  } catch (const Error& error) {
    throw ProtocolError(kParseError, error.what());
  }
}

Message read_message(const Json& value) {
  const auto refuse = [](const std::string& what) {
    throw ProtocolError(kInvalidRequest, "invalid request: " + what);
  };
  if (!value.is_object()) refuse("a message is a JSON object");
  if (string_or(value, "jsonrpc") != "2.0") refuse("jsonrpc is not \"2.0\"");
  Message message;
  const auto id = value.find("id");
  if (id != value.end()) {
    if (!is_id(*id)) refuse("id is neither a string nor an integer");
    message.id = *id;
  }
  const auto method = value.find("method");
  if (method == value.end()) {
    const bool answers = value.contains("result") != value.contains("error");
    if (id == value.end() || !answers) refuse("method is missing");
    message.kind = Message::Kind::kResponse;
    return message;
  }
  if (!method->is_string()) refuse("method is no string");
  message.method = method->get<std::string>();
  message.kind = id == value.end() ? Message::Kind::kNotification : Message::Kind::kRequest;
  const auto params = value.find("params");
  if (params != value.end()) {
    if (!params->is_object()) throw ProtocolError(kInvalidParams, "params is no object");
    message.params = *params;
  }
  return message;
}

Json id_for_error(const Json& value) {
  if (!value.is_object()) return nullptr;
  const auto id = value.find("id");
  return id != value.end() && is_id(*id) ? *id : Json();
}

Json make_response(const Json& id, Json result) {
  return Json{{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}};
}

Json make_error(const Json& id, const ProtocolError& error) {
  Json detail = {{"code", error.rpc_code}, {"message", error.what()}};
  if (!error.data.is_null()) detail["data"] = error.data;
  return Json{{"jsonrpc", "2.0"}, {"id", id}, {"error", std::move(detail)}};
}

Json make_notification(const std::string& method, Json params) {
  return Json{{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}};
}

std::string wire_text(const Json& message) {
  return text::safe_json(dump_json(text::redacted(message)));
}

}  // namespace cartpilot::mcp
