// TlsTestClient: a connection to a server on 127.0.0.1 and the client's TLS over it, without HTTP.
#pragma once

#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <poll.h>

#include <cstdint>
#include <memory>

#include "net/tls_backend.h"

namespace cartpilot::net {

struct TlsTestClient {
  TlsTestClient(TlsContext& context, int port)
      : socket(Poco::Net::SocketAddress("127.0.0.1", static_cast<std::uint16_t>(port))) {
    socket.setBlocking(false);
    stream = context.wrap(socket.impl()->sockfd(), "127.0.0.1");
  }

  TlsStream::Progress shake_hands() {
    for (;;) {
      const TlsStream::Progress progress = stream->shake_hands();
      if (progress.step == TlsStream::Step::kWantsRead) {
        wait(POLLIN);
      } else if (progress.step == TlsStream::Step::kWantsWrite) {
        wait(POLLOUT);
      } else {
        return progress;
      }
    }
  }

  void wait(short events) {
    pollfd descriptor{socket.impl()->sockfd(), events, 0};
    ::poll(&descriptor, 1, -1);
  }

  Poco::Net::StreamSocket socket;
  std::unique_ptr<TlsStream> stream;
};

}  // namespace cartpilot::net
