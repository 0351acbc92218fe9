// ScriptedTransport: answers requests from a list, in order, and remembers what was sent.
//
// A request beyond the list fails the test. Locked, so several threads may send.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "cartpilot/http.h"

namespace cartpilot::fakes {

class ScriptedTransport final : public HttpTransport {
 public:
  /// The next answer.
  void answer(int status, std::string body,
              HttpHeaders headers = {{"content-type", "application/json"}}) {
    const std::lock_guard lock(mutex_);
    script_.push_back({{status, std::move(headers)}, std::move(body), std::nullopt});
  }

  /// The next request fails as if the network had.
  void fail(ErrorCode code, const std::string& reason, bool retryable,
            const std::string& message = "it broke") {
    Error error(code, message);
    error.reason = reason;
    error.retryable = retryable;
    const std::lock_guard lock(mutex_);
    script_.push_back({{}, "", error});
  }

  void send(const HttpRequest& request, HttpSink& sink, const CallContext&) override {
    Step step;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      if (script_.empty()) {
        ADD_FAILURE() << "unexpected request: " << request.method << " " << request.url;
        throw Error(ErrorCode::kInternal, "the script has ended");
      }
      step = std::move(script_.front());
      script_.pop_front();
    }
    if (step.error) throw *step.error;
    sink.on_head(step.head);
    sink.on_event({HttpEvent::Kind::kBody, "", step.body});
  }

  std::vector<HttpRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  HttpRequest last() const {
    const std::lock_guard lock(mutex_);
    return requests_.at(requests_.size() - 1);
  }

 private:
  struct Step {
    HttpHead head;
    std::string body;
    std::optional<Error> error;
  };

  mutable std::mutex mutex_;
  std::deque<Step> script_;
  std::vector<HttpRequest> requests_;
};

}  // namespace cartpilot::fakes
