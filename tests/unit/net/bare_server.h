// BareServer: one thread that accepts connections on 127.0.0.1, one after the other, and hands each
// to the test as a plain descriptor; for behaviour below HTTP. The destructor ends the accepting,
// shuts down the connection in hand and joins.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace cartpilot::net {

class BareServer {
 public:
  /// `serve` must not close the descriptor. Without it nothing is ever accepted: connections
  /// succeed, since the kernel queues them, and then nobody reads.
  explicit BareServer(std::function<void(int)> serve = nullptr) : serve_(std::move(serve)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    if (serve_) thread_ = std::thread([this] { run(); });
  }

  ~BareServer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      if (current_ >= 0) ::shutdown(current_, SHUT_RDWR);
    }
    ::shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }
  BareServer(const BareServer&) = delete;
  BareServer& operator=(const BareServer&) = delete;

  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void run() {
    for (;;) {
      const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) return;
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
          ::close(descriptor);
          return;
        }
        current_ = descriptor;
      }
      serve_(descriptor);
      const std::lock_guard lock(mutex_);
      current_ = -1;
      ::close(descriptor);
    }
  }

  std::function<void(int)> serve_;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;  // guards the two below
  int current_ = -1;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace cartpilot::net
