// HttpPeer: an MCP server behind an address, Streamable HTTP of both eras.
//
// Each request is a POST of its own, answered with JSON or an event stream; cancelling one closes
// its connection. In a legacy session the id of the session goes with every request. Nothing is
// sent twice, and no redirect is followed. The transport is borrowed. Any thread.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "cartpilot/http.h"
#include "mcp/client/peer.h"

namespace cartpilot::mcp {

class HttpPeer final : public Peer {
 public:
  /// `headers` go with every request, such as Authorization.
  HttpPeer(HttpTransport& transport, std::string url, HttpHeaders headers);

  /// Error{kUnavailable, reason "lost"} also when the session has ended (HTTP 404).
  Json request(const PeerRequest& request, const CallContext& context) override;
  void notify(const std::string& method) override;
  void use_revision(const std::string& revision) override;
  bool take_list_changed() override { return list_changed_.exchange(false); }

 private:
  class Answer;
  HttpRequest post_of(const Json& message, const PeerRequest& request);

  HttpTransport& transport_;
  const std::string url_;
  const HttpHeaders headers_;
  std::mutex mutex_;
  std::string revision_;
  std::string session_;
  std::int64_t last_id_ = 0;
  std::atomic<bool> list_changed_{false};
};

}  // namespace cartpilot::mcp
