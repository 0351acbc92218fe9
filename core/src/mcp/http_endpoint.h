// HttpEndpoint: Streamable HTTP of both eras, without sockets.
//
// One address takes POST. A request that names the modern revision in its `_meta` is served by
// itself and belongs to the holder of the token; `initialize` begins a legacy session with a
// service of its own, named by an id that cannot be guessed, ended by DELETE or after half an hour
// without a request. An answer is JSON, or an event stream from the first progress on. A modern
// client cancels by closing the connection; for a legacy one that means nothing.
//
// Every request passes, in this order: host and origin, token, method, content type, JSON, the
// headers that repeat what the body says. handle() is called on a thread for each connection.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cartpilot/http.h"
#include "mcp/dispatcher.h"

namespace cartpilot::mcp {

constexpr const char* kEndpointPath = "/mcp";
constexpr std::size_t kMaxBodyBytes = 4 * 1024 * 1024;
constexpr std::size_t kMaxHttpSessions = 32;

struct EndpointRequest {
  std::string method;
  std::string path;  ///< without the query
  HttpHeaders headers;
  std::string body;
  std::string query{};  ///< what came after "?", undecoded
};

/// One exchange on a connection. Used by the thread that called handle().
class EndpointReply {
 public:
  virtual ~EndpointReply() = default;
  /// The whole answer.
  virtual void send(int status, const HttpHeaders& headers, const std::string& body) = 0;
  /// The head of an event stream, then its events; a null event is a comment that keeps it alive.
  virtual void begin_events(const HttpHeaders& headers) = 0;
  virtual void send_event(const Json& event) = 0;
  /// Lines of an event stream as they are, for streams whose events have ids.
  virtual void send_lines(const std::string& lines) = 0;
  /// True once the client has closed the connection; looked at several times a second.
  virtual bool client_is_gone() = 0;
};

struct EndpointOptions {
  /// Values of Host that are ours, in lower case: "127.0.0.1:8080".
  std::vector<std::string> hosts;
  std::string token;  ///< "" = none is asked for
  std::chrono::seconds session_lifetime{30 * 60};
  std::function<base::SteadyTime()> now = base::steady_now;
};

class HttpEndpoint {
 public:
  using MakeService = std::function<std::shared_ptr<ToolService>()>;

  /// `make_service` is called for each legacy session, on any thread, and once for all modern
  /// requests, when the first comes. It may throw Error.
  HttpEndpoint(ServerIdentity identity, MakeService make_service, EndpointOptions options);
  ~HttpEndpoint();
  HttpEndpoint(const HttpEndpoint&) = delete;
  HttpEndpoint& operator=(const HttpEndpoint&) = delete;

  /// Answers one request; returns when it is answered. Never throws for what a client sent.
  void handle(const EndpointRequest& request, EndpointReply& reply);

  /// All calls come to an end soon, and no more requests are taken.
  void hurry();

 private:
  struct Session;

  void handle_post(const EndpointRequest& request, EndpointReply& reply);
  void end_session(const EndpointRequest& request, EndpointReply& reply);
  void serve_modern(const EndpointRequest& request, const Json& message, EndpointReply& reply);
  void serve_legacy(const EndpointRequest& request, const Json& message, EndpointReply& reply);
  void begin_session(const EndpointRequest& request, EndpointReply& reply);
  std::optional<std::pair<int, std::string>> refusal_of(const EndpointRequest& request) const;
  std::shared_ptr<Session> session_of(const std::string& id);
  std::shared_ptr<ToolService> modern_service();
  void end_idle_sessions();

  const ServerIdentity identity_;
  const MakeService make_service_;
  const EndpointOptions options_;
  const std::shared_ptr<RequestStates> states_;
  CallThreads threads_;
  std::mutex mutex_;
  bool ending_ = false;
  std::shared_ptr<ToolService> modern_service_;
  std::map<std::string, std::shared_ptr<Session>> sessions_;
};

}  // namespace cartpilot::mcp
