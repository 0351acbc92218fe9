#include "mcp/http_endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "base/digest.h"
#include "base/random.h"
#include "cartpilot/error.h"
#include "mcp/http_headers.h"
#include "mcp/revision.h"
#include "text/ascii.h"

namespace cartpilot::mcp {
namespace {

constexpr const char* kSessionHeader = "Mcp-Session-Id";
constexpr std::size_t kSessionIdBytes = 16;
constexpr std::chrono::milliseconds kLookForClient{100};
constexpr std::chrono::seconds kKeepAlive{15};

const HttpHeaders kJsonHeaders = {{"Content-Type", "application/json"}};
const HttpHeaders kEventHeaders = {{"Content-Type", "text/event-stream"},
                                   {"Cache-Control", "no-cache"},
                                   {"X-Accel-Buffering", "no"}};

/// What comes from the threads of calls, for the one that owns the connection.
class QueuedSink final : public ReplySink {
 public:
  /// `streams`: whether the client takes more than the answer.
  explicit QueuedSink(bool streams) : streams_(streams) {}

  bool carries_requests() const override { return streams_; }
  void notify(const Json& notification) override {
    if (!streams_) return;
    const std::lock_guard lock(mutex_);
    notifications_.push_back(notification);
    changed_.notify_all();
  }
  void answer(const Json& response) override {
    const std::lock_guard lock(mutex_);
    answer_ = response;
    answered_ = true;
    changed_.notify_all();
  }

  enum class Next { kNotification, kAnswer, kNothing };
  /// Waits kLookForClient at most.
  Next next(Json& message) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLookForClient, [&] { return answered_ || !notifications_.empty(); });
    if (!notifications_.empty()) {
      message = std::move(notifications_.front());
      notifications_.pop_front();
      return Next::kNotification;
    }
    if (!answered_) return Next::kNothing;
    message = answer_;
    return Next::kAnswer;
  }

 private:
  const bool streams_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Json> notifications_;
  Json answer_;
  bool answered_ = false;
};

/// Of a JSON-RPC answer. What a tool has to say is never a status.
int status_of(const Json& answer, bool modern) {
  if (!answer.is_object()) return 200;
  const auto error = answer.find("error");
  if (error == answer.end()) return 200;
  switch (integer_or(*error, "code")) {
    case kMethodNotFound: return modern ? 404 : 200;
    case kParseError:
    case kInvalidRequest:
    case kMissingCapability:
    case kUnsupportedVersion:
    case kHeaderMismatch: return 400;
    default: return 200;
  }
}

void send_error(EndpointReply& reply, int status, const Json& id, const ProtocolError& error) {
  reply.send(status, kJsonHeaders, wire_text(make_error(id, error)));
}

/// A refusal by HTTP, for programs and people alike.
void send_refusal(EndpointReply& reply, int status, const std::string& why,
                  const HttpHeaders& more = {}) {
  HttpHeaders headers = kJsonHeaders;
  headers.insert(headers.end(), more.begin(), more.end());
  reply.send(status, headers, wire_text(make_error(nullptr, ProtocolError(kInvalidRequest, why))));
}

bool is_modern(const EndpointRequest& request, const Json& message) {
  const std::string header = header_value(request.headers, "MCP-Protocol-Version");
  // A client of both eras may keep its header when it goes back to `initialize`.
  const bool begins = message.is_object() && string_or(message, "method") == "initialize";
  if (!begins && text::trimmed(header) == kModernRevision) return true;
  if (!message.is_object() || !message.contains("params")) return false;
  const Json& params = message.at("params");
  if (!params.is_object() || !params.contains("_meta")) return false;
  const Json& meta = params.at("_meta");
  return meta.is_object() && meta.contains("io.modelcontextprotocol/protocolVersion");
}

bool is_known_version(std::string_view version) {
  return version == kModernRevision || std::find(kLegacyRevisions.begin(), kLegacyRevisions.end(),
                                                 version) != kLegacyRevisions.end();
}

/// Passes on what a call says until it is answered. False when the client has gone.
bool relay(QueuedSink& sink, EndpointReply& reply, bool modern,
           const std::function<base::SteadyTime()>& now) {
  bool streaming = false;
  auto last = now();
  for (Json message;;) {
    switch (sink.next(message)) {
      case QueuedSink::Next::kNothing:
        if (modern && reply.client_is_gone()) return false;
        if (streaming && now() - last >= kKeepAlive) {
          reply.send_event(nullptr);
          last = now();
        }
        break;
      case QueuedSink::Next::kNotification:
        if (!std::exchange(streaming, true)) reply.begin_events(kEventHeaders);
        reply.send_event(message);
        last = now();
        break;
      case QueuedSink::Next::kAnswer:
        if (streaming) {
          if (!message.is_null()) reply.send_event(message);
        } else if (message.is_null()) {
          reply.send(202, {}, "");  // cancelled by a message of its own
        } else {
          reply.send(status_of(message, modern), kJsonHeaders, wire_text(message));
        }
        return true;
    }
  }
}

}  // namespace

