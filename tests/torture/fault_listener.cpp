#include "torture/fault_listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

namespace cartpilot::torture {
namespace {

constexpr std::chrono::seconds kPatience{10};

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

/// Reads requests with a Content-Length off one connection; that is all our client sends.
class RequestReader {
 public:
  explicit RequestReader(int descriptor) : descriptor_(descriptor) {}

  std::optional<sandbox::Request> next() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return std::nullopt;
    }
    sandbox::Request request;
    std::size_t body = 0;
    for (std::size_t begin = 0, line_end = 0; begin < end + 2; begin = line_end + 2) {
      line_end = buffer_.find("\r\n", begin);
      const std::string line = buffer_.substr(begin, line_end - begin);
      if (begin == 0) {
        const std::size_t first = line.find(' ');
        const std::size_t last = line.rfind(' ');
        if (first == std::string::npos || last <= first) return std::nullopt;
        request.method = line.substr(0, first);
        request.target = line.substr(first + 1, last - first - 1);
        continue;
      }
      const std::size_t colon = line.find(": ");
      if (colon == std::string::npos) return std::nullopt;
      request.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
    const std::string length = request.header("Content-Length");
    if (!length.empty()) body = std::stoul(length);
    while (buffer_.size() < end + 4 + body) {
      if (!fill()) return std::nullopt;
    }
    request.body = buffer_.substr(end + 4, body);
    buffer_.erase(0, end + 4 + body);
    return request;
  }

 private:
  bool fill() {
    char bytes[16384];
    for (;;) {
      const ssize_t received = ::recv(descriptor_, bytes, sizeof bytes, 0);
      if (received < 0 && errno == EINTR) continue;
      if (received <= 0) return false;
      buffer_.append(bytes, static_cast<std::size_t>(received));
      return true;
    }
  }

  int descriptor_;
  std::string buffer_;
};

class SocketLine final : public Line {
 public:
  SocketLine(int descriptor, const std::atomic<bool>& stopping)
      : descriptor_(descriptor), stopping_(stopping) {}

  void send(std::string_view bytes) override {
    while (!bytes.empty() && !ended_) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return;  // the client is gone; it is the client's story that matters
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void close() override {
    ::shutdown(descriptor_, SHUT_WR);
    ended_ = true;
  }

  void reset() override {
    const linger abort{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    ended_ = true;
  }

  void wait_for_hang_up() override {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!stopping_ && std::chrono::steady_clock::now() < until) {
      pollfd event{descriptor_, POLLRDHUP, 0};
      if (::poll(&event, 1, 10) > 0) break;
    }
    ended_ = true;
  }

  bool ended() const { return ended_; }

 private:
  int descriptor_;
  const std::atomic<bool>& stopping_;
  bool ended_ = false;
};

}  // namespace

struct FaultListener::Impl {
  explicit Impl(Handler handler_to_use) : handler(std::move(handler_to_use)) { start(); }

  ~Impl() {
    stopping = true;
    stop();
    std::unique_lock lock(mutex);
    for (const int descriptor : open) ::shutdown(descriptor, SHUT_RDWR);
    changed.wait(lock, [this] { return open.empty(); });
  }

  void start() {
    socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) fail("socket");
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address = loopback(port);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket, generic, size) != 0) fail("bind");
    if (::listen(socket, 128) != 0) fail("listen");
    if (::getsockname(socket, generic, &size) != 0) fail("getsockname");
    port = ntohs(address.sin_port);
    acceptor = std::thread([this] { accept_all(); });
  }

  void stop() {
    if (!acceptor.joinable()) return;
    ::shutdown(socket, SHUT_RDWR);  // wakes accept()
    acceptor.join();
    ::close(socket);
  }

  void accept_all() {
    for (;;) {
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      const int descriptor =
          ::accept4(socket, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC);
      if (descriptor < 0) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        return;
      }
      const int on = 1;
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      {
        const std::lock_guard lock(mutex);
        last_peer = peer.sin_port;
        open.insert(descriptor);
        changed.notify_all();
      }
      std::thread([this, descriptor] { serve(descriptor); }).detach();
    }
  }

  void serve(int descriptor) {
    RequestReader reader(descriptor);
    SocketLine line(descriptor, stopping);
    while (!line.ended()) {
      const std::optional<sandbox::Request> request = reader.next();
      if (!request) break;
      handler(*request, line);
      if (request->header("Connection") == "close") break;
    }
    const std::lock_guard lock(mutex);
    open.erase(descriptor);
    ::close(descriptor);
    changed.notify_all();
  }

  /// A connection of our own is accepted only after all that came before it.
  void pass_through_queue() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(port);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::connect(probe, generic, size) == 0 && ::getsockname(probe, generic, &size) == 0) {
      std::unique_lock lock(mutex);
      changed.wait_for(lock, kPatience, [&] { return last_peer == address.sin_port; });
    }
    ::close(probe);
  }

  Handler handler;
  std::atomic<bool> stopping{false};
  int socket = -1;
  int port = 0;
  std::thread acceptor;
  std::mutex mutex;  // guards the two below
  std::set<int> open;
  std::uint16_t last_peer = 0;
  std::condition_variable changed;
};

FaultListener::FaultListener(Handler handler) : impl_(std::make_unique<Impl>(std::move(handler))) {}
FaultListener::~FaultListener() = default;

int FaultListener::port() const { return impl_->port; }

std::string FaultListener::url() const { return fmt::format("http://127.0.0.1:{}", impl_->port); }

void FaultListener::go_deaf() { impl_->stop(); }

void FaultListener::listen_again() {
  if (!impl_->acceptor.joinable()) impl_->start();
}

void FaultListener::settle() {
  if (impl_->acceptor.joinable()) impl_->pass_through_queue();
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait_for(lock, kPatience, [this] { return impl_->open.empty(); });
}

std::string answer_bytes(const sandbox::Response& response) {
  std::string text = fmt::format("HTTP/1.1 {} Status\r\n", response.status);
  for (const auto& [name, value] : response.headers) text += fmt::format("{}: {}\r\n", name, value);
  if (!response.content_type.empty()) {
    text += fmt::format("Content-Type: {}\r\n", response.content_type);
  }
  return text + fmt::format("Content-Length: {}\r\n\r\n{}", response.body.size(), response.body);
}

}  // namespace cartpilot::torture
