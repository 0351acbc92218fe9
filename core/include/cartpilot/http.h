// HTTP as plugins see it: a request goes out, events come back; sockets, TLS, proxies and time
// belong to the host.
//
// All types are plain values except the two interfaces. Calls to HttpSink happen on the thread that
// called send(), before send() returns. An HttpTransport may be used by several threads at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cartpilot/detail/characters.h"
#include "cartpilot/detail/visibility.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// Case-insensitive look-up; "" when the header is absent. The first of several wins.
inline std::string header_value(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() && detail::lower_case(key) == detail::lower_case(name)) {
      return value;
    }
  }
  return "";
}

/// One request. Plain http is refused unless the host is loopback; redirects are never followed.
struct HttpRequest {
  std::string method = "POST";
  std::string url;                  ///< absolute, https or (loopback only) http
  HttpHeaders headers;              ///< the host adds Host and Content-Length
  std::string body;                 ///< raw bytes
  bool server_sent_events = false;  ///< split a text/event-stream answer into its events
  /// Never on a kept connection: when the server closes one at the wrong moment, the caller cannot
  /// know whether its request ran.
  bool fresh_connection = false;
  std::int64_t connect_timeout_ms = 10'000;
  std::int64_t idle_timeout_ms = 120'000;      ///< longest silence; models think for minutes
  std::int64_t total_timeout_ms = 600'000;     ///< from the call of send() to the last byte
  std::uint64_t max_body_bytes = 64ULL << 20;  ///< limit of a whole body and of one event
};

/// The beginning of an answer.
struct HttpHead {
  int status = 0;
  HttpHeaders headers;
};

/// A piece of the answer. The views are valid during the call that hands it over.
struct HttpEvent {
  enum class Kind {
    kBody,   ///< the whole body, once; errors, plain answers, and answers that are no event stream
    kEvent,  ///< one server-sent event; `name` is its `event:` field, `data` its data lines joined
             ///< by LF
    kStray   ///< a run of lines in an event stream that are no event fields (gateways print bare
             ///< JSON errors there)
  };
  Kind kind = Kind::kBody;
  std::string_view name;
  std::string_view data;
};

/// Receives one answer: on_head once, then on_event as often as needed. Returning false from
/// on_event ends the exchange early without an error (the connection is closed).
class HttpSink {
 public:
  virtual ~HttpSink() = default;
  virtual void on_head(const HttpHead& head) = 0;
  virtual bool on_event(const HttpEvent& event) = 0;
};

/// Lets a long call notice that it should stop.
class CallContext {
 public:
  virtual ~CallContext() = default;
  /// True once the person or program asked to stop. Any thread; cheap enough to poll every 20 ms.
  virtual bool cancelled() const noexcept { return false; }
  /// Unix time in ms after which the caller no longer waits; 0 = none.
  virtual std::int64_t deadline_unix_ms() const noexcept { return 0; }
};

/// The host's HTTP client, or a fake one in tests.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  /// Sends `request` and feeds the answer to `sink`. HTTP error statuses are answers, not errors.
  /// Throws Error{kUnavailable, retryable} for DNS, connect, TLS and reset, {kDeadline} for
  /// time-outs, {kCancelled}, {kProtocol} for an unreadable or oversized answer, {kInvalidArgument}
  /// for a refused URL. `reason` is one of dns, connect, tls, reset, connect_timeout, idle_timeout,
  /// total_timeout, too_large, url, http.
  virtual void send(const HttpRequest& request, HttpSink& sink, const CallContext& context) = 0;
};

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
