// HttpListener: the sockets of the MCP server over HTTP, and of the approval page.
//
// Poco's server with one thread a connection, at most 128 of them; a connection beyond that is
// answered with 503 and closed. Starts in the constructor, stops in stop() or the destructor. The
// handler is called on the thread of the connection.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "mcp/http_endpoint.h"

namespace cartpilot::host {

class HttpListener {
 public:
  /// A socket that listens, before there is an endpoint: its port may have been 0. Throws
  /// Error{kUnavailable} when it cannot be had, {kInvalidArgument} for what is no address.
  class Socket {
   public:
    explicit Socket(const std::string& address);
    ~Socket();
    std::string host_and_port() const;
    bool loopback() const;

   private:
    friend class HttpListener;
    struct Impl;
    std::unique_ptr<Impl> impl_;
  };

  using Handler = std::function<void(const mcp::EndpointRequest&, mcp::EndpointReply&)>;

  HttpListener(const Socket& socket, Handler handler);
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  /// Closes all connections and waits for what runs. Idempotent.
  void stop() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cartpilot::host
