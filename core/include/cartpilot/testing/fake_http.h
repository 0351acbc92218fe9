// FakeHttp: a pretend network for tests of plugins.
//
// Answers requests from a script or a queue and remembers them. It is an HttpTransport, so a
// provider class can be tested directly; FakeHost offers the same object to a loaded plugin through
// the C boundary. Requests may come from several threads; the script then runs on all of them.
// Link CartPilot::Testing.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cartpilot/error.h"
#include "cartpilot/http.h"

namespace cartpilot::testing {

/// One pretend answer: a head, then either a whole body or the pieces of an event stream, then
/// perhaps a failure of the network.
struct FakeReply {
  struct Event {
    std::string name;  ///< the event's name; "" = none
    std::string data;
    bool stray = false;  ///< lines in the stream that are no event
  };

  int status = 200;
  HttpHeaders headers;
  std::string body;              ///< used when `events` is empty
  std::vector<Event> events;     ///< sent one by one when the request asked for server-sent events
  std::optional<Error> failure;  ///< thrown after everything above was sent
  bool silent = false;           ///< with `failure`: not even a head is sent

  static FakeReply json(std::string body, int status = 200);
  /// An event stream of unnamed events.
  static FakeReply stream(const std::vector<std::string>& data);
  /// Nothing but a failure (no route, reset, time-out).
  static FakeReply broken(Error failure);
};

class FakeHttp final : public HttpTransport {
 public:
  using Script = std::function<FakeReply(const HttpRequest&)>;

  /// Answers the next request without an answer of its own; the last one queued repeats.
  void reply(FakeReply reply);
  /// Answers every request instead of the queue.
  void script(Script script);

  /// Everything that was asked, in order.
  std::vector<HttpRequest> requests() const;

  void send(const HttpRequest& request, HttpSink& sink, const CallContext& context) override;

 private:
  FakeReply next(const HttpRequest& request);

  mutable std::mutex mutex_;
  Script script_;
  std::deque<FakeReply> queue_;
  std::vector<HttpRequest> requests_;
};

}  // namespace cartpilot::testing
