// Many connections against one sandbox: errors, lost orders, memory, latency.
//
//   cartpilot_sandbox_load [--connections N] [--seconds N] [--rate N]
//
// The sandbox runs in a process of its own with its state in a file. First every connection buys as
// fast as it can; then the same connections send at a pace that leaves the machine room, which is
// when latency says something about the sandbox and not about the queue in front of it. Last, the
// same pace against a process that answers without looking, which is the machine's share. Exits 1
// when a request failed, an order is missing, memory grew, or a median of the second part is over
// its budget.
#include <Poco/Net/ServerSocket.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "sandbox/server.h"
#include "unit/sandbox/raw_http.h"

namespace cartpilot::bench {
namespace {

using sandbox::Answer;
using sandbox::RawHttp;
using Clock = std::chrono::steady_clock;

constexpr const char* kKey = "Bearer dev-api-key-change-in-production";
constexpr const char* kProduct = "a771c475644349d36b508123c16b1284";
constexpr double kGetBudgetUs = 150;
constexpr double kPostBudgetUs = 1'000;
constexpr double kMemoryBudget = 1.10;
constexpr int kRequestsOfAPurchase = 9;
constexpr auto kBareTime = std::chrono::seconds(5);

struct Samples {
  std::vector<double> get_us;
  std::vector<double> post_us;

