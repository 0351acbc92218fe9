// Connection: one TCP connection on loopback that never blocks, and a listener for them.
//
// Held by shared pointer: a callback may let go of the connection it was called for. One thread,
// that of the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "loop.h"

namespace cartpilot::load {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using OnBytes = std::function<void(std::string_view bytes)>;
  using OnClose = std::function<void()>;

  /// Takes the descriptor.
  static std::shared_ptr<Connection> of(Loop& loop, int descriptor);
  /// To 127.0.0.1. Throws std::runtime_error.
  static std::shared_ptr<Connection> to(Loop& loop, int port);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// What comes, and that the other side has closed; neither is called after close().
  void listen(OnBytes on_bytes, OnClose on_close);
  /// What the socket does not take is sent later.
  void send(std::string_view bytes);
  void close();
  bool open() const { return descriptor_ >= 0; }

 private:
  Connection(Loop& loop, int descriptor) : loop_(loop), descriptor_(descriptor) {}
  void watch();
  void ready(std::uint32_t events);
  void closed();

  Loop& loop_;
  int descriptor_;
  std::string unsent_;
  OnBytes on_bytes_;
  OnClose on_close_;
};

class Acceptor {
 public:
  /// On a free port of 127.0.0.1.
  Acceptor(Loop& loop, std::function<void(std::shared_ptr<Connection>)> on_connection);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  int port() const { return port_; }

 private:
  Loop& loop_;
  int descriptor_;
  int port_ = 0;
};

/// A port of 127.0.0.1 that nobody listens on at the moment.
int free_port();

}  // namespace cartpilot::load
