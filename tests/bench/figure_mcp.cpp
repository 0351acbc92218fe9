// Figure 9: what an agent application waits for at the MCP server.
#include <fmt/format.h>

#include <latch>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "cartpilot/json.h"
#include "child.h"
#include "figure.h"
#include "net/http_client.h"
#include "vendor.h"

namespace cartpilot::bench {
namespace {

constexpr const char* kRevision = "2026-07-28";
constexpr const char* kOffer = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
constexpr int kCalls = 1000;
constexpr int kClients = 64;
constexpr int kCallsEach = 10;

/// One message of the modern era.
std::string message(const std::string& method, Json params, int id) {
  params["_meta"] = {{"io.modelcontextprotocol/protocolVersion", kRevision},
                     {"io.modelcontextprotocol/clientCapabilities", Json::object()}};
  return dump_json({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}});
}

std::string call_message(int id) {
  return message("tools/call",
                 {{"name", "get_offer_details"}, {"arguments", {{"offer_id", kOffer}}}}, id);
}

void require_good(const std::string& answer) {
  if (answer.find("\"result\"") == std::string::npos ||
      answer.find("\"isError\"") != std::string::npos) {
    throw std::runtime_error("the MCP server answered " + answer.substr(0, 400));
  }
}

/// The line with the answer, and when all of it was here.
Clock::time_point ask(Child& server, const std::string& text) {
  const std::size_t before = server.output().size();
  server.write(text + "\n");
  const auto at = server.wait_for("\n");
  require_good(server.output().substr(before));
  return at;
}

HttpRequest bare_request(const std::string& shop) {
  HttpRequest request;
  request.method = "GET";
  request.url = shop + "/offers/" + kOffer;
  request.headers = {{"X-API-Key", "bench"}};
  return request;
}

HttpRequest mcp_request(const std::string& server) {
  HttpRequest request;
  request.method = "POST";
  request.url = server;
  request.headers = {{"Content-Type", "application/json"},
                     {"Accept", "application/json, text/event-stream"},
                     {"MCP-Protocol-Version", kRevision},
                     {"Mcp-Method", "tools/call"},
                     {"Mcp-Name", "get_offer_details"}};
  request.body = call_message(1);
  return request;
}

/// Milliseconds of each request when kClients clients send theirs at once, kCallsEach in a row.
std::vector<double> all_at_once(net::HttpClient& http, const HttpRequest& request, bool is_mcp) {
  std::vector<std::vector<double>> times(kClients);
  std::mutex mutex;
  std::string failure;
  std::latch start(kClients);
  std::vector<std::thread> clients;
  for (int client = 0; client < kClients; ++client) {
    clients.emplace_back([&, client] {
      start.arrive_and_wait();
      try {
        for (int i = 0; i < kCallsEach; ++i) {
          const auto begin = Clock::now();
          const auto answer = net::fetch(http, request, CallContext());
          times[static_cast<std::size_t>(client)].push_back(milliseconds(Clock::now() - begin));
          if (answer.head.status != 200) {
            throw std::runtime_error(fmt::format("HTTP {}", answer.head.status));
          }
          if (is_mcp) require_good(answer.body);
        }
      } catch (const std::exception& error) {
        const std::lock_guard lock(mutex);
        failure = error.what();
      }
    });
  }
  for (std::thread& client : clients) client.join();
  if (!failure.empty()) throw std::runtime_error("a client failed: " + failure);
  std::vector<double> all;
  for (const auto& some : times) all.insert(all.end(), some.begin(), some.end());
  return all;
}

void measure_pipe(const Setup& setup, const std::vector<std::string>& variables,
                  const std::string& shop, Figures& figures) {
  const std::vector<std::string> words = {setup.program, "mcp"};
  std::vector<double> empty;
  std::vector<double> lists;
  for (int i = 0; i <= setup.runs; ++i) {
    Child nothing({setup.empty}, environment_of(setup.home));
    nothing.wait();
    const double limit = milliseconds(Clock::now() - nothing.started());
    Child server(words, environment_of(setup.home, variables));
    const auto at = ask(server, message("tools/list", Json::object(), 1));
    const double time = milliseconds(at - server.started());
    if (server.wait() != 0) throw std::runtime_error("the MCP server did not end well");
    if (i == 0) continue;
    empty.push_back(limit);
    lists.push_back(time);
  }
  figures.push_back({9, "MCP: start to the answer of tools/list", "ms",
                     "exec of an empty C++ program", median(empty), median(lists), 60, 40});

  Child server(words, environment_of(setup.home, variables));
  net::HttpClient http;
  const HttpRequest bare = bare_request(shop);
  std::vector<double> bares;
  std::vector<double> calls;
  for (int i = 0; i < kCalls; ++i) {
    auto begin = Clock::now();
    if (net::fetch(http, bare, CallContext()).head.status != 200) {
      throw std::runtime_error("the loopback shop failed");
    }
    const double without = microseconds(Clock::now() - begin);
    begin = Clock::now();
    const double with = microseconds(ask(server, call_message(i + 1)) - begin);
    if (i < 50) continue;
    bares.push_back(without);
    calls.push_back(with);
  }
  figures.push_back({9, "MCP: tools/call, added to the bare HTTP call", "us",
                     "the bare kept-alive call", median(bares), median(calls) - median(bares), 1000,
                     10});
}

void measure_clients(const Setup& setup, const std::vector<std::string>& variables,
                     const std::string& shop, Figures& figures) {
  Child server({setup.program, "mcp", "--http", "0", "--no-token"},
               environment_of(setup.home, variables), Child::Streams::kTerminal);
  constexpr std::string_view kBefore = "MCP on ";
  server.wait_for(std::string(kBefore));
  server.wait_for("/mcp");
  const std::size_t at = server.output().find(kBefore) + kBefore.size();
  const std::string url = server.output().substr(at, server.output().find("/mcp", at) + 4 - at);
  net::HttpClient http;
  all_at_once(http, mcp_request(url), true);  // warms up
  const auto bares = all_at_once(http, bare_request(shop), false);
  const auto calls = all_at_once(http, mcp_request(url), true);
  figures.push_back(
      {9, fmt::format("MCP: tools/call of {} clients at once over HTTP, p99", kClients), "ms",
       "as many bare calls at once, p99", quantile(bares, 0.99), quantile(calls, 0.99), 250, 10});
}

}  // namespace

void measure_mcp(const Setup& setup, Figures& figures) {
  const std::string answer = offer_answer(setup.fixtures);
  Server shop([&](Peer& peer) {
    while (!peer.read_request().empty()) {
      if (!peer.write(answer)) return;
    }
  });
  const std::vector<std::string> variables = {"CARTPILOT_API_URL=" + shop.url(),
                                              "CARTPILOT_API_KEY=bench"};
  measure_pipe(setup, variables, shop.url(), figures);
  measure_clients(setup, variables, shop.url(), figures);
}

}  // namespace cartpilot::bench
