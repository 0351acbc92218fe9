// Figures 1, 2 and 8: how long a person waits for the program itself.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "child.h"
#include "figure.h"
#include "unit/net/tls_test_server.h"
#include "vendor.h"

namespace cartpilot::bench {
namespace {

double time_run(const std::vector<std::string>& words, const std::vector<std::string>& environment,
                const std::string& expected) {
  Child child(words, environment);
  const int code = child.wait();
  const double time = milliseconds(Clock::now() - child.started());
  if (code != 0 || child.output().find(expected) == std::string::npos) {
    throw std::runtime_error(fmt::format("{} ended with {}:\n{}", words[0], code, child.output()));
  }
  return time;
}

/// Time stamps that a server thread takes and the measuring thread waits for.
class Stamp {
 public:
  void set() {
    const std::lock_guard lock(mutex_);
    at_ = Clock::now();
    set_ = true;
    changed_.notify_all();
  }
  Clock::time_point wait() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(10), [this] { return set_; })) {
      throw std::runtime_error("no request came within ten seconds");
    }
    set_ = false;
    return at_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Clock::time_point at_;
  bool set_ = false;
};

/// From exec to the first byte of the request at the vendor.
double time_first_byte(const Setup& setup, const std::vector<std::string>& variables,
                       Stamp& arrived) {
  Child child({setup.program, "chat", "--provider", "gemini", "--approve", "never", "hello"},
              environment_of(setup.home, variables));
  const double time = milliseconds(arrived.wait() - child.started());
  if (child.wait() != 0) throw std::runtime_error("the answer was not understood");
  return time;
}

/// A connection and one byte, arrived.
double connect_milliseconds(int port, Stamp& stamp) {
  const auto begin = Clock::now();
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::send(descriptor, "x", 1, MSG_NOSIGNAL) != 1) {
    throw std::runtime_error("cannot connect to the loopback server");
  }
  const double time = milliseconds(stamp.wait() - begin);
  ::close(descriptor);
  return time;
}

}  // namespace

void measure_start(const Setup& setup, Figures& figures) {
  std::vector<double> empty;
  std::vector<double> version;
  std::vector<double> help;
  const auto environment = environment_of(setup.home);
  for (int i = 0; i <= setup.runs; ++i) {
    const double nothing = time_run({setup.empty}, environment, "");
    const double one = time_run({setup.program, "--version"}, environment, "cartpilot ");
    const double other = time_run({setup.program, "--help"}, environment, "chat");
    if (i == 0) continue;
    empty.push_back(nothing);
    version.push_back(one);
    help.push_back(other);
  }
  const double limit = median(empty);
  figures.push_back({1, "cartpilot --version", "ms", "exec of an empty C++ program", limit,
                     median(version), 25, 20});
  figures.push_back(
      {1, "cartpilot --help", "ms", "exec of an empty C++ program", limit, median(help), 25, 20});
}

void measure_first_byte(const Setup& setup, Figures& figures) {
  Stamp stamp;
  const std::string answer = stream_head() + chunk(gemini_text("ok") + gemini_end()) + "0\r\n\r\n";
  Server vendor([&](Peer& peer) {
    if (peer.read_request([&] { stamp.set(); }).empty()) return;
    peer.write(answer);
    peer.wait_for_close();
  });
  const net::TestCertificate certificate("IP:127.0.0.1");
  net::TlsTestServer tls_vendor(certificate, [&](net::TlsTestServer::Stream& stream) {
    if (stream.read_bytes(1).empty()) return;
    stamp.set();
    const std::string head = stream.read_head();
    const std::size_t length = head.find("Content-Length: ");
    if (length == std::string::npos) return;
    stream.read_bytes(std::stoul(head.substr(length + 16)));
    stream.write(answer);
  });
  const auto plain = gemini_variables(vendor.url(), "http://127.0.0.1:9");
  auto tls = gemini_variables(tls_vendor.url(), "http://127.0.0.1:9");
  tls.push_back("SSL_CERT_FILE=" + certificate.file());
  std::vector<double> limits;
  std::vector<double> plain_times;
  std::vector<double> tls_times;
  for (int i = 0; i <= setup.runs; ++i) {
    const auto environment = environment_of(setup.home);
    const double empty =
        time_run({setup.empty}, environment, "") + connect_milliseconds(vendor.port(), stamp);
    const double without = time_first_byte(setup, plain, stamp);
    const double with = time_first_byte(setup, tls, stamp);
    if (i == 0) continue;
    limits.push_back(empty);
    plain_times.push_back(without);
    tls_times.push_back(with);
  }
  const std::string name = "exec of an empty program + connect";
  figures.push_back({2, "start to first request byte, plain", "ms", name, median(limits),
                     median(plain_times), 35, 25});
  figures.push_back({2, "start to first request byte, TLS", "ms", name, median(limits),
                     median(tls_times), 60, 40});
}

