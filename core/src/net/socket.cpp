#include "net/socket.h"

#include <fcntl.h>
#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace cartpilot::net {
namespace {

bool same(const Address& one, const Address& other) {
  return one.size == other.size && std::memcmp(&one.bytes, &other.bytes, one.size) == 0;
}

std::vector<Address> look_up(const std::string& host, std::uint16_t port, int flags) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* list = nullptr;
  const std::string service = std::to_string(port);
  if (::getaddrinfo(host.c_str(), service.c_str(), &wanted, &list) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    Address address;
    address.size = std::min<socklen_t>(entry->ai_addrlen, sizeof address.bytes);
    std::memcpy(&address.bytes, entry->ai_addr, address.size);
    const bool known = std::any_of(addresses.begin(), addresses.end(),
                                   [&](const Address& other) { return same(address, other); });
    if (!known) addresses.push_back(address);
  }
  return addresses;
}

}  // namespace

void Socket::block_at_most(int milliseconds) {
  const timeval limit{milliseconds / 1'000, milliseconds % 1'000 * 1'000};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::fcntl(descriptor_, F_SETFL, ::fcntl(descriptor_, F_GETFL) & ~O_NONBLOCK);
}

void Socket::never_block() {
  ::fcntl(descriptor_, F_SETFL, ::fcntl(descriptor_, F_GETFL) | O_NONBLOCK);
}

std::vector<Address> addresses_of(const std::string& host, std::uint16_t port) {
  return look_up(host, port, AI_ADDRCONFIG);
}

std::vector<Address> literal_address(const std::string& host, std::uint16_t port) {
  return look_up(host, port, AI_NUMERICHOST);
}

}  // namespace cartpilot::net
