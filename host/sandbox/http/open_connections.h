// OpenConnections: keeps clients that send nothing from holding every thread of a listener.
//
// Poco's server takes one thread for each connection until it ends. When nearly all are taken, a
// new connection ends the one that has waited longest without a whole request: a half-open client,
// or an idle one, which connects again. Thread-safe; reference-counted as Poco's filters are.
#pragma once

#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/TCPServer.h>

#include <list>
#include <mutex>

namespace cartpilot::sandbox {

class OpenConnections : public Poco::Net::TCPServerConnectionFilter {
 public:
  explicit OpenConnections(std::size_t max_connections) : max_connections_(max_connections) {}

  /// Called on the accepting thread for each new connection; always takes it.
  bool accept(const Poco::Net::StreamSocket& socket) override;

  /// The whole request has arrived; the connection is not ended until answered().
  void received(const Poco::Net::StreamSocket& socket);
  void answered(const Poco::Net::StreamSocket& socket);

 private:
  struct Connection {
    Poco::Net::StreamSocket socket;
    bool busy = false;
  };
  using Connections = std::list<Connection>;

  Connections::iterator find(const Poco::Net::StreamSocket& socket);
  void forget_closed();
  void end_longest_waiting();

  const std::size_t max_connections_;
  std::mutex mutex_;
  Connections connections_;  // the longest waiting first
};

}  // namespace cartpilot::sandbox
