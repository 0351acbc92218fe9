#include "sandbox/http/listening_socket.h"

#include <Poco/Net/ServerSocketImpl.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace cartpilot::sandbox {
namespace {

namespace net = Poco::Net;

class AcceptedSocket : public net::StreamSocketImpl {
 public:
  AcceptedSocket(int socket, const net::SocketAddress& peer)
      : StreamSocketImpl(socket), own_(StreamSocketImpl::address()), peer_(peer) {}

  net::SocketAddress address() override { return own_; }
  net::SocketAddress peerAddress() override { return peer_; }

  bool poll(const Poco::Timespan& timeout, int mode) override {
    if (mode != SELECT_READ) return StreamSocketImpl::poll(timeout, mode);
    const Poco::Timestamp deadline = Poco::Timestamp() + timeout;
    pollfd readable{sockfd(), POLLIN, 0};
    for (;;) {
      const auto left = static_cast<int>((deadline - Poco::Timestamp() + 999) / 1000);
      const int ready = ::poll(&readable, 1, left > 0 ? left : 0);
      if (ready >= 0) return ready > 0;
      if (errno != EINTR) error(errno);
    }
  }

 private:
  const net::SocketAddress own_;
  const net::SocketAddress peer_;
};

class Listener : public net::ServerSocketImpl {
 public:
  net::SocketImpl* acceptConnection(net::SocketAddress& client) override {
    sockaddr_storage bytes{};
    for (;;) {
      socklen_t length = sizeof bytes;
      auto* address = reinterpret_cast<sockaddr*>(&bytes);
      const int accepted = ::accept4(sockfd(), address, &length, SOCK_CLOEXEC);
      if (accepted >= 0) {
        client = net::SocketAddress(address, length);
        return new AcceptedSocket(accepted, client);
      }
      if (errno != EINTR) error(errno);
    }
  }
};

}  // namespace

ListeningSocket::ListeningSocket() : ServerSocket(new Listener, true) {}

}  // namespace cartpilot::sandbox
