// Relay: passes a request on to the process that has its conversation.
//
// Several processes of `serve` share a database, and a conversation is open in one of them. Whoever
// gets a request for it has checked who asks; the other process believes that because of a token
// that only these processes know. An answer is passed on as it comes. Any thread.
#pragma once

#include <string>

#include "cartpilot/error.h"
#include "mcp/http_endpoint.h"
#include "net/http_client.h"

namespace cartpilot::host {

/// A conversation is open in another process, which is reached at `address`.
class OwnedElsewhere final : public Error {
 public:
  explicit OwnedElsewhere(std::string where)
      : Error(ErrorCode::kUnavailable,
              "another process has this conversation; send the request again in half a minute"),
        address(std::move(where)) {
    reason = "owned_elsewhere";
  }
  const std::string address;  ///< "http://127.0.0.1:8089"
};

/// What one process tells another about a request.
struct RelayedRequest {
  std::string person;
  std::string token_id;  ///< of a program's token, "" = a browser's
};

class Relay {
 public:
  /// `token`: that the processes share.
  explicit Relay(std::string token);

  /// Passes the request on, and its answer back. Throws Error{kUnavailable} when the other process
  /// cannot be reached; nothing is answered then.
  void pass(const mcp::EndpointRequest& request, const RelayedRequest& from,
            const std::string& address, mcp::EndpointReply& reply) const;

  /// Whom a request comes from that another process has passed on; nullopt for every other.
  std::optional<RelayedRequest> relayed(const HttpHeaders& headers) const;

 private:
  const std::string token_;
  mutable net::HttpClient client_;
};

}  // namespace cartpilot::host