  void add(const Samples& more) {
    get_us.insert(get_us.end(), more.get_us.begin(), more.get_us.end());
    post_us.insert(post_us.end(), more.post_us.begin(), more.post_us.end());
  }
};

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

double elapsed_us(Clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

/// Buys over and over on one connection.
class Buyer {
 public:
  explicit Buyer(int port) : http_(port) {}

  /// One purchase of nine requests; `pause` is called before each.
  template <typename Pause>
  void buy(Pause& pause) {
    const Json intent = post(pause, "/intents", R"({"query":"headphones"})", 201);
    const std::string offers = "/intents/" + intent.at("id").get<std::string>() + "/offers";
    const Json page = get(pause, offers);
    const std::string offer = page.at("items").at(1).at("id");
    const std::string items =
        fmt::format(R"("items":[{{"product_id":"{}","quantity":1}}])", kProduct);
    const Json created =
        post(pause, "/checkouts", fmt::format(R"({{"offer_id":"{}",{}}})", offer, items), 201);
    const std::string target = "/checkouts/" + created.at("id").get<std::string>();
    post(pause, target + "/quote", "{" + items + "}", 200);
    post(pause, target + "/request-approval", "{}", 200);
    get(pause, target);
    post(pause, target + "/approve", "{}", 200);
    const Json sold = post(pause, target + "/confirm", "{}", 200);
    const std::string order = sold.at("order_id");
    get(pause, "/orders/" + order);
    orders_.push_back(order);
  }

  Samples samples;
  int errors = 0;
  const std::vector<std::string>& orders() const { return orders_; }

 private:
  template <typename Pause>
  Json get(Pause& pause, const std::string& target) {
    pause();
    const auto begin = Clock::now();
    const Answer answer = http_.send("GET", target, {{"Authorization", kKey}});
    samples.get_us.push_back(elapsed_us(begin));
    return checked(answer, 200);
  }

  template <typename Pause>
  Json post(Pause& pause, const std::string& target, const std::string& body, int expected) {
    pause();
    const auto begin = Clock::now();
    const Answer answer = http_.send(
        "POST", target, {{"Authorization", kKey}, {"Content-Type", "application/json"}}, body);
    samples.post_us.push_back(elapsed_us(begin));
    return checked(answer, expected);
  }

  Json checked(const Answer& answer, int expected) {
    if (answer.status == expected) return answer.json();
    ++errors;
    throw std::runtime_error(fmt::format("{}: {}", answer.status, answer.body));
  }

  RawHttp http_;
  std::vector<std::string> orders_;
};

/// A sandbox in a child process, with a file of its own.
class Child {
 public:
  Child() {
    std::string name = (std::filesystem::temp_directory_path() / "sandbox-load-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    child_ = ::fork();
    if (child_ == 0) {
      ::close(ends[0]);
      serve(ends[1]);
    }
    ::close(ends[1]);
    if (::read(ends[0], &port_, sizeof port_) != sizeof port_) {
      throw std::runtime_error("the sandbox did not start");
    }
    ::close(ends[0]);
  }
  ~Child() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int port() const { return port_; }
  double resident_mib() const {
    std::ifstream statm(fmt::format("/proc/{}/statm", child_));
    double pages = 0;
    double resident = 0;
    statm >> pages >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
  }

 private:
  [[noreturn]] void serve(int output) const {
    sandbox::SandboxServer::Options options;
    options.db_path = (folder_ / "sandbox.db").string();
    const sandbox::SandboxServer server(options);
    const int port = server.port();
    if (::write(output, &port, sizeof port) != sizeof port) ::_exit(1);
    for (;;) ::pause();
  }

  std::filesystem::path folder_;
  pid_t child_ = -1;
  int port_ = 0;
};

/// Answers whatever comes in with 2 KiB, in a child process.
class BareServer {
 public:
  BareServer() : listener_(Poco::Net::SocketAddress("127.0.0.1", 0)) {
    child_ = ::fork();
    if (child_ == 0) serve();
  }
  ~BareServer() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  BareServer(const BareServer&) = delete;
  BareServer& operator=(const BareServer&) = delete;

  int port() const { return listener_.address().port(); }

 private:
  [[noreturn]] void serve() {
    static const std::string answer =
        "HTTP/1.1 200 OK\r\nContent-Length: 2048\r\n\r\n" + std::string(2048, 'x');
    for (;;) {
      Poco::Net::StreamSocket socket = listener_.acceptConnection();
      socket.setNoDelay(true);
      std::thread([socket]() mutable {
        char request[4096];
        while (socket.receiveBytes(request, sizeof request) > 0) {
          socket.sendBytes(answer.data(), static_cast<int>(answer.size()));
        }
      }).detach();
    }
  }

  Poco::Net::ServerSocket listener_;
  pid_t child_ = -1;
};

struct Outcome {
  Samples samples;
  std::vector<std::string> orders;
  int errors = 0;
  std::vector<std::string> troubles;
  double seconds = 0;
};

/// Lets every connection buy until the time is over.
template <typename MakePause>
Outcome run_buyers(int port, int connections, Clock::duration time, MakePause make_pause) {
  Outcome outcome;
  std::mutex mutex;
  const auto begin = Clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < connections; ++i) {
    threads.emplace_back([&, i] {
      Buyer buyer(port);
      std::string trouble;
      try {
        auto pause = make_pause(i);
        while (Clock::now() - begin < time) buyer.buy(pause);
      } catch (const std::exception& error) {
        trouble = error.what();
      }
      const std::lock_guard lock(mutex);
      outcome.samples.add(buyer.samples);
      outcome.orders.insert(outcome.orders.end(), buyer.orders().begin(), buyer.orders().end());
      outcome.errors += buyer.errors;
      if (!trouble.empty()) outcome.troubles.push_back(trouble);
    });
  }
  for (std::thread& thread : threads) thread.join();
  outcome.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return outcome;
}

/// A pause that lets `connections` of them send `rate` requests a second, one after the other, and
/// each be elsewhere in its purchase.
auto pace(int connections, int rate) {
  return [interval = std::chrono::microseconds(1'000'000LL * connections / rate),
          connections](int index) {
    auto next = Clock::now() + kRequestsOfAPurchase * interval * index / connections;
    return [next, interval]() mutable {
      std::this_thread::sleep_until(next);
      next += interval;
    };
  };
}

/// What a GET takes when nobody does anything for it.
std::vector<double> bare_get_us(int connections, int rate) {
  const BareServer server;
  std::vector<double> all;
  std::mutex mutex;
  std::vector<std::thread> threads;
  const auto begin = Clock::now();
  for (int i = 0; i < connections; ++i) {
    threads.emplace_back([&, i] {
      RawHttp http(server.port());
      std::vector<double> mine;
      for (auto pause = pace(connections, rate)(i); Clock::now() - begin < kBareTime;) {
        pause();
        const auto sent = Clock::now();
        http.send("GET", "/", {{"Authorization", kKey}});
        mine.push_back(elapsed_us(sent));
      }
      const std::lock_guard lock(mutex);
      all.insert(all.end(), mine.begin(), mine.end());
    });
  }
  for (std::thread& thread : threads) thread.join();
  return all;
}

/// How many of the answered orders the sandbox does not list.
std::size_t lost_orders(int port, const std::vector<std::string>& answered) {
  RawHttp http(port);
  std::set<std::string> listed;
  for (int page = 1;; ++page) {
    const Json list = http.send("GET", fmt::format("/orders?page_size=100&page={}", page),
                                {{"Authorization", kKey}})
                          .json();
    for (const Json& order : list.at("items")) listed.insert(order.at("id"));
    if (!list.at("has_more").get<bool>()) break;
  }
  return static_cast<std::size_t>(
      std::count_if(answered.begin(), answered.end(),
                    [&](const std::string& id) { return listed.count(id) == 0; }));
}

void print(const char* title, const Outcome& outcome) {
  const std::size_t requests = outcome.samples.get_us.size() + outcome.samples.post_us.size();
  std::printf(
      "%s", fmt::format(
                "{}: {} requests in {:.1f} s ({:.0f}/s), {} purchases, {} errors\n"
                "  GET  p50 {:.0f} us, p99 {:.0f} us\n"
                "  POST p50 {:.0f} us, p99 {:.0f} us\n",
                title, requests, outcome.seconds, static_cast<double>(requests) / outcome.seconds,
                outcome.orders.size(), outcome.errors + outcome.troubles.size(),
                percentile(outcome.samples.get_us, 0.5), percentile(outcome.samples.get_us, 0.99),
                percentile(outcome.samples.post_us, 0.5), percentile(outcome.samples.post_us, 0.99))
                .c_str());
  for (const std::string& trouble : outcome.troubles) std::printf("  %s\n", trouble.c_str());
}

int run(int connections, int seconds, int rate) {
  const Child child;
  std::vector<double> memory;
  std::atomic<bool> done = false;
  std::thread watcher([&] {
    while (!done) {
      memory.push_back(child.resident_mib());
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
  });
  Outcome hot = run_buyers(child.port(), connections, std::chrono::seconds(seconds),
                           [](int) { return [] {}; });
  done = true;
  watcher.join();
  // What 64 threads need is there after a sixth of the time.
  const double early_mib = memory[std::min(memory.size() - 1, memory.size() / 6)];
  print(fmt::format("{} connections, as fast as they can", connections).c_str(), hot);

  Outcome paced =
      run_buyers(child.port(), connections, std::chrono::seconds(seconds), pace(connections, rate));
  print(fmt::format("{} connections, {} requests a second", connections, rate).c_str(), paced);
  const double end_mib = child.resident_mib();
  const std::vector<double> bare = bare_get_us(connections, rate);
  std::printf("the machine's share of a GET at that rate: p50 %.0f us, p99 %.0f us\n",
              percentile(bare, 0.5), percentile(bare, 0.99));

  std::vector<std::string> orders = hot.orders;
  orders.insert(orders.end(), paced.orders.begin(), paced.orders.end());
  const std::size_t lost = lost_orders(child.port(), orders);
  std::printf("orders answered %zu, lost %zu\n", orders.size(), lost);
  std::printf("memory early %.1f MiB, end %.1f MiB\n", early_mib, end_mib);

  const bool healthy = hot.errors + paced.errors == 0 && hot.troubles.empty() &&
                       paced.troubles.empty() && lost == 0 && !orders.empty() &&
                       end_mib <= early_mib * kMemoryBudget;
  const bool fast = percentile(paced.samples.get_us, 0.5) <= kGetBudgetUs &&
                    percentile(paced.samples.post_us, 0.5) <= kPostBudgetUs;
  std::printf("%s\n", healthy && fast ? "ok" : healthy ? "TOO SLOW" : "FAILED");
  return healthy && fast ? 0 : 1;
}

}  // namespace
}  // namespace cartpilot::bench

int main(int argc, char** argv) {
  int connections = 64;
  int seconds = 60;
  int rate = 400;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    int& value = flag == "--connections" ? connections : flag == "--rate" ? rate : seconds;
    value = std::max(1, std::atoi(argv[i + 1]));
  }
  return cartpilot::bench::run(connections, seconds, rate);
}
