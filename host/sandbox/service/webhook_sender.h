// WebhookSender: delivers the merchants' webhooks over HTTP, one try each.
//
// Owns a few lanes, each a thread with a kept-alive connection, started with its first webhook.
// Events about one session take the same lane and so stay in order. Signs every body. What cannot
// be delivered is dropped, as is what still waits at stop(). Any thread may call any member.
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

  /// Queues them in order. While too many wait, the caller waits too, for a second at most: callers
  /// that ask faster than the receiver takes must not fill the memory.
  void send(std::vector<OutgoingWebhook> webhooks);

  /// Ends the threads after the deliveries they are busy with, 10 s at most; drops the rest.
  /// Idempotent.
  void stop() noexcept;

 private:
  class Lane;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

/// "sha256=" and the hexadecimal HMAC-SHA256 of `body`.
std::string webhook_signature(const std::string& secret, const std::string& body);

}  // namespace cartpilot::sandbox
