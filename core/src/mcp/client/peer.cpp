#include "mcp/client/peer.h"

#include <utility>

#include "mcp/message.h"
#include "mcp/revision.h"
#include "telemetry/span.h"
#include "text/terminal_text.h"

namespace cartpilot::mcp {
namespace {

constexpr std::size_t kMaxErrorText = 500;

}  // namespace

Json request_message(std::int64_t id, const PeerRequest& request, const std::string& revision) {
  Json params = request.params;
  Json meta = Json::object();
  if (revision == kModernRevision) {
    meta["io.modelcontextprotocol/protocolVersion"] = revision;
    meta["io.modelcontextprotocol/clientCapabilities"] = Json::object();
    meta["io.modelcontextprotocol/clientInfo"] = {{"name", "cartpilot"}, {"version", "1"}};
  }
  if (request.on_progress) meta["progressToken"] = id;
  const telemetry::SpanContext span = telemetry::Span::current();
  if (span.valid()) meta["traceparent"] = span.traceparent();
  if (!meta.empty()) params["_meta"] = std::move(meta);
  return {
      {"jsonrpc", "2.0"}, {"id", id}, {"method", request.method}, {"params", std::move(params)}};
}

Json result_of(const Json& response) {
  const auto error = response.find("error");
  if (error != response.end()) {
    const std::string message = text::field(string_or(*error, "message"), kMaxErrorText);
    throw ProtocolError(static_cast<int>(integer_or(*error, "code", kInternalError)),
                        message.empty() ? "the server refused it" : message,
                        error->value("data", Json()));
  }
  const auto result = response.find("result");
  if (result == response.end() || !result->is_object()) {
    throw ProtocolError(kInvalidRequest, "the server's answer has no result");
  }
  return *result;
}

}  // namespace cartpilot::mcp
