// LoopbackServer: an HTTP/1.1 server on 127.0.0.1 whose every byte is under the test's control.
//
// One thread per connection, keep-alive unless told otherwise. The handler runs on the connection's
// thread; requests are recorded before it runs. The destructor closes all connections and joins. No
// sleeps: stalls end when the client closes or the server is destroyed.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/http.h"

namespace cartpilot::fakes {

class LoopbackServer {
 public:
  struct Request {
    std::string method;
    std::string target;  ///< path and query as sent
    HttpHeaders headers;
    std::string body;
    std::size_t connection = 0;  ///< 0, 1, 2 ... in order of acceptance
  };

  /// Writes one answer. Every call sends its bytes at once (TCP_NODELAY).
  class Reply {
   public:
    virtual ~Reply() = default;
    /// Whole answer with Content-Length.
    virtual void send(int status, const HttpHeaders& headers, std::string_view body) = 0;
    /// Status line and headers with Transfer-Encoding: chunked; then chunk()s, then end().
    virtual void begin_chunked(int status, const HttpHeaders& headers) = 0;
    virtual void chunk(std::string_view bytes) = 0;
    virtual void end() = 0;
    /// Bytes as they are, HTTP or not.
    virtual void raw(std::string_view bytes) = 0;
    /// Closes after what was sent (FIN), or aborts (RST).
    virtual void close() = 0;
    virtual void reset() = 0;
    /// Waits until the client closes its side. False when the limit ran out.
    virtual bool wait_for_close(std::chrono::milliseconds limit) = 0;
  };

  using Handler = std::function<void(const Request&, Reply&)>;

  explicit LoopbackServer(Handler handler);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  int port() const;
  std::string url() const;  ///< "http://127.0.0.1:PORT"
  std::vector<Request> requests() const;
  std::size_t connections() const;  ///< accepted so far

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cartpilot::fakes
