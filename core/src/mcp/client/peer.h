// Peer: the way to one MCP server, for its client.
//
// Sends a request and waits for its answer; several threads may do so at once. What a server asks
// of us is refused: nothing was declared that it could ask for. Implementations: a program on
// pipes, and HTTP.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "cartpilot/http.h"
#include "cartpilot/json.h"

namespace cartpilot::mcp {

struct PeerRequest {
  std::string method;
  Json params = Json::object();
  std::chrono::milliseconds limit{60'000};
  /// Receives the params of progress notifications, on any thread; empty = none is asked for.
  std::function<void(const Json&)> on_progress{};
};

class Peer {
 public:
  virtual ~Peer() = default;

  /// The result of the request. Throws ProtocolError with the server's own code when it answers
  /// with an error; Error{kCancelled}, {kDeadline} after telling the server; and {kUnavailable},
  /// reason "lost", when the connection ended without an answer.
  virtual Json request(const PeerRequest& request, const CallContext& context) = 0;

  /// A notification without params.
  virtual void notify(const std::string& method) = 0;

  /// From now on messages are those of `revision`.
  virtual void use_revision(const std::string& revision) = 0;

  /// True once after the server said that its list of tools is another one.
  virtual bool take_list_changed() = 0;
};

/// What a request is sent as: the modern `_meta` added when `revision` is the modern one, and a
/// progress token when progress is wanted.
Json request_message(std::int64_t id, const PeerRequest& request, const std::string& revision);

/// The result in a response. Throws ProtocolError for an error, or what is neither.
Json result_of(const Json& response);

}  // namespace cartpilot::mcp
