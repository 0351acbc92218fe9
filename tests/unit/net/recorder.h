// What the tests of this folder share: a sink that writes down what it gets, a context to cancel
// with, and the error of a call. One thread, except Cancellable::cancel().
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "cartpilot/error.h"
#include "cartpilot/http.h"
#include "net/http_client.h"

namespace cartpilot::net {

struct SeenEvent {
  HttpEvent::Kind kind;
  std::string name;
  std::string data;

  bool operator==(const SeenEvent&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const SeenEvent& event) {
    constexpr const char* kNames[] = {"body", "event", "stray"};
    return out << kNames[static_cast<int>(event.kind)] << '(' << event.name << ", " << event.data
               << ')';
  }
};

inline SeenEvent body(std::string data) { return {HttpEvent::Kind::kBody, "", std::move(data)}; }
inline SeenEvent event(std::string data, std::string name = "") {
  return {HttpEvent::Kind::kEvent, std::move(name), std::move(data)};
}
inline SeenEvent stray(std::string data) { return {HttpEvent::Kind::kStray, "", std::move(data)}; }

class Recorder final : public HttpSink {
 public:
  void on_head(const HttpHead& received) override {
    head = received;
    ++heads;
  }
  bool on_event(const HttpEvent& seen) override {
    events.push_back({seen.kind, std::string(seen.name), std::string(seen.data)});
    return !on_each || on_each(events.back());
  }

  HttpHead head;
  int heads = 0;
  std::vector<SeenEvent> events;
  std::function<bool(const SeenEvent&)> on_each;
};

class Cancellable final : public CallContext {
 public:
  bool cancelled() const noexcept override { return cancelled_; }
  std::int64_t deadline_unix_ms() const noexcept override { return deadline; }
  void cancel() { cancelled_ = true; }

  std::int64_t deadline = 0;

 private:
  std::atomic<bool> cancelled_{false};
};

/// The Error that `call` throws; nullopt when it throws none.
inline std::optional<Error> error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

/// Code, reason and retryable of an error, for whole comparisons.
struct Failure {
  ErrorCode code = ErrorCode::kOk;
  std::string reason;
  bool retryable = false;

  bool operator==(const Failure&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Failure& failure) {
    return out << error_code_name(failure.code) << '/' << failure.reason
               << (failure.retryable ? "/retryable" : "");
  }
};

inline Failure failure_of(const std::function<void()>& call) {
  const std::optional<Error> error = error_of(call);
  if (!error) return {};
  return {error->code, error->reason, error->retryable};
}

inline HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.method = "GET";
  request.url = url;
  return request;
}

inline HttpRequest post(const std::string& url, std::string text = "{}") {
  HttpRequest request;
  request.url = url;
  request.body = std::move(text);
  return request;
}

/// How the call of a new client fails.
inline Failure failure_with(const HttpRequest& request, const CallContext& context = {}) {
  HttpClient client;
  return failure_of([&] { fetch(client, request, context); });
}

/// What a new client gets.
inline std::string body_of(const HttpRequest& request) {
  HttpClient client;
  return fetch(client, request, CallContext()).body;
}

}  // namespace cartpilot::net
