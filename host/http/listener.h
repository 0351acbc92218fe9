// HttpListener: the sockets of the MCP server over HTTP, of the approval page and of `serve`.
//
// Poco's server with one thread a connection; a connection beyond the limit is answered with 503
// and closed. Starts in the constructor, stops in stop() or the destructor. The
// handler is called on the thread of the connection.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "mcp/http_endpoint.h"

namespace cartpilot::host {

/// How many connections are served at once, unless a listener is told otherwise.
constexpr int kMaxConnections = 128;

class HttpListener {
 public:
  /// A socket that listens, before there is an endpoint: its port may have been 0. `address` is
  /// ADDRESS:PORT, PORT on this machine, or unix:FILE, a socket that only its owner may use. Throws
  /// Error{kUnavailable} when it cannot be had, {kInvalidArgument} for what is no address of
  /// `option`.
  class Socket {
   public:
    explicit Socket(const std::string& address, const std::string& option = "--http");
    ~Socket();
    /// "127.0.0.1:8080"; the path of a Unix socket.
    std::string host_and_port() const;
    bool loopback() const;
    bool is_unix() const;

   private:
    friend class HttpListener;
    struct Impl;
    std::unique_ptr<Impl> impl_;
  };

  using Handler = std::function<void(const mcp::EndpointRequest&, mcp::EndpointReply&)>;

  /// The longest body that is read whole at a path; what is longer reaches the handler cut, one
  /// byte over the limit at least.
  using BodyLimit = std::function<std::size_t(const std::string& path)>;

  /// `body_limit`: null = kMaxBodyBytes everywhere.
  HttpListener(const Socket& socket, Handler handler, int max_connections = kMaxConnections,
               BodyLimit body_limit = nullptr);
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
