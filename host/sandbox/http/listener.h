// HttpListener: a loopback HTTP/1.1 server that turns connections into Request and Response values.
//
// Owns its socket and threads: one thread per connection, kept alive, at most 128 at a time. The
// handler is called on those threads, several at once. Starts in the constructor, stops in stop()
// or the destructor, promptly also with idle connections open.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sandbox/http/message.h"

namespace cartpilot::sandbox {

class HttpListener {
 public:
  using Handler = std::function<Response(const Request&)>;

  /// Listens on 127.0.0.1; port 0 takes any free one. Throws Error{kUnavailable} when the port is
  /// taken or not allowed.
  HttpListener(int port, Handler handler);
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  /// Answers in the making are still computed, but may not reach their callers. Idempotent.
  void stop() noexcept;

  int port() const;
  std::string url() const;  ///< "http://127.0.0.1:PORT"

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cartpilot::sandbox
