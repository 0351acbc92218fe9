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

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "cartpilot/error.h"

namespace cartpilot::sandbox {
namespace {

namespace net = Poco::Net;

// Enough for the events to keep up with 64 connections that buy as fast as they can.
constexpr std::size_t kLanes = 24;
constexpr std::size_t kMaxReady = 256;
constexpr std::size_t kMaxDelayed = 10'000;
constexpr auto kLongestPush = std::chrono::seconds(1);
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

class Connection {
 public:
  explicit Connection(const Poco::URI& uri)
      : path_(uri.getPathAndQuery().empty() ? "/" : uri.getPathAndQuery()),
        session_(uri.getHost(), uri.getPort()) {
    session_.setKeepAlive(true);
    session_.setTimeout(Poco::Timespan(kTimeoutSeconds, 0));
  }

  void post(const OutgoingWebhook& webhook, const std::string& signature, bool is_retry) {
    try {
      net::HTTPRequest request(net::HTTPRequest::HTTP_POST, path_, net::HTTPMessage::HTTP_1_1);
      request.setKeepAlive(true);
      request.setContentType("application/json");
      request.setContentLength(static_cast<int>(webhook.body.size()));
      request.set("X-Merchant-Signature", signature);
      request.set("X-Merchant-Id", webhook.merchant_id);
      request.set("X-Event-Id", webhook.event_id);
      if (is_retry) request.set("X-Is-Retry", "true");
      session_.sendRequest(request) << webhook.body;
      net::HTTPResponse response;
      Poco::NullOutputStream nowhere;
      Poco::StreamCopier::copyStream(session_.receiveResponse(response), nowhere);
    } catch (const Poco::Exception&) {
      // One try is all a merchant makes.
      session_.reset();
    }
  }

 private:
  const std::string path_;
  net::HTTPClientSession session_;
};

}  // namespace

std::string webhook_signature(const std::string& secret, const std::string& body) {
  Poco::HMACEngine<Sha256Engine> engine(secret);
  engine.update(body);
  return "sha256=" + Poco::DigestEngine::digestToHex(engine.digest());
}

class WebhookSender::Lane {
 public:
  Lane(const Poco::URI& uri, std::string secret) : secret_(std::move(secret)), connection_(uri) {}
  ~Lane() { stop(); }

  void send(OutgoingWebhook webhook) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLongestPush,
                      [this] { return stopping_ || ready_.size() < kMaxReady; });
    if (stopping_) return;
    if (webhook.delay_seconds > 0 && delayed_.size() < kMaxDelayed) {
      const auto delay = std::chrono::duration<double>(webhook.delay_seconds);
      delayed_.emplace(
          std::chrono::steady_clock::now() + std::chrono::duration_cast<Time::duration>(delay),
          std::move(webhook));
    } else if (ready_.size() < 2 * kMaxReady) {
      ready_.push_back(std::move(webhook));
    }
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    changed_.notify_all();
  }

  void stop() noexcept {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  using Time = std::chrono::steady_clock::time_point;

  bool next(OutgoingWebhook& webhook) {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (stopping_) return false;
      if (!delayed_.empty() && delayed_.begin()->first <= std::chrono::steady_clock::now()) {
        webhook = std::move(delayed_.begin()->second);
        delayed_.erase(delayed_.begin());
        return true;
      }
      if (!ready_.empty()) {
        webhook = std::move(ready_.front());
        ready_.pop_front();
        changed_.notify_all();
        return true;
      }
      if (delayed_.empty()) {
        changed_.wait(lock);
      } else {
        changed_.wait_until(lock, delayed_.begin()->first);
      }
    }
  }

  void run() {
    OutgoingWebhook webhook;
    while (next(webhook)) {
      const std::string signature = webhook_signature(secret_, webhook.body);
      for (std::int64_t copy = 0; copy < webhook.copies && !stopping_; ++copy) {
        connection_.post(webhook, signature, copy > 0);
      }
    }
  }

  const std::string secret_;
  Connection connection_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<OutgoingWebhook> ready_;
  std::multimap<Time, OutgoingWebhook> delayed_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

WebhookSender::WebhookSender(const std::string& url, const std::string& secret) {
  const Poco::URI uri = checked(url);
  for (std::size_t i = 0; i < kLanes; ++i) lanes_.push_back(std::make_unique<Lane>(uri, secret));
}

WebhookSender::~WebhookSender() = default;

void WebhookSender::send(std::vector<OutgoingWebhook> webhooks) {
  for (OutgoingWebhook& webhook : webhooks) {
    const std::size_t lane = std::hash<std::string>()(webhook.session_id) % kLanes;
    lanes_[lane]->send(std::move(webhook));
  }
}

void WebhookSender::stop() noexcept {
  for (const auto& lane : lanes_) lane->stop();
}

}  // namespace cartpilot::sandbox
