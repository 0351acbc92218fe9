#include "net/connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "base/clock.h"
#include "net/failure.h"
#include "net/http_message.h"

namespace cartpilot::net {
namespace {

/// How long one address may keep silent before the next is tried beside it (RFC 8305).
constexpr std::chrono::milliseconds kHeadStart{250};

struct Lookup {
  std::mutex mutex;
  std::condition_variable finished;
  bool done = false;
  std::vector<Address> addresses;
};

void look_up(const std::string& host, std::uint16_t port, Lookup& lookup) {
  std::vector<Address> found = addresses_of(host, port);
  const std::lock_guard lock(lookup.mutex);
  lookup.addresses = std::move(found);
  lookup.done = true;
  lookup.finished.notify_all();
}

std::vector<Address> joined(std::vector<Address> first, const std::vector<Address>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::vector<Address> resolve(const std::string& host, std::uint16_t port,
                             const CallLimits& limits) {
  if (host == "localhost") {
    // Not asked of anybody: plain http is allowed to it because it is this machine.
    return joined(literal_address("127.0.0.1", port), literal_address("::1", port));
  }
  if (auto literal = literal_address(host, port); !literal.empty()) return literal;

  const auto lookup = std::make_shared<Lookup>();
  std::thread([host, port, lookup] { look_up(host, port, *lookup); }).detach();
  std::unique_lock lock(lookup->mutex);
  while (!lookup->done) {
    lookup->finished.wait_for(lock, std::chrono::milliseconds(limits.wait_ms()));
  }
  if (lookup->addresses.empty()) {
    fail_unavailable("dns", fmt::format("no address is known for {}; check its spelling and the "
                                        "network",
                                        host));
  }
  return std::move(lookup->addresses);
}

/// A socket that never blocks and is not inherited by programs we start.
Socket open_socket(int family) {
  Socket socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.descriptor() < 0) throw std::system_error(errno, std::generic_category());
  const auto set = [&socket](int level, int option, int value) {
    ::setsockopt(socket.descriptor(), level, option, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  // Models think for minutes; home routers forget silent connections sooner.
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 60);
  return socket;
}

/// 0 when the connection stands.
int problem_of(const Socket& socket) {
  int problem = 0;
  socklen_t size = sizeof problem;
  const int result = ::getsockopt(socket.descriptor(), SOL_SOCKET, SO_ERROR, &problem, &size);
  return result == 0 ? problem : errno;
}

/// Tries the addresses one after the other, giving each a head start; the first to answer wins.
class Race {
 public:
  Race(std::vector<Address> addresses, const std::string& name)
      : addresses_(std::move(addresses)), name_(name) {}

  Socket run(const CallLimits& limits) {
    for (;;) {
      if (running_.empty() || base::steady_now() - started_at_ >= kHeadStart) start_next();
      if (running_.empty() && next_ == addresses_.size()) give_up();
      const int wait = limits.wait_ms();
      std::vector<pollfd> waiting;
      for (const Socket& socket : running_) {
        waiting.push_back({socket.descriptor(), POLLOUT, 0});
      }
      if (::poll(waiting.data(), waiting.size(), running_.empty() ? 0 : wait) <= 0) continue;
      for (std::size_t i = waiting.size(); i-- > 0;) {
        if (waiting[i].revents == 0) continue;
        const int problem = problem_of(running_[i]);
        if (problem == 0) return std::move(running_[i]);
        note(problem);
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  void start_next() {
    if (next_ == addresses_.size()) return;
    const Address& address = addresses_[next_++];
    started_at_ = base::steady_now();
    try {
      Socket socket = open_socket(address.bytes.ss_family);
      const int result = ::connect(socket.descriptor(),
                                   reinterpret_cast<const sockaddr*>(&address.bytes), address.size);
      if (result != 0 && errno != EINPROGRESS) {
        note(errno);
        return;
      }
      running_.push_back(std::move(socket));
    } catch (const std::system_error& e) {
      note(e.code().value());
    }
  }

  /// The first address is the preferred one, so its problem says most.
  void note(int problem) {
    if (problem_ == 0) problem_ = problem;
  }

  [[noreturn]] void give_up() const {
    fail_unavailable("connect",
                     fmt::format("cannot connect to {}: {}; check the address and that the server "
                                 "is running",
                                 name_, std::generic_category().message(problem_)));
  }

  std::vector<Address> addresses_;
  const std::string& name_;
  std::size_t next_ = 0;
  std::vector<Socket> running_;
  Clock::time_point started_at_;
  int problem_ = 0;
};

/// Asks the proxy for a tunnel; afterwards the bytes of `connection` are the target's.
void open_tunnel(Connection& connection, const Target& target, const Proxy& proxy,
                 CallLimits& limits) {
  std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", target.address());
  if (!proxy.authorization.empty()) {
    request += fmt::format("Proxy-Authorization: {}\r\n", proxy.authorization);
  }
  request += "\r\n";
  connection.send(request, limits);
  const int status = read_head(connection, limits).head.status;
  if (status >= 200 && status < 300) return;
  const bool credentials = status == 407;
  fail(ErrorCode::kUnavailable, "connect",
       fmt::format("the proxy {} refused to connect to {} (status {}); {}", proxy.address(),
                   target.address(), status,
                   credentials ? "put a user name and password into https_proxy"
                               : "check https_proxy and no_proxy"),
       !credentials);
}

}  // namespace

std::unique_ptr<Connection> Connector::connect(const Target& target,
                                               const std::optional<Proxy>& proxy,
                                               CallLimits& limits) try {
  const std::string& host = proxy ? proxy->host : target.host;
  const std::string name = proxy ? fmt::format("the proxy {}", proxy->address()) : target.address();
  Socket socket = Race(resolve(host, proxy ? proxy->port : target.port, limits), name).run(limits);
  if (proxy) {
    auto tunnel = std::make_unique<Connection>(std::move(socket), nullptr, name);
    try {
      open_tunnel(*tunnel, target, *proxy, limits);
    } catch (const Error& e) {
      if (e.reason != "reset" && e.reason != "http") throw;
      fail_unavailable("connect", e.what());
    }
    socket = tunnel->release();
  }
  std::unique_ptr<TlsStream> tls;
  if (target.tls) tls = tls_.secure(socket.descriptor(), target.host, limits);
  return std::make_unique<Connection>(std::move(socket), std::move(tls), target.address());
} catch (const std::system_error& e) {  // no descriptor or thread left
  fail_unavailable("connect", fmt::format("cannot connect to {}: {}", target.address(), e.what()));
}

}  // namespace cartpilot::net
