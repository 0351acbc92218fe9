#include "mcp/client/client.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "cartpilot/error.h"
#include "mcp/message.h"
#include "mcp/revision.h"
#include "telemetry/span.h"

namespace cartpilot::mcp {
namespace {

constexpr std::chrono::milliseconds kProbe{3'000};
constexpr std::chrono::milliseconds kStart{20'000};
/// A server that never runs out of pages is asked no more.
constexpr int kMaxPages = 20;

bool lists_modern_revision(const ProtocolError& error) {
  if (error.rpc_code != kUnsupportedVersion || !error.data.is_object()) return false;
  const Json supported = error.data.value("supported", Json());
  return supported.is_array() &&
         std::find(supported.begin(), supported.end(), Json(kModernRevision)) != supported.end();
}

}  // namespace

Client::Client(std::unique_ptr<Peer> peer) : peer_(std::move(peer)) {}

void Client::connect(const CallContext& context) {
  if (!connect_modern(context)) connect_legacy(context);
}

bool Client::connect_modern(const CallContext& context) {
  peer_->use_revision(std::string(kModernRevision));
  const auto discover = [&] {
    return peer_->request({"server/discover", Json::object(), kProbe}, context);
  };
  try {
    Json found;
    try {
      found = discover();
    } catch (const ProtocolError& error) {
      // Refused, and listed all the same: a server that was replaced meanwhile.
      if (!lists_modern_revision(error)) throw;
      found = discover();
    }
    const auto versions = found.find("supportedVersions");
    if (versions == found.end() || !versions->is_array()) return false;
    if (std::find(versions->begin(), versions->end(), Json(kModernRevision)) == versions->end()) {
      return false;
    }
  } catch (const Error& error) {
    // A legacy server answers with any error, or not at all; HTTP ones also with no message.
    if (error.code == ErrorCode::kCancelled) throw;
    return false;
  }
  revision_ = kModernRevision;
  return true;
}

void Client::connect_legacy(const CallContext& context) {
  peer_->use_revision("");
  const Json found = peer_->request({"initialize",
                                     {{"protocolVersion", kLegacyRevisions.front()},
                                      {"capabilities", Json::object()},
                                      {"clientInfo", {{"name", "cartpilot"}, {"version", "1"}}}},
                                     kStart},
                                    context);
  const std::string agreed = string_or(found, "protocolVersion");
  if (std::find(kLegacyRevisions.begin(), kLegacyRevisions.end(), agreed) ==
      kLegacyRevisions.end()) {
    throw Error(ErrorCode::kUnsupported, "the server speaks no revision of MCP that is known here");
  }
  revision_ = agreed;
  peer_->use_revision(revision_);
  peer_->notify("notifications/initialized");
}

std::vector<Json> Client::list_tools(const CallContext& context) {
  std::vector<Json> tools;
  Json params = Json::object();
  for (int page = 0; page < kMaxPages; ++page) {
    const Json found = peer_->request({"tools/list", params}, context);
    const auto list = found.find("tools");
    if (list == found.end() || !list->is_array()) {
      throw Error(ErrorCode::kProtocol, "the server's list of tools is none");
    }
    for (const Json& tool : *list) {
      tools.push_back(tool);
      if (tools.size() > kMaxForeignTools) return tools;
    }
    const auto cursor = found.find("nextCursor");
    if (cursor == found.end() || !cursor->is_string()) break;
    params["cursor"] = *cursor;
  }
  return tools;
}

Json Client::call_tool(const std::string& name, const Json& arguments, const CallContext& context,
                       std::function<void(const Json&)> on_progress) {
  // The call has a span when it came through the router.
  telemetry::Span* const call = telemetry::Span::innermost();
  std::optional<telemetry::Span> own;
  const bool known = call != nullptr && call->context().calls_tool;
  if (known) {
    call->become("tools/call " + name, telemetry::SpanKind::kClient);
  } else {
    own.emplace("tools/call " + name, telemetry::SpanKind::kClient);
    own->set("gen_ai.tool.name", name);
  }
  (known ? *call : *own).set("mcp.method.name", "tools/call");
  PeerRequest request{"tools/call", {{"name", name}, {"arguments", arguments}}};
  request.on_progress = std::move(on_progress);
  return peer_->request(request, context);
}

}  // namespace cartpilot::mcp
