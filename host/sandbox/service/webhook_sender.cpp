#include "sandbox/service/webhook_sender.h"

#include <Poco/Exception.h>
#include <Poco/HMACEngine.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/NullStream.h>
#include <Poco/SHA2Engine.h>
#include <Poco/StreamCopier.h>
#include <Poco/URI.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "cartpilot/error.h"

namespace cartpilot::sandbox {
namespace {

namespace net = Poco::Net;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kMaxWaiting = 10'000;
constexpr int kTimeoutSeconds = 10;

// What Poco's HMACEngine needs to know about SHA-256.
class Sha256Engine : public Poco::SHA2Engine {
 public:
  enum { BLOCK_SIZE = 64, DIGEST_SIZE = 32 };
  Sha256Engine() : SHA2Engine(SHA_256) {}
};

Poco::URI checked(const std::string& url) {
  try {
    Poco::URI uri(url);
    const std::string& host = uri.getHost();
    if (uri.getScheme() == "http" && (host == "127.0.0.1" || host == "localhost")) return uri;
  } catch (const Poco::Exception&) {
    // Said below.
  }
  throw Error(ErrorCode::kInvalidArgument,
              "webhooks go to this machine only; give an address like "
              "http://127.0.0.1:8000/webhooks/merchant, not " +
                  url);
}

void post(const Poco::URI& uri, const OutgoingWebhook& webhook, const std::string& signature,
          bool is_retry) {
  try {
    net::HTTPClientSession session(uri.getHost(), uri.getPort());
    session.setTimeout(Poco::Timespan(kTimeoutSeconds, 0));
    const std::string path = uri.getPathAndQuery();
    net::HTTPRequest request(net::HTTPRequest::HTTP_POST, path.empty() ? "/" : path,
                             net::HTTPMessage::HTTP_1_1);
    request.setContentType("application/json");
    request.setContentLength(static_cast<int>(webhook.body.size()));
    request.set("X-Merchant-Signature", signature);
    request.set("X-Merchant-Id", webhook.merchant_id);
    request.set("X-Event-Id", webhook.event_id);
    if (is_retry) request.set("X-Is-Retry", "true");
    session.sendRequest(request) << webhook.body;
    net::HTTPResponse response;
    Poco::NullOutputStream nowhere;
    Poco::StreamCopier::copyStream(session.receiveResponse(response), nowhere);
  } catch (const Poco::Exception&) {
    // One try is all a merchant makes.
  }
}

}  // namespace

std::string webhook_signature(const std::string& secret, const std::string& body) {
  Poco::HMACEngine<Sha256Engine> engine(secret);
  engine.update(body);
  return "sha256=" + Poco::DigestEngine::digestToHex(engine.digest());
}

struct WebhookSender::Impl {
  Impl(const std::string& url, std::string signing_secret)
      : uri(checked(url)), secret(std::move(signing_secret)), thread([this] { run(); }) {}

  void run() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      if (waiting.empty()) {
        changed.wait(lock);
      } else if (const Steady::time_point due = waiting.begin()->first; due > base::steady_now()) {
        changed.wait_until(lock, due);
      } else {
        const OutgoingWebhook webhook = std::move(waiting.begin()->second);
        waiting.erase(waiting.begin());
        const std::string signature = webhook_signature(secret, webhook.body);
        for (std::int64_t copy = 0; copy < webhook.copies && !stopping; ++copy) {
          lock.unlock();
          post(uri, webhook, signature, copy > 0);
          lock.lock();
        }
      }
    }
  }

  const Poco::URI uri;
  const std::string secret;
  std::mutex mutex;
  std::condition_variable changed;
  std::multimap<Steady::time_point, OutgoingWebhook> waiting;  // by when they are due
  bool stopping = false;
  std::thread thread;
};

WebhookSender::WebhookSender(const std::string& url, const std::string& secret)
    : impl_(std::make_unique<Impl>(url, secret)) {}

WebhookSender::~WebhookSender() { stop(); }

void WebhookSender::send(std::vector<OutgoingWebhook> webhooks) {
  const std::lock_guard lock(impl_->mutex);
  for (OutgoingWebhook& webhook : webhooks) {
    if (impl_->waiting.size() >= kMaxWaiting) return;
    const std::chrono::duration<double> delay(webhook.delay_seconds);
    impl_->waiting.emplace(base::steady_now() + std::chrono::duration_cast<Steady::duration>(delay),
                           std::move(webhook));
  }
  impl_->changed.notify_all();
}

void WebhookSender::stop() noexcept {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    impl_->changed.notify_all();
  }
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace cartpilot::sandbox