/// A legacy session. The dispatcher goes before the service it borrows.
struct HttpEndpoint::Session {
  Session(const ServerIdentity& identity, std::shared_ptr<ToolService> made, CallThreads& threads,
          std::shared_ptr<RequestStates> states, base::SteadyTime now)
      : service(std::move(made)),
        dispatcher(identity, *service, threads, std::move(states)),
        used(now) {}

  std::shared_ptr<ToolService> service;
  std::mutex receiving;
  Dispatcher dispatcher;
  base::SteadyTime used;
};

HttpEndpoint::HttpEndpoint(ServerIdentity identity, MakeService make_service,
                           EndpointOptions options)
    : identity_(std::move(identity)),
      make_service_(std::move(make_service)),
      options_(std::move(options)),
      states_(std::make_shared<RequestStates>(base::sha256_hex(options_.token))) {}

HttpEndpoint::~HttpEndpoint() = default;

void HttpEndpoint::hurry() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
  for (const auto& [id, session] : sessions_) session->dispatcher.hurry();
}

/// Status and reason, when somebody must not come in at all.
std::optional<std::pair<int, std::string>> HttpEndpoint::refusal_of(
    const EndpointRequest& request) const {
  const std::string host = text::lower_case(header_value(request.headers, "Host"));
  if (std::find(options_.hosts.begin(), options_.hosts.end(), host) == options_.hosts.end()) {
    return std::pair(403, "the host is another one");
  }
  const std::string origin = header_value(request.headers, "Origin");
  if (!origin.empty() && !is_own_origin(origin, options_.hosts)) {
    return std::pair(403, "pages of other sites are refused");
  }
  if (options_.token.empty()) return std::nullopt;
  const std::string authorization = header_value(request.headers, "Authorization");
  constexpr std::string_view kScheme = "bearer ";
  const bool bearer = text::lower_case(authorization.substr(0, kScheme.size())) == kScheme;
  if (bearer && same_token(text::trimmed(authorization).substr(kScheme.size()), options_.token)) {
    return std::nullopt;
  }
  return std::pair(401, "the token is missing or wrong");
}

void HttpEndpoint::handle(const EndpointRequest& request, EndpointReply& reply) {
  if (const auto refused = refusal_of(request)) {
    const HttpHeaders challenge = {{"WWW-Authenticate", "Bearer"}};
    send_refusal(reply, refused->first, refused->second,
                 refused->first == 401 ? challenge : HttpHeaders{});
    return;
  }
  if (request.path != kEndpointPath) {
    send_refusal(reply, 404, fmt::format("the endpoint is {}", kEndpointPath));
  } else if (request.method == "POST") {
    handle_post(request, reply);
  } else if (request.method == "DELETE" && !header_value(request.headers, kSessionHeader).empty()) {
    end_session(request, reply);
  } else {
    send_refusal(reply, 405, "the endpoint takes POST", {{"Allow", "POST"}});
  }
}

void HttpEndpoint::handle_post(const EndpointRequest& request, EndpointReply& reply) {
  if (!is_json(header_value(request.headers, "Content-Type"))) {
    send_refusal(reply, 415, "the content type is not application/json");
    return;
  }
  if (request.body.size() > kMaxBodyBytes) {
    send_refusal(reply, 413, "the message is too long");
    return;
  }
  Json message;
  try {
    message = parse_message_text(request.body);
  } catch (const ProtocolError& error) {
    send_error(reply, 400, nullptr, error);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (ending_) {
      send_refusal(reply, 503, "the server ends");
      return;
    }
  }
  try {
    if (is_modern(request, message)) {
      serve_modern(request, message, reply);
    } else {
      serve_legacy(request, message, reply);
    }
  } catch (const ProtocolError& error) {
    send_error(reply, 400, id_for_error(message), error);
  } catch (const Error& error) {
    send_refusal(reply, 503, error.what());
  }
}

