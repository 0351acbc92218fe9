// TlsTestClient: a connection to a server on 127.0.0.1 and the client's TLS over it, without HTTP.
#pragma once

#include <poll.h>

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "net/socket.h"
#include "net/tls_backend.h"

namespace cartpilot::net {

struct TlsTestClient {
  TlsTestClient(TlsContext& context, int port)
      : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const Address address = literal_address("127.0.0.1", static_cast<std::uint16_t>(port)).at(0);
    const auto* const bytes = reinterpret_cast<const sockaddr*>(&address.bytes);
    if (::connect(socket.descriptor(), bytes, address.size) != 0) std::abort();
    socket.never_block();
    stream = context.wrap(socket.descriptor(), "127.0.0.1");
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
    pollfd descriptor{socket.descriptor(), events, 0};
    ::poll(&descriptor, 1, -1);
  }

  Socket socket;
  std::unique_ptr<TlsStream> stream;
};

}  // namespace cartpilot::net
