#include "net/connector.h"

#include <Poco/Exception.h>
#include <Poco/Net/DNS.h>
#include <Poco/Net/HostEntry.h>
#include <Poco/Net/StreamSocketImpl.h>
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

#include "net/failure.h"
#include "net/http_message.h"

namespace cartpilot::net {
namespace {

using Poco::Net::IPAddress;
using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;
using Addresses = std::vector<SocketAddress>;

/// How long one address may keep silent before the next is tried beside it (RFC 8305).
constexpr std::chrono::milliseconds kHeadStart{250};

struct Lookup {
  std::mutex mutex;
  std::condition_variable finished;
  bool done = false;
  std::vector<IPAddress> addresses;
};

void look_up(const std::string& host, Lookup& lookup) {
  std::vector<IPAddress> found;
  try {
    found = Poco::Net::DNS::hostByName(host).addresses();
  } catch (const Poco::Exception&) {
    found.clear();
  }
  const std::lock_guard lock(lookup.mutex);
  lookup.addresses = std::move(found);
  lookup.done = true;
  lookup.finished.notify_all();
}

Addresses resolve(const std::string& host, std::uint16_t port, const CallLimits& limits) {
  if (host == "localhost") {
    // Not asked of anybody: plain http is allowed to it because it is this machine.
    return {SocketAddress("127.0.0.1", port), SocketAddress("::1", port)};
  }
  IPAddress literal;
  if (IPAddress::tryParse(host, literal)) return {SocketAddress(literal, port)};

  const auto lookup = std::make_shared<Lookup>();
  std::thread([host, lookup] { look_up(host, *lookup); }).detach();
  std::unique_lock lock(lookup->mutex);
  while (!lookup->done) {
    lookup->finished.wait_for(lock, std::chrono::milliseconds(limits.wait_ms()));
  }
  Addresses addresses;
  for (const IPAddress& address : lookup->addresses) {
    const SocketAddress complete(address, port);
    if (std::find(addresses.begin(), addresses.end(), complete) == addresses.end()) {
      addresses.push_back(complete);
    }
  }
  if (addresses.empty()) {
    fail_unavailable("dns", fmt::format("no address is known for {}; check its spelling and the "
                                        "network",
                                        host));
  }
  return addresses;
}

/// A socket that never blocks and is not inherited by programs we start.
class ClientSocket : public StreamSocket {
 public:
  explicit ClientSocket(int family) : StreamSocket(new Poco::Net::StreamSocketImpl(open(family))) {
    setBlocking(false);
    setNoDelay(true);
    // Models think for minutes; home routers forget silent connections sooner.
    setKeepAlive(true);
    setOption(IPPROTO_TCP, TCP_KEEPIDLE, 60);
  }

 private:
  static int open(int family) {
    const int descriptor = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) throw std::system_error(errno, std::generic_category());
    return descriptor;
  }
};

/// Tries the addresses one after the other, giving each a head start; the first to answer wins.
class Race {
 public:
  Race(Addresses addresses, const std::string& name)
      : addresses_(std::move(addresses)), name_(name) {}

  StreamSocket run(const CallLimits& limits) {
    for (;;) {
      if (running_.empty() || Clock::now() - started_at_ >= kHeadStart) start_next();
      if (running_.empty() && next_ == addresses_.size()) give_up();
      const int wait = limits.wait_ms();
      std::vector<pollfd> waiting;
      for (const StreamSocket& socket : running_) {
        waiting.push_back({socket.impl()->sockfd(), POLLOUT, 0});
      }
      if (::poll(waiting.data(), waiting.size(), running_.empty() ? 0 : wait) <= 0) continue;
      for (std::size_t i = waiting.size(); i-- > 0;) {
        if (waiting[i].revents == 0) continue;
        const int problem = running_[i].impl()->socketError();
        if (problem == 0) return running_[i];
        note(problem);
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  void start_next() {
    if (next_ == addresses_.size()) return;
    const SocketAddress address = addresses_[next_++];
    started_at_ = Clock::now();
    try {
      ClientSocket socket(address.af());
      const int result = ::connect(socket.impl()->sockfd(), address.addr(), address.length());
      if (result != 0 && errno != EINPROGRESS) {
        note(errno);
        return;
      }
      running_.push_back(socket);
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

  Addresses addresses_;
  const std::string& name_;
  std::size_t next_ = 0;
  std::vector<StreamSocket> running_;
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
  StreamSocket socket =
      Race(resolve(host, proxy ? proxy->port : target.port, limits), name).run(limits);
  if (proxy) {
    auto tunnel = std::make_unique<Connection>(socket, nullptr, name);
    try {
      open_tunnel(*tunnel, target, *proxy, limits);
    } catch (const Error& e) {
      if (e.reason != "reset" && e.reason != "http") throw;
      fail_unavailable("connect", e.what());
    }
    socket = tunnel->release();
  }
  std::unique_ptr<TlsStream> tls;
  if (target.tls) tls = tls_.secure(socket.impl()->sockfd(), target.host, limits);
  return std::make_unique<Connection>(std::move(socket), std::move(tls), target.address());
} catch (const Poco::Exception& e) {
  fail_unavailable("connect",
                   fmt::format("cannot connect to {}: {}", target.address(), e.message()));
} catch (const std::system_error& e) {  // no descriptor or thread left
  fail_unavailable("connect", fmt::format("cannot connect to {}: {}", target.address(), e.what()));
}

}  // namespace cartpilot::net
