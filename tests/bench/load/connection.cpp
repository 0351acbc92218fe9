#include "connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace cartpilot::load {
namespace {

constexpr int kBacklog = 4096;
constexpr std::size_t kBlock = 65536;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

int new_socket() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) throw std::runtime_error("no more sockets; raise the limit of open files");
  return descriptor;
}

void send_at_once(int descriptor) {
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int bound_port(int descriptor) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no loopback port to be had");
  }
  return ntohs(address.sin_port);
}

}  // namespace

std::shared_ptr<Connection> Connection::of(Loop& loop, int descriptor) {
  send_at_once(descriptor);
  return std::shared_ptr<Connection>(new Connection(loop, descriptor));
}

std::shared_ptr<Connection> Connection::to(Loop& loop, int port) {
  const int descriptor = new_socket();
  auto made = of(loop, descriptor);
  const sockaddr_in address = loopback(port);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    throw std::runtime_error("127.0.0.1:" + std::to_string(port) + " does not take connections");
  }
  return made;
}

Connection::~Connection() { close(); }

void Connection::listen(OnBytes on_bytes, OnClose on_close) {
  const bool first = on_bytes_ == nullptr;
  on_bytes_ = std::move(on_bytes);
  on_close_ = std::move(on_close);
  if (first && open()) watch();
}

void Connection::watch() {
  loop_.watch(descriptor_, EPOLLIN | EPOLLRDHUP | (unsent_.empty() ? 0U : EPOLLOUT),
              [self = weak_from_this()](std::uint32_t events) {
                if (const auto alive = self.lock()) alive->ready(events);
              });
}

void Connection::ready(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0 && !unsent_.empty()) {
    std::string rest;
    rest.swap(unsent_);
    send(rest);
    if (open() && unsent_.empty()) loop_.change(descriptor_, EPOLLIN | EPOLLRDHUP);
  }
  static char block[kBlock];
  while (open() && (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) {
    const ssize_t got = ::recv(descriptor_, block, sizeof block, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return closed();
    // The callback may replace itself.
    const OnBytes on_bytes = on_bytes_;
    on_bytes({block, static_cast<std::size_t>(got)});
    if (static_cast<std::size_t>(got) < sizeof block && (events & EPOLLRDHUP) == 0) return;
  }
}

void Connection::closed() {
  const OnClose on_close = on_close_;
  close();
  if (on_close) on_close();
}

void Connection::send(std::string_view bytes) {
  if (!open()) return;
  if (unsent_.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    // A connection that failed is noticed when it is read.
    if (bytes.empty() || (sent < 0 && errno != EAGAIN && errno != ENOTCONN)) return;
    unsent_.assign(bytes);
    if (on_bytes_) loop_.change(descriptor_, EPOLLIN | EPOLLRDHUP | EPOLLOUT);
    return;
  }
  unsent_.append(bytes);
}

void Connection::close() {
  if (!open()) return;
  if (on_bytes_) loop_.forget(descriptor_);
  ::close(std::exchange(descriptor_, -1));
}

Acceptor::Acceptor(Loop& loop, std::function<void(std::shared_ptr<Connection>)> on_connection)
    : loop_(loop), descriptor_(new_socket()), port_(bound_port(descriptor_)) {
  if (::listen(descriptor_, kBacklog) != 0) throw std::runtime_error("cannot listen on loopback");
  loop_.watch(descriptor_, EPOLLIN, [this, on_connection](std::uint32_t) {
    for (;;) {
      const int accepted = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (accepted < 0) return;
      on_connection(Connection::of(loop_, accepted));
    }
  });
}

Acceptor::~Acceptor() {
  loop_.forget(descriptor_);
  ::close(descriptor_);
}

int free_port() {
  const int descriptor = new_socket();
  const int port = bound_port(descriptor);
  ::close(descriptor);
  return port;
}

}  // namespace cartpilot::load
