#include "net/http_client.h"

#include <curl/curl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "cartpilot/error.h"
#include "net/call_timeouts.h"
#include "net/proxy.h"
#include "net/request_headers.h"
#include "net/transfer.h"
#include "net/url_policy.h"

namespace cartpilot::net {
namespace {

constexpr std::size_t kMaxIdle = 32;
/// Shorter than what balancers and routers usually allow before they drop a silent connection
/// without a word.
constexpr std::chrono::seconds kLongestIdle{55};

/// libcurl keeps connections inside a multi handle, which one thread may use at a time; so each of
/// these is a multi handle of its own that holds at most one connection.
struct Connection {
  std::string key;  ///< the server it leads to
  std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi;
  curl_socket_t socket = CURL_SOCKET_BAD;
  std::chrono::steady_clock::time_point idle_since{};

  static Connection make(const std::string& key) {
    Connection made{key, {curl_multi_init(), &curl_multi_cleanup}};
    if (!made.multi) throw std::bad_alloc();
    curl_multi_setopt(made.multi.get(), CURLMOPT_MAXCONNECTS, 1L);
    return made;
  }

  /// A server that said something since its last answer has closed the connection or is out of
  /// step: its words would be taken for the next answer. libcurl 7.88 notices only the first.
  bool usable() const {
    pollfd waiting{socket, POLLIN, 0};
    return base::steady_now() - idle_since < kLongestIdle && ::poll(&waiting, 1, 0) == 0;
  }
};

/// OpenSSL writes without MSG_NOSIGNAL. While this exists, writing to a connection that the other
/// side has closed raises nothing on this thread.
class PipeSignalBlocked {
 public:
  PipeSignalBlocked() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~PipeSignalBlocked() {
    if (sigismember(&before_, SIGPIPE) == 1) return;
    const timespec now{};
    while (::sigtimedwait(&pipe_, nullptr, &now) == SIGPIPE) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  PipeSignalBlocked(const PipeSignalBlocked&) = delete;
  PipeSignalBlocked& operator=(const PipeSignalBlocked&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
};

}  // namespace

/// Connections between two calls are in `idle`, one that is used belongs to its call.
struct HttpClient::Impl {
  HttpClientOptions options;
  ProxySettings proxies;
  std::mutex mutex;
  std::vector<Connection> idle;  ///< guarded by the mutex; the oldest first

  Connection take(const std::string& key) {
    std::vector<Connection> unusable;  // closed after the lock is gone
    const std::lock_guard lock(mutex);
    for (std::size_t i = idle.size(); i-- > 0;) {
      if (idle[i].key != key) continue;
      Connection found = std::move(idle[i]);
      idle.erase(idle.begin() + static_cast<std::ptrdiff_t>(i));
      if (found.usable()) return found;
      unusable.push_back(std::move(found));
    }
    return Connection::make(key);
  }

  void put(Connection connection) {
    connection.idle_since = base::steady_now();
    std::vector<Connection> oldest;  // as above
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(connection));
    if (idle.size() <= kMaxIdle) return;
    oldest.push_back(std::move(idle.front()));
    idle.erase(idle.begin());
  }
};

TrustedCertificates certificates_of_environment() {
  const auto variable = [](const char* name, const char* otherwise) -> std::string {
    const char* const value = ::secure_getenv(name);
    if (value != nullptr && *value != '\0') return value;
    return otherwise == nullptr ? "" : otherwise;
  };
  const curl_version_info_data& built = *curl_version_info(CURLVERSION_NOW);
  const std::string file = variable("SSL_CERT_FILE", nullptr);
  return {variable("SSL_CERT_DIR", built.capath), variable("SSL_CERT_FILE", built.cainfo),
          !file.empty()};
}

HttpClient::HttpClient(HttpClientOptions options) : impl_(std::make_unique<Impl>()) {
  // Once, before the first thread uses libcurl.
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw std::runtime_error(curl_easy_strerror(code));
  if (options.use_proxy_environment) impl_->proxies = proxies_of_environment();
  if (::access(options.trust.file.c_str(), R_OK) != 0) options.trust.file.clear();
  impl_->options = std::move(options);
}

HttpClient::~HttpClient() {
  const PipeSignalBlocked blocked;  // closing a connection says so to the other side
  impl_.reset();
}

void HttpClient::send(const HttpRequest& request, HttpSink& sink, const CallContext& context) {
  send(request, sink, context, nullptr);
}

void HttpClient::send(const HttpRequest& request, HttpSink& sink, const CallContext& context,
                      WireTap* tap) {
  const PipeSignalBlocked blocked;
  const Target target = parse_target(request.url);
  const HeaderList headers = request_headers(request, impl_->options.user_agent);
  const std::optional<Proxy> proxy = impl_->proxies.proxy_for(target);
  const TrustedCertificates& trust = impl_->options.trust;
  CallTimeouts timeouts(request, context);
  timeouts.check();

  const std::string key = target.scheme + target.address();
  Connection connection = request.fresh_connection ? Connection::make(key) : impl_->take(key);
  const auto send_with = [&](const std::string& file) {
    const Route route{target, proxy, trust.folder, file};
    connection.socket =
        transfer(connection.multi.get(), route, request, headers.get(), sink, tap, timeouts);
  };
  try {
    send_with(trust.file_first ? trust.file : "");
  } catch (const Error& error) {
    const bool refused = error.reason == "tls" && !error.retryable;  // nothing was sent
    if (!refused || trust.file_first || trust.file.empty()) throw;
    send_with(trust.file);
  }
  const bool keep = !request.fresh_connection && connection.socket != CURL_SOCKET_BAD;
  if (keep) impl_->put(std::move(connection));
}

HttpAnswer fetch(HttpTransport& transport, const HttpRequest& request, const CallContext& context) {
  struct Collector final : HttpSink {
    void on_head(const HttpHead& head) override { answer.head = head; }
    bool on_event(const HttpEvent& event) override {
      answer.body.append(event.data);
      return true;
    }
    HttpAnswer answer;
  };
  Collector collector;
  transport.send(request, collector, context);
  return std::move(collector.answer);
}

}  // namespace cartpilot::net
