#include "mcp/client/http_peer.h"

#include <fmt/format.h>

#include <algorithm>

#include <optional>
#include <utility>

#include "mcp/message.h"
#include "mcp/revision.h"

namespace cartpilot::mcp {
namespace {

constexpr std::uint64_t kMaxAnswerBytes = 8ULL << 20;
constexpr int kNotFound = 404;

Error lost(const std::string& why) {
  Error error(ErrorCode::kUnavailable, why);
  error.reason = "lost";
  return error;
}

}  // namespace

/// Reads one answer: the response among what comes.
class HttpPeer::Answer final : public HttpSink {
 public:
  Answer(std::int64_t id, const PeerRequest& request, std::atomic<bool>& list_changed)
      : id_(id), request_(request), list_changed_(list_changed) {}

  void on_head(const HttpHead& head) override { head_ = head; }
  bool on_event(const HttpEvent& event) override {
    if (event.kind == HttpEvent::Kind::kStray || event.data.empty()) return true;
    try {
      return take(parse_message_text(event.data));
    } catch (const Error&) {  // NOLINT: what is no message says nothing
      return true;
    }
  }

  const HttpHead& head() const { return head_; }
  const std::optional<Json>& response() const { return response_; }

 private:
  /// True while more is awaited.
  bool take(const Json& value) {
    // A refusal may not know what it refuses.
    if (value.is_object() && value.contains("error") && value.value("id", Json()).is_null()) {
      response_ = value;
      return false;
    }
    const Message message = read_message(value);
    if (message.kind == Message::Kind::kNotification) {
      if (message.method == "notifications/tools/list_changed") list_changed_ = true;
      if (message.method == "notifications/progress" && request_.on_progress) {
        request_.on_progress(message.params);
      }
      return true;
    }
    if (message.kind != Message::Kind::kResponse || message.id != Json(id_)) return true;
    response_ = value;
    return false;
  }

  const std::int64_t id_;
  const PeerRequest& request_;
  std::atomic<bool>& list_changed_;
  HttpHead head_;
  std::optional<Json> response_;
};

HttpPeer::HttpPeer(HttpTransport& transport, std::string url, HttpHeaders headers)
    : transport_(transport), url_(std::move(url)), headers_(std::move(headers)) {}

HttpRequest HttpPeer::post_of(const Json& message, const PeerRequest& request) {
  HttpRequest post;
  post.method = "POST";
  post.url = url_;
  post.headers = headers_;
  post.headers.emplace_back("Content-Type", "application/json");
  post.headers.emplace_back("Accept", "application/json, text/event-stream");
  if (!revision_.empty()) post.headers.emplace_back("MCP-Protocol-Version", revision_);
  if (!session_.empty()) post.headers.emplace_back("Mcp-Session-Id", session_);
  if (revision_ == kModernRevision) {
    post.headers.emplace_back("Mcp-Method", string_or(message, "method"));
    if (request.method == "tools/call") {
      post.headers.emplace_back("Mcp-Name", string_or(request.params, "name"));
    }
  }
  post.body = dump_json(message);
  post.server_sent_events = true;
  post.connect_timeout_ms = std::min<std::int64_t>(post.connect_timeout_ms, request.limit.count());
  post.idle_timeout_ms = request.limit.count();
  post.total_timeout_ms = request.limit.count();
  post.max_body_bytes = kMaxAnswerBytes;
  return post;
}

Json HttpPeer::request(const PeerRequest& request, const CallContext& context) {
  std::int64_t id = 0;
  HttpRequest post;
  {
    const std::lock_guard lock(mutex_);
    id = ++last_id_;
    post = post_of(request_message(id, request, revision_), request);
  }
  Answer answer(id, request, list_changed_);
  try {
    transport_.send(post, answer, context);
  } catch (const Error& error) {
    if (error.code == ErrorCode::kCancelled || error.code == ErrorCode::kDeadline) throw;
    throw lost(error.what());
  }
  if (!answer.response()) {
    if (answer.head().status == kNotFound) throw lost("the session has ended");
    throw lost(fmt::format("the server answered HTTP {} without a result", answer.head().status));
  }
  if (request.method == "initialize") {
    const std::lock_guard lock(mutex_);
    session_ = header_value(answer.head().headers, "Mcp-Session-Id");
  }
  return result_of(*answer.response());
}

void HttpPeer::notify(const std::string& method) {
  PeerRequest request;
  request.method = method;
  request.limit = std::chrono::seconds(10);
  HttpRequest post;
  {
    const std::lock_guard lock(mutex_);
    post = post_of(Json{{"jsonrpc", "2.0"}, {"method", method}}, request);
  }
  Answer answer(0, request, list_changed_);
  try {
    transport_.send(post, answer, CallContext());
  } catch (const Error&) {  // NOLINT: what follows shows it
  }
}

void HttpPeer::use_revision(const std::string& revision) {
  const std::lock_guard lock(mutex_);
  revision_ = revision;
}

}  // namespace cartpilot::mcp
