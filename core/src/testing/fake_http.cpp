#include "cartpilot/testing/fake_http.h"

#include <chrono>

namespace cartpilot::testing {
namespace {

std::int64_t now_unix_ms() {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  return duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void stop_if_unwanted(const CallContext& context) {
  if (context.cancelled()) throw Error(ErrorCode::kCancelled, "cancelled");
  const std::int64_t deadline = context.deadline_unix_ms();
  if (deadline == 0 || now_unix_ms() < deadline) return;
  Error late(ErrorCode::kDeadline, "the deadline of the call has passed");
  late.reason = "total_timeout";
  throw late;
}

/// The same pieces as one text, for a request that did not ask to have them split.
std::string as_text(const std::vector<FakeReply::Event>& events) {
  std::string text;
  for (const FakeReply::Event& event : events) {
    if (event.stray) {
      text += event.data + "\n";
      continue;
    }
    if (!event.name.empty()) text += "event: " + event.name + "\n";
    text += "data: " + event.data + "\n\n";
  }
  return text;
}

}  // namespace

FakeReply FakeReply::json(std::string body, int status) {
  FakeReply reply;
  reply.status = status;
  reply.headers = {{"Content-Type", "application/json"}};
  reply.body = std::move(body);
  return reply;
}

FakeReply FakeReply::stream(const std::vector<std::string>& data) {
  FakeReply reply;
  reply.headers = {{"Content-Type", "text/event-stream"}};
  for (const std::string& piece : data) reply.events.push_back({"", piece, false});
  return reply;
}

FakeReply FakeReply::broken(Error failure) {
  FakeReply reply;
  reply.failure = std::move(failure);
  reply.silent = true;
  return reply;
}

void FakeHttp::reply(FakeReply reply) {
  const std::lock_guard<std::mutex> lock(mutex_);
  queue_.push_back(std::move(reply));
}

void FakeHttp::script(Script script) {
  const std::lock_guard<std::mutex> lock(mutex_);
  script_ = std::move(script);
}

std::vector<HttpRequest> FakeHttp::requests() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return requests_;
}

FakeReply FakeHttp::next(const HttpRequest& request) {
  Script script;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    requests_.push_back(request);
    if (!script_) {
      if (queue_.empty()) {
        throw Error(ErrorCode::kUnavailable, "FakeHttp has no answer for " + request.url);
      }
      FakeReply reply = queue_.front();
      if (queue_.size() > 1) queue_.pop_front();
      return reply;
    }
    script = script_;
  }
  return script(request);
}

void FakeHttp::send(const HttpRequest& request, HttpSink& sink, const CallContext& context) {
  stop_if_unwanted(context);
  const FakeReply reply = next(request);
  stop_if_unwanted(context);
  if (!reply.silent) {
    sink.on_head({reply.status, reply.headers});
    if (reply.events.empty()) {
      // What the network breaks off is never handed over as a whole.
      if (!reply.failure && !sink.on_event({HttpEvent::Kind::kBody, "", reply.body})) return;
    } else if (!request.server_sent_events || reply.status >= 300) {
      if (!sink.on_event({HttpEvent::Kind::kBody, "", as_text(reply.events)})) return;
    } else {
      for (const FakeReply::Event& event : reply.events) {
        stop_if_unwanted(context);
        const auto kind = event.stray ? HttpEvent::Kind::kStray : HttpEvent::Kind::kEvent;
        if (!sink.on_event({kind, event.name, event.data})) return;
      }
      stop_if_unwanted(context);
    }
  }
  if (reply.failure) throw *reply.failure;
}

}  // namespace cartpilot::testing
