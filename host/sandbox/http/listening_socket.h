// ListeningSocket: a server socket on the loopback whose connections wait cheaply for a request.
//
// Poco 1.11 makes and throws away an epoll set, and asks for both addresses, for every request of a
// connection that is kept alive. Here a wait is one poll(), and the addresses are asked for once.
// A handle like Poco's own sockets: copies share one socket.
#pragma once

#include <Poco/Net/ServerSocket.h>

namespace cartpilot::sandbox {

class ListeningSocket : public Poco::Net::ServerSocket {
 public:
  /// Not bound yet.
  ListeningSocket();
};

}  // namespace cartpilot::sandbox
