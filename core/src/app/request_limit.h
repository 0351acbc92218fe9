// RequestLimit: a ceiling for the requests that plugins send in the life of a process.
//
// Stands between plugins and the HTTP client. Requests with a method other than GET count, each as
// it is sent: repeated ones, second tries and continued answers too. Look-ups of models (GET) are
// free. Borrows the transport, which outlives it. Any thread.
#pragma once

#include <atomic>

#include "cartpilot/http.h"

namespace cartpilot::app {

class RequestLimit final : public HttpTransport {
 public:
  RequestLimit(HttpTransport& transport, int limit) : transport_(transport), limit_(limit) {}

  /// Throws Error{kRateLimited, reason "request_limit"} without sending when the limit is reached.
  void send(const HttpRequest& request, HttpSink& sink, const CallContext& context) override;

 private:
  HttpTransport& transport_;
  const int limit_;
  std::atomic<int> sent_{0};
};

}  // namespace cartpilot::app
