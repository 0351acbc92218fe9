// FaultListener: HTTP/1.1 on 127.0.0.1 down to the byte, for answers that go wrong.
//
// One thread per connection; the handler runs on it and writes the answer itself. Unlike a polite
// server it can stop listening and come back on the same port, and it can tell when everything that
// was sent to it has been dealt with. Starts in the constructor; the destructor closes all
// connections and waits for their threads.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sandbox/http/message.h"

namespace cartpilot::torture {

/// The open end of a connection whose request is being answered.
class Line {
 public:
  virtual ~Line() = default;
  virtual void send(std::string_view bytes) = 0;
  /// Ends the connection with an orderly close, or an abort (RST).
  virtual void close() = 0;
  virtual void reset() = 0;
  /// Waits until the other side is gone (or this server goes), at most ten seconds.
  virtual void wait_for_hang_up() = 0;
};

class FaultListener {
 public:
  /// May be called on several threads at once.
  using Handler = std::function<void(const sandbox::Request&, Line&)>;

  explicit FaultListener(Handler handler);
  ~FaultListener();
  FaultListener(const FaultListener&) = delete;
  FaultListener& operator=(const FaultListener&) = delete;

  int port() const;
  std::string url() const;  ///< "http://127.0.0.1:PORT"

  /// Refuses new connections (there is no listening socket) until listen_again().
  void go_deaf();
  void listen_again();

  /// Waits until no connection is left and all that was sent has been handled. For the moment after
  /// a client's death.
  void settle();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A whole answer as bytes. `content_type` "" leaves the header out.
std::string answer_bytes(const sandbox::Response& response);

}  // namespace cartpilot::torture
