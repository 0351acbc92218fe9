// HttpProvider: a vendor reached by HTTP, reduced to four pure steps of translation.
//
//   build_request    neutral request          -> one HttpRequest
//   Decoder::decode  one event or whole body  -> stream events
//   Decoder::finish  end of the answer        -> Finish, or an Error when it was cut
//   classify_error   status, headers, body    -> Error
//
// generate() puts them together over the host's transport; retries, waiting and the screen are the
// host's. A step that learns something about the model ("refuses temperature") may say so through
// adapt() and get one more try.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/http.h"
#include "cartpilot/llm_provider.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

class HttpProvider : public LLMProvider {
 public:
  /// Turns the answer to one request into events. Made anew for every attempt; one thread.
  class Decoder {
   public:
    virtual ~Decoder() = default;
    /// `event` is a whole body or one server-sent event. Returns false when nothing more is
    /// expected (a terminal event was seen and the socket may stay open). Throws Error for errors
    /// inside a 200 answer.
    virtual bool decode(const HttpEvent& event, EventSink& sink) = 0;
    /// Called once at the end of the answer. Emits the complete tool calls and Finish, or throws
    /// Error{kUnavailable, retryable, reason "stream_cut"}.
    virtual void finish(EventSink& sink) = 0;
  };

  explicit HttpProvider(HttpTransport* transport) : transport_(transport) {}

  void generate(const GenerateRequest& request, EventSink& sink,
                const CallContext& context) override {
    for (int attempt = 0;; ++attempt) {
      const HttpRequest http = build_request(request);
      for (const std::string& notice : std::exchange(pending_notices_, {})) {
        sink.on_event(WarningEvent{notice});
      }
      std::unique_ptr<Decoder> decoder = make_decoder(request);
      Relay relay(*decoder, sink);
      transport_->send(http, relay, context);
      if (relay.head.status >= 200 && relay.head.status < 300) {
        decoder->finish(sink);
        return;
      }
      const Error error = classify_error(relay.head, relay.error_body);
      std::optional<std::string> notice;
      if (attempt < kMaxAdaptations) notice = adapt(error, relay.error_body);
      if (!notice) throw error;
      if (!notice->empty()) pending_notices_.push_back(*std::move(notice));
    }
  }

 protected:
  static constexpr int kMaxAdaptations = 3;

  virtual HttpRequest build_request(const GenerateRequest& request) = 0;
  virtual std::unique_ptr<Decoder> make_decoder(const GenerateRequest& request) = 0;
  /// `body` is the whole error body, at most 64 KiB of it; it may be anything, HTML included.
  virtual Error classify_error(const HttpHead& head, std::string_view body) const = 0;
  /// Called when the vendor refused a request. Change what build_request() will do and return a
  /// notice for the person
  /// ("" = none) to try once more; nullopt to give up. Must make progress: it is asked at most
  /// three times a call.
  virtual std::optional<std::string> adapt(const Error& error, std::string_view body) {
    (void)error;
    (void)body;
    return std::nullopt;
  }

  HttpTransport& transport() const { return *transport_; }

 private:
  /// Sends 2xx answers to the decoder and keeps the body of all others.
  struct Relay final : HttpSink {
    Relay(Decoder& target, EventSink& events) : decoder(target), sink(events) {}
    void on_head(const HttpHead& received) override { head = received; }
    bool on_event(const HttpEvent& event) override {
      if (head.status >= 200 && head.status < 300) return decoder.decode(event, sink);
      if (error_body.size() < kMaxErrorBody) {
        error_body.append(event.data.substr(0, kMaxErrorBody - error_body.size()));
      }
      return true;
    }
    static constexpr std::size_t kMaxErrorBody = 64 * 1024;
    Decoder& decoder;
    EventSink& sink;
    HttpHead head;
    std::string error_body;
  };

  HttpTransport* transport_;
  /// Of adapt(). They are told when the request they are about can be built: one that needs more of
  /// the conversation is asked for again before the person hears anything.
  std::vector<std::string> pending_notices_;
};

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
