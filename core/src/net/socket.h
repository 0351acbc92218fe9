// Socket: a descriptor that is closed once, at the end of its owner. Addresses: where to connect.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

namespace cartpilot::net {

class Socket {
 public:
  Socket() = default;
  /// Takes over `descriptor`; negative for none.
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() { close(); }
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    return *this;
  }

  int descriptor() const { return descriptor_; }

  /// From now on recv() waits for bytes, and fails with EAGAIN when none came in that time.
  void block_at_most(int milliseconds);
  void never_block();

 private:
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  int descriptor_ = -1;
};

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

/// The addresses of a name or of an address in digits, in the order in which the system prefers
/// them (RFC 6724), each once; none when there are none. Waits for the network.
std::vector<Address> addresses_of(const std::string& host, std::uint16_t port);

/// The address that `host` spells in digits; none for a name. Never waits.
std::vector<Address> literal_address(const std::string& host, std::uint16_t port);

}  // namespace cartpilot::net
