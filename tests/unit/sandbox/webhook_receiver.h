// A server that receives webhooks and keeps them. Any thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "sandbox/http/listener.h"
#include "sandbox/http/router.h"
#include "sandbox/server.h"

namespace cartpilot::sandbox {

class WebhookReceiver {
 public:
  WebhookReceiver()
      : listener_(0, [this](const Request& request) {
          const std::lock_guard lock(mutex_);
          received_.push_back(request);
          changed_.notify_all();
          return json_response(200, Json::object());
        }) {}

  std::string url() const { return listener_.url() + "/hook"; }

  /// What came so far, once it is `count` or a minute is over.
  std::vector<Request> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return received_.size() >= count; });
    return received_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Request> received_;
  HttpListener listener_;
};

}  // namespace cartpilot::sandbox
