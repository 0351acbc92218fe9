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

/// The kernel counts this one in its clock's ticks of 4 or 10 ms, and one more.
constexpr int kReceiveWaitMs = CallLimits::kLongestWaitMs - 4;

// What transmit() and receive() give instead of a size.
constexpr int kWantsRead = TlsStream::kWantsRead;
constexpr int kWantsWrite = TlsStream::kWantsWrite;
constexpr int kBroken = TlsStream::kBroken;

short events_for(int wanted) { return wanted == kWantsRead ? POLLIN : POLLOUT; }

}  // namespace

Connection::Connection(Socket socket, std::unique_ptr<TlsStream> tls, std::string peer)
    : socket_(std::move(socket)), tls_(std::move(tls)), peer_(std::move(peer)) {
  if (!tls_) socket_.block_at_most(kReceiveWaitMs);
}

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

Socket Connection::release() {
  socket_.never_block();
  return std::move(socket_);
}

int Connection::transmit(const char* bytes, std::size_t size) {
  if (tls_) return tls_->write(bytes, size);
  const ssize_t sent = ::send(socket_.descriptor(), bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return static_cast<int>(sent);
  return errno == EAGAIN || errno == EINTR ? kWantsWrite : kBroken;
}

/// Waits for bytes into the buffer.
int Connection::receive(CallLimits& limits) {
  if (!tls_) return receive_plain(limits);
  limits.check();
  for (;;) {
    const int size = tls_->read(buffer_.data(), buffer_.size());
    if (size != kWantsRead && size != kWantsWrite) return size;
    wait_for_descriptor(socket_.descriptor(), events_for(size), limits);
  }
}

int Connection::receive_plain(const CallLimits& limits) {
  for (;;) {
    const int wait_ms = limits.wait_ms();
    pollfd waiting{socket_.descriptor(), POLLIN, 0};
    if (wait_ms < CallLimits::kLongestWaitMs && ::poll(&waiting, 1, wait_ms) <= 0) continue;
    const ssize_t received = ::recv(socket_.descriptor(), buffer_.data(), buffer_.size(), 0);
    if (received >= 0) return static_cast<int>(received);
    if (errno != EAGAIN && errno != EINTR) return kBroken;
  }
}

std::string_view Connection::received(CallLimits& limits) {
  if (first_ == last_) {
    first_ = 0;
    last_ = 0;
    limits.start_waiting();
    const int size = receive(limits);
    if (size < 0) {
      fail_unavailable("reset", fmt::format("{} broke off the connection; try again", peer_));
    }
    last_ = static_cast<std::size_t>(size);
    heard_ = heard_ || size > 0;
  }
  return {buffer_.data() + first_, last_ - first_};
}

bool Connection::idle_and_open() {
  if (first_ != last_) return false;
  char byte = 0;
  if (!tls_) {
    return ::recv(socket_.descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
  }
  // This also digests session tickets, which a look at the bare socket would take for the start of
  // an answer.
  const int size = tls_->read(&byte, 1);
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
