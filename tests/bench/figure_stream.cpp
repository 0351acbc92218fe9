// Figure 3: what the program adds to one streamed event, from the vendor's socket to the screen.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <stdexcept>

#include <fmt/format.h>

#include "cartpilot/json.h"
#include "child.h"
#include "figure.h"
#include "vendor.h"

namespace cartpilot::bench {
namespace {

constexpr int kEvents = 600;
constexpr auto kPause = std::chrono::milliseconds(5);

/// Keeps this thread, and the programs it starts meanwhile, on one processor. To wake up another
/// one takes an interrupt, which under a hypervisor costs more than all that is measured here.
class OneProcessor {
 public:
  OneProcessor() {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }
  ~OneProcessor() { ::sched_setaffinity(0, sizeof before_, &before_); }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;

 private:
  cpu_set_t before_;
};

/// Sends one event every five milliseconds and sees it arrive, both on the calling thread. It does
/// not sleep in between: how long a processor takes to get out of its sleep is not measured either.
class Ticker {
 public:
  Ticker()
      : server_([this](Peer& peer) {
          if (peer.read_request().empty()) return;
          peer_.set_value(&peer);
          measured_.get_future().wait();
        }) {}
  ~Ticker() { measured_.set_value(); }

  /// Microseconds of each event up to its text on the child's standard output.
  std::vector<double> latencies(Child& child) {
    auto connected = peer_.get_future();
    if (connected.wait_for(std::chrono::seconds(10)) != std::future_status::ready) {
      throw std::runtime_error("the program did not ask for the stream");
    }
    Peer& peer = *connected.get();
    peer.write(stream_head());
    std::vector<double> times;
    for (int i = 0; i < kEvents; ++i) {
      const std::string text = fmt::format("[{}]", i);
      const std::string bytes = chunk(gemini_text(text));
      for (const auto next = Clock::now() + kPause; Clock::now() < next;) {
      }
      const auto sent = Clock::now();
      if (!peer.write(bytes)) throw std::runtime_error("the program closed the stream");
      const auto seen = child.wait_for(text);
      if (i >= 20) times.push_back(microseconds(seen - sent));
    }
    peer.write(chunk(gemini_end()) + "0\r\n\r\n");
    return times;
  }

  const Server& server() const { return server_; }

 private:
  std::promise<Peer*> peer_;
  std::promise<void> measured_;
  Server server_;
};

}  // namespace

int relay_main(int port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return 1;
  const std::string_view request = "GET / HTTP/1.1\r\n\r\n";
  if (::send(descriptor, request.data(), request.size(), 0) < 0) return 1;
  char block[16384];
  for (ssize_t got = 0; (got = ::recv(descriptor, block, sizeof block, 0)) > 0;) {
    const std::string_view bytes(block, static_cast<std::size_t>(got));
    const std::size_t at = bytes.find("data: ");
    if (at == std::string_view::npos) continue;
    const std::size_t end = bytes.find('\r', at);
    const Json event = parse_json(bytes.substr(at + 6, end - at - 6));
    const auto& text =
        event["candidates"][0]["content"]["parts"][0]["text"].get_ref<const std::string&>();
    if (::write(STDOUT_FILENO, text.data(), text.size()) < 0) return 1;
  }
  return 0;
}

void measure_events(const Setup& setup, Figures& figures) {
  const OneProcessor here;
  std::vector<double> limits;
  {
    Ticker ticker;
    Child relay({setup.self, "--relay", std::to_string(ticker.server().port())},
                environment_of(setup.home));
    limits = ticker.latencies(relay);
  }
  Ticker ticker;
  Child child(
      {setup.program, "chat", "--provider", "gemini", "--approve", "never", "hello"},
      environment_of(setup.home, gemini_variables(ticker.server().url(), "http://127.0.0.1:9")));
  const std::vector<double> times = ticker.latencies(child);
  const std::string name = "loopback + parse + write";
  figures.push_back({3, "vendor byte to screen byte per event, p50", "us", name + ", p50",
                     median(limits), median(times), 150, 3});
  figures.push_back({3, "vendor byte to screen byte per event, p99", "us", name + ", p99",
                     quantile(limits, 0.99), quantile(times, 0.99), 1000, 3});
}

}  // namespace cartpilot::bench