namespace {

/// A listener that takes no connection any more: its queue is full, so that connecting to it lasts.
class FullListener {
 public:
  FullListener() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 0) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
      throw std::runtime_error("no loopback port to be had");
    }
    port_ = ntohs(address.sin_port);
    for (int& waiting : waiting_) {
      waiting = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      ::connect(waiting, generic, size);
    }
  }
  ~FullListener() {
    for (const int waiting : waiting_) ::close(waiting);
    ::close(listener_);
  }
  FullListener(const FullListener&) = delete;
  FullListener& operator=(const FullListener&) = delete;
  int port() const { return port_; }

 private:
  int listener_ = -1;
  int port_ = 0;
  int waiting_[4] = {-1, -1, -1, -1};
};

/// Milliseconds from Ctrl-C to the prompt. `reached` returns once the program is where it is to be
/// interrupted.
std::vector<double> interrupt_times(const Setup& setup, std::vector<std::string> variables,
                                    const std::function<void(Child&)>& reached) {
  Child child({setup.program, "chat", "--provider", "gemini", "--approve", "never"},
              environment_of(setup.home, variables), Child::Streams::kTerminal);
  std::vector<double> times;
  child.wait_for("you> ");
  for (int i = 0; i <= 2 * setup.runs; ++i) {
    child.write("hello\r");
    reached(child);
    const auto begin = Clock::now();
    child.write("\x03");
    const auto prompt = child.wait_for("you> ");
    if (i > 0) times.push_back(milliseconds(prompt - begin));
  }
  return times;
}

/// For moments that nobody outside can see begin.
void after_a_moment(Child&) { ::usleep(100'000); }

/// Microseconds matter little here: one thread wakes another through a pipe.
double wake_milliseconds() {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) throw std::runtime_error("no pipe to be had");
  std::vector<double> wakes;
  Stamp woken;
  std::thread sleeper([&] {
    char byte = 0;
    while (::read(pipe[0], &byte, 1) == 1) woken.set();
  });
  for (int i = 0; i < 100; ++i) {
    ::usleep(500);
    const auto begin = Clock::now();
    if (::write(pipe[1], "x", 1) != 1) break;
    wakes.push_back(milliseconds(woken.wait() - begin));
  }
  ::close(pipe[1]);
  sleeper.join();
  ::close(pipe[0]);
  return quantile(wakes, 0.99);
}

}  // namespace

void measure_interrupt(const Setup& setup, Figures& figures) {
  const std::string shop = "http://127.0.0.1:9";
  const double limit = wake_milliseconds();
  const auto add = [&](const std::string& moment, const std::vector<double>& times) {
    figures.push_back({8, fmt::format("Ctrl-C in {} to prompt, p99", moment), "ms",
                       "waking a thread, p99", limit, quantile(times, 0.99), 50});
  };

  auto lookup = gemini_variables("https://stuck.example", shop);
  lookup.push_back("LD_PRELOAD=" + setup.stuck.string());
  add("a name lookup", interrupt_times(setup, lookup, after_a_moment));

  const FullListener full;
  const auto connect = gemini_variables(fmt::format("http://127.0.0.1:{}", full.port()), shop);
  add("a connect", interrupt_times(setup, connect, after_a_moment));

  Stamp accepted;
  Server silent([&](Peer& peer) {
    peer.read_request([&] { accepted.set(); });
    peer.wait_for_close();
  });
  const auto handshake = gemini_variables(fmt::format("https://127.0.0.1:{}", silent.port()), shop);
  add("a TLS handshake", interrupt_times(setup, handshake, [&](Child&) { accepted.wait(); }));

  Server stalled([&](Peer& peer) {
    while (!peer.read_request().empty()) {
      peer.write(stream_head() + chunk(gemini_text("STALLED")));
      peer.wait_for_close();
    }
  });
  add("a stalled stream", interrupt_times(setup, gemini_variables(stalled.url(), shop),
                                          [](Child& child) { child.wait_for("STALLED"); }));

  Server limited([&](Peer& peer) {
    while (!peer.read_request().empty()) {
      peer.write(
          "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 60\r\nContent-Length: 2\r\n\r\n{}");
    }
  });
  add("a retry wait",
      interrupt_times(setup, gemini_variables(limited.url(), shop), after_a_moment));
}

}  // namespace cartpilot::bench
