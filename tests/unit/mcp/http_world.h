// An MCP endpoint over HTTP without sockets, and what came back from it.
//
// Requests are handled on the calling thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mcp/http_endpoint.h"
#include "mcp/http_headers.h"
#include "unit/mcp/fake_tools.h"

namespace cartpilot::mcp {

/// What came back on one connection. Waits 10 s at most for an event that is on its way.
class RecordedReply final : public EndpointReply {
 public:
  void send(int sent, const HttpHeaders& with, const std::string& text) override {
    status = sent;
    headers = with;
    body = text;
  }
  void begin_events(const HttpHeaders& with) override {
    status = 200;
    headers = with;
  }
  void send_lines(const std::string&) override { FAIL(); }
  void send_event(const Json& event) override {
    const std::lock_guard lock(mutex_);
    events.push_back(event);
    changed_.notify_all();
  }
  bool client_is_gone() override { return gone; }

  Json json() const { return parse_json(body, "the body"); }
  /// While the request is being handled by another thread.
  Json event(std::size_t index) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return events.size() > index; });
    return events.at(index);
  }

  int status = 0;
  HttpHeaders headers;
  std::string body;
  std::vector<Json> events;
  std::atomic<bool> gone{false};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

template <class Tools>
struct HttpWorldOf {
  explicit HttpWorldOf(std::string token = "") {
    EndpointOptions options;
    options.hosts = {"127.0.0.1:80", "localhost:80"};
    options.token = std::move(token);
    options.now = [this] { return base::SteadyTime(std::chrono::seconds(seconds.load())); };
    endpoint.emplace(
        test_identity(),
        [this] {
          ++services;
          tools = std::make_shared<Tools>();
          return tools;
        },
        options);
  }

  static HttpHeaders usual() {
    return {{"Host", "127.0.0.1:80"},
            {"Content-Type", "application/json"},
            {"Accept", "application/json, text/event-stream"}};
  }
  static HttpHeaders modern_headers(const std::string& method, const std::string& name = "") {
    HttpHeaders headers = usual();
    headers.emplace_back("MCP-Protocol-Version", "2026-07-28");
    headers.emplace_back("Mcp-Method", method);
    if (!name.empty()) headers.emplace_back("Mcp-Name", name);
    return headers;
  }

  RecordedReply& send(EndpointRequest request) {
    RecordedReply& reply = replies.emplace_back();
    endpoint->handle(request, reply);
    return reply;
  }
  RecordedReply& post(const std::string& body, HttpHeaders headers) {
    return send({"POST", "/mcp", std::move(headers), body});
  }
  RecordedReply& post(const Json& message, HttpHeaders headers) {
    return post(dump_json(message), std::move(headers));
  }
  RecordedReply& modern(const std::string& method, Json params = Json::object()) {
    return post(TestClient::modern_request(method, params, 1),
                modern_headers(method, string_or(params, "name")));
  }
  /// The id of a new legacy session.
  std::string initialize(const std::string& revision = "2025-11-25",
                         const Json& capabilities = Json::object()) {
    const RecordedReply& reply =
        post(TestClient::request(
                 "initialize", {{"protocolVersion", revision}, {"capabilities", capabilities}}, 1),
             usual());
    EXPECT_EQ(reply.status, 200) << reply.body;
    return header_value(reply.headers, "Mcp-Session-Id");
  }
  RecordedReply& legacy(const std::string& session, const std::string& method,
                        Json params = Json::object()) {
    return post(TestClient::request(method, std::move(params), 2), with_session(session));
  }
  static HttpHeaders with_session(const std::string& session) {
    HttpHeaders headers = usual();
    headers.emplace_back("Mcp-Session-Id", session);
    return headers;
  }

  std::atomic<long> seconds{1'000};
  int services = 0;
  std::shared_ptr<Tools> tools;
  std::list<RecordedReply> replies;
  std::optional<HttpEndpoint> endpoint;
};

using HttpWorld = HttpWorldOf<FakeTools>;

inline HttpHeaders without(HttpHeaders headers, const std::string& name) {
  std::erase_if(headers, [&](const auto& header) { return header.first == name; });
  return headers;
}

inline HttpHeaders with(HttpHeaders headers, const std::string& name, const std::string& value) {
  headers = without(std::move(headers), name);
  headers.emplace_back(name, value);
  return headers;
}

}  // namespace cartpilot::mcp
