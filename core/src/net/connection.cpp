#include "net/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "net/failure.h"

namespace cartpilot::net {
namespace {

/// What one TLS record holds. Sent piece by piece so that a slow upload is seen to move.
constexpr std::size_t kSendPiece = 16384;

// What transmit() and receive() give instead of a size.
constexpr int kWantsRead = TlsStream::kWantsRead;
constexpr int kWantsWrite = TlsStream::kWantsWrite;
constexpr int kBroken = TlsStream::kBroken;

short events_for(int wanted) { return wanted == kWantsRead ? POLLIN : POLLOUT; }

}  // namespace

Connection::Connection(Socket socket, std::unique_ptr<TlsStream> tls, std::string peer)
    : socket_(std::move(socket)), tls_(std::move(tls)), peer_(std::move(peer)) {}

void Connection::send(std::string_view bytes, CallLimits& limits) {
  while (!bytes.empty()) {
    limits.check();
    const int sent = transmit(bytes.data(), std::min(bytes.size(), kSendPiece));
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (sent == kWantsRead || sent == kWantsWrite) {
      limits.start_waiting();
      wait_for_descriptor(socket_.descriptor(), events_for(sent), limits);
    } else {
      fail_unavailable(
          "reset",
          fmt::format("{} closed the connection while the request was sent; try again", peer_));
    }
  }
}

Socket Connection::release() { return std::move(socket_); }

int Connection::transmit(const char* bytes, std::size_t size) {
  if (tls_) return tls_->write(bytes, size);
  const ssize_t sent = ::send(socket_.descriptor(), bytes, size, MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<int>(sent);
  return errno == EAGAIN || errno == EINTR ? kWantsWrite : kBroken;
}

int Connection::receive(char* target, std::size_t size) {
  if (tls_) return tls_->read(target, size);
  const ssize_t received = ::recv(socket_.descriptor(), target, size, 0);
  if (received >= 0) return static_cast<int>(received);
  return errno == EAGAIN || errno == EINTR ? kWantsRead : kBroken;
}

std::string_view Connection::received(CallLimits& limits) {
  if (first_ == last_) {
    first_ = 0;
    last_ = 0;
    limits.start_waiting();
    limits.check();
    int size = drained_ ? kWantsRead : receive(buffer_.data(), buffer_.size());
    while (size == kWantsRead || size == kWantsWrite) {
      wait_for_descriptor(socket_.descriptor(), events_for(size), limits);
      size = receive(buffer_.data(), buffer_.size());
    }
    if (size < 0) {
      fail_unavailable("reset", fmt::format("{} broke off the connection; try again", peer_));
    }
    last_ = static_cast<std::size_t>(size);
    drained_ = !tls_ && last_ < buffer_.size();
    heard_ = heard_ || size > 0;
  }
  return {buffer_.data() + first_, last_ - first_};
}

bool Connection::idle_and_open() {
  if (first_ != last_) return false;
  char byte = 0;
  // On TLS this also digests session tickets, which a look at the bare socket would take for the
  // start of an answer.
  const int size = receive(&byte, 1);
  return size == kWantsRead || size == kWantsWrite;
}

bool read_line(Connection& connection, CallLimits& limits, std::size_t& budget, std::string& line) {
  line.clear();
  for (;;) {
    const std::string_view bytes = connection.received(limits);
    if (bytes.empty()) return false;
    const std::size_t end = bytes.find('\n');
    const std::size_t used = end == std::string_view::npos ? bytes.size() : end + 1;
    if (used > budget) {
      fail_protocol("http", fmt::format("{} sent an endless line or header", connection.peer()));
    }
    budget -= used;
    line.append(bytes.substr(0, end));
    connection.consume(used);
    if (end == std::string_view::npos) continue;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return true;
  }
}

}  // namespace cartpilot::net
