// Figures 3 and 10: what the program adds to one streamed event, from the vendor's socket to a pipe
// and to a terminal.
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

  /// Microseconds of each event up to its text on the child's standard output. `form` makes the
  /// text from the number of the event.
  std::vector<double> latencies(Child& child, const char* form = "[{}]", int events = kEvents) {
    auto connected = peer_.get_future();
    if (connected.wait_for(std::chrono::seconds(10)) != std::future_status::ready) {
      throw std::runtime_error("the program did not ask for the stream");
    }
    Peer& peer = *connected.get();
    peer.write(stream_head());
    std::vector<double> times;
    for (int i = 0; i < events; ++i) {
      const std::string text = fmt::format(fmt::runtime(form), i);
      const std::string bytes = chunk(gemini_text(text + (text.front() == '[' ? "" : " ")));
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

/// Milliseconds from the first byte of an answer of `paragraphs` in markdown to its end on a
/// terminal.
static double time_markdown(const Setup& setup, int paragraphs) {
  std::promise<Clock::time_point> began;
  Server server([&](Peer& peer) {
    if (peer.read_request().empty()) return;
    began.set_value(Clock::now());
    peer.write(stream_head());
    for (int i = 0; i < paragraphs; ++i) {
      // As it stands in JSON.
      peer.write(chunk(gemini_text(fmt::format(
          "## Part {}\\n\\nA **lamp** for `desk {}`, see [its "
          "page](https://shop.example/{}).\\n\\n- "
          "one point that is long enough to be wrapped at the width of the terminal\\n- two\\n\\n"
          "| Lamp | Price |\\n|---|---:|\\n| Acme {} | 39.99 USD |\\n\\n",
          i, i, i, i))));
    }
    peer.write(chunk(gemini_text("All of it.\\n")) + chunk(gemini_end()) + "0\r\n\r\n");
  });
  Child child({setup.program, "chat", "--provider", "gemini", "--approve", "never", "hello"},
              environment_of(setup.home, gemini_variables(server.url(), "http://127.0.0.1:9")),
              Child::Streams::kTerminal);
  const auto seen = child.wait_for("All of it.");
  return milliseconds(seen - began.get_future().get());
}

void measure_terminal(const Setup& setup, Figures& figures) {
  {
    const OneProcessor here;
    Ticker ticker;
    Child child(
        {setup.program, "chat", "--provider", "gemini", "--approve", "never", "hello"},
        environment_of(setup.home, gemini_variables(ticker.server().url(), "http://127.0.0.1:9")),
        Child::Streams::kTerminal);
    const std::vector<double> times = ticker.latencies(child, "word{}x", 200);
    figures.push_back({10, "vendor byte to word on a terminal, p99", "ms",
                       "what a person may notice", 50, quantile(times, 0.99) / 1000, 50, 0});
  }
  std::vector<double> small;
  std::vector<double> large;
  for (int run = 0; run < 5; ++run) {
    small.push_back(time_markdown(setup, 1'250));  // 250 kB
    large.push_back(time_markdown(setup, 5'000));  // 1 MB
  }
  figures.push_back({10, "1 MB of markdown on a terminal, over 250 kB", "x",
                     "linear (4 times the bytes)", 4, median(large) / median(small), 5, 0});
  std::vector<double> completions;
  for (int run = 0; run <= setup.runs; ++run) {
    Child child({setup.program, "__complete", "chat", "--provider", ""},
                environment_of(setup.home));
    const int code = child.wait();
    const double time = milliseconds(Clock::now() - child.started());
    if (code != 0 || child.output().find("gemini") == std::string::npos) {
      throw std::runtime_error("no provider was completed");
    }
    if (run > 0) completions.push_back(time);
  }
  std::vector<double> empty;
  for (int run = 0; run <= setup.runs; ++run) {
    Child child({setup.empty}, environment_of(setup.home));
    child.wait();
    if (run > 0) empty.push_back(milliseconds(Clock::now() - child.started()));
  }
  figures.push_back({10, "completion of a provider's name", "ms", "exec of an empty C++ program",
                     median(empty), median(completions), 60, 40});
}

}  // namespace cartpilot::bench