void HttpEndpoint::serve_modern(const EndpointRequest& request, const Json& message,
                                EndpointReply& reply) {
  const Message read = read_message(message);
  if (read.kind != Message::Kind::kRequest) {
    reply.send(202, {}, "");
    return;
  }
  const std::shared_ptr<ToolService> service = modern_service();
  const auto sink = std::make_shared<QueuedSink>(accepts(request.headers, "text/event-stream"));
  Dispatcher dispatcher(identity_, *service, threads_, states_);
  // A version that the headers contradict is that, whether it is known or not.
  if (!named_revision(read).empty()) require_same_headers(request.headers, read);
  dispatcher.require_modern(read);
  require_same_parameters(request.headers, read, service->tools());
  dispatcher.receive(request.body, sink);
  // A client that has gone cancels: the end of the dispatcher does that.
  relay(*sink, reply, true, options_.now);
}

void HttpEndpoint::serve_legacy(const EndpointRequest& request, const Json& message,
                                EndpointReply& reply) {
  if (!accepts(request.headers, "application/json")) {
    send_refusal(reply, 406, "the answer would be application/json");
    return;
  }
  if (message.is_object() && string_or(message, "method") == "initialize") {
    begin_session(request, reply);
    return;
  }
  const std::string id = header_value(request.headers, kSessionHeader);
  if (id.empty()) throw ProtocolError(kInvalidRequest, "there was no initialize");
  const std::shared_ptr<Session> session = session_of(id);
  if (!session) {
    send_refusal(reply, 404, "the session has ended");
    return;
  }
  const std::string version = header_value(request.headers, "MCP-Protocol-Version");
  if (!version.empty() && !is_known_version(text::trimmed(version))) {
    throw ProtocolError(kInvalidRequest, "MCP-Protocol-Version names an unknown revision");
  }
  const auto sink = std::make_shared<QueuedSink>(accepts(request.headers, "text/event-stream"));
  bool answered = false;
  {
    const std::lock_guard lock(session->receiving);
    answered = session->dispatcher.receive(request.body, sink);
  }
  if (!answered) {
    reply.send(202, {}, "");
    return;
  }
  relay(*sink, reply, false, options_.now);
}

void HttpEndpoint::begin_session(const EndpointRequest& request, EndpointReply& reply) {
  end_idle_sessions();
  {
    const std::lock_guard lock(mutex_);
    if (sessions_.size() >= kMaxHttpSessions) {
      send_refusal(reply, 503, fmt::format("{} sessions are open", kMaxHttpSessions));
      return;
    }
  }
  auto session =
      std::make_shared<Session>(identity_, make_service_(), threads_, states_, options_.now());
  const auto sink = std::make_shared<QueuedSink>(false);
  session->dispatcher.receive(request.body, sink);
  Json answer;
  sink->next(answer);
  if (!answer.contains("result")) {
    reply.send(400, kJsonHeaders, wire_text(answer));
    return;
  }
  const std::string id = base::random_hex(kSessionIdBytes);
  {
    const std::lock_guard lock(mutex_);
    sessions_[id] = std::move(session);
  }
  HttpHeaders headers = kJsonHeaders;
  headers.emplace_back(kSessionHeader, id);
  reply.send(200, headers, wire_text(answer));
}

void HttpEndpoint::end_session(const EndpointRequest& request, EndpointReply& reply) {
  std::shared_ptr<Session> ended;
  {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(header_value(request.headers, kSessionHeader));
    if (found != sessions_.end()) {
      ended = std::move(found->second);
      sessions_.erase(found);
    }
  }
  if (!ended) {
    send_refusal(reply, 404, "there is no such session");
    return;
  }
  ended->dispatcher.hurry();
  reply.send(204, {}, "");
}

std::shared_ptr<HttpEndpoint::Session> HttpEndpoint::session_of(const std::string& id) {
  end_idle_sessions();
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return nullptr;
  found->second->used = options_.now();
  return found->second;
}

std::shared_ptr<ToolService> HttpEndpoint::modern_service() {
  const std::lock_guard lock(mutex_);
  if (!modern_service_) modern_service_ = make_service_();
  return modern_service_;
}

void HttpEndpoint::end_idle_sessions() {
  std::vector<std::shared_ptr<Session>> ended;
  const std::lock_guard lock(mutex_);
  for (auto found = sessions_.begin(); found != sessions_.end();) {
    const bool old = options_.now() - found->second->used >= options_.session_lifetime;
    if (old && found->second->dispatcher.wait_until_idle(std::chrono::milliseconds(0))) {
      ended.push_back(std::move(found->second));
      found = sessions_.erase(found);
    } else {
      ++found;
    }
  }
}

}  // namespace cartpilot::mcp
