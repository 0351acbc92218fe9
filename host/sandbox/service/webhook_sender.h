// WebhookSender: delivers the merchants' webhooks over HTTP, one try each.
//
// Owns one thread, which sends what is due in the order it became due, each on a connection of its
// own, and signs every body. What cannot be delivered is dropped, as is what still waits at stop()
// or does not fit into the queue. Any thread may call any member.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sandbox/merchant/webhooks.h"

namespace cartpilot::sandbox {

class WebhookSender {
 public:
  /// `url` is http://HOST:PORT/PATH on this machine. Throws Error{kInvalidArgument}.
  WebhookSender(const std::string& url, const std::string& secret);
  ~WebhookSender();
  WebhookSender(const WebhookSender&) = delete;
  WebhookSender& operator=(const WebhookSender&) = delete;

  /// Queues them in order and returns at once.
  void send(std::vector<OutgoingWebhook> webhooks);

  /// Ends the thread after the delivery it is busy with, 10 s at most; drops the rest. Idempotent.
  void stop() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// "sha256=" and the hexadecimal HMAC-SHA256 of `body`.
std::string webhook_signature(const std::string& secret, const std::string& body);

}  // namespace cartpilot::sandbox
