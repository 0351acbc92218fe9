// HttpProvider: the base class of a provider whose vendor is reached by HTTP.
//
// A derived class translates between the neutral types and the vendor's JSON. It opens no
// connection, waits for nothing and prints nothing; the host owns sockets, TLS, proxies, timeouts
// and the repetition of retryable errors. It implements
//
//   begin(request)              what to send for a neutral request, and the decoder of its answer
//   classify_error(head, body)  the Error for an answer whose status is not 2xx
//   adapt(error, body)          optional: what a refusal teaches, followed by one more begin()
//
// and, from LLMProvider, info(), check(), models() and the three functions of the function format.
// generate() is written here. For one request it calls, in this order and on the calling thread:
//
//   begin -> the host sends -> status 2xx: Decoder::decode for every event, then Decoder::finish
//                           -> other:      classify_error, adapt, and begin again or throw
//
// The host calls one object from one thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/http.h"
#include "cartpilot/llm_provider.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

class HttpProvider : public LLMProvider {
 public:
  /// Turns one answer with status 2xx into stream events. generate() owns it and destroys it when
  /// the answer has ended or failed.
  class Decoder {
   public:
    virtual ~Decoder() = default;

    /// Takes the next piece of the answer: one server-sent event, or the whole body of an answer
    /// that is no event stream. Emits what can be shown at once. `event` is valid during the call
    /// only. Returns false when the vendor's last event was seen; the host then reads no further.
    /// Throws Error for an error the vendor reports inside the answer, and kProtocol for a piece it
    /// cannot read.
    virtual bool decode(const HttpEvent& event, EventSink& sink) = 0;

    /// Called once after the last piece. Emits the complete tool calls and Finish. Throws
    /// Error{kUnavailable, retryable, reason "stream_cut"} when the vendor's end mark is missing.
    virtual void finish(EventSink& sink) = 0;

    /// True when the vendor has said that the answer is over, and everything in it is whole,
    /// although more may follow (token counts, an end mark). A connection that breaks then loses
    /// nothing: finish() is called as after a good end.
    virtual bool ended() const { return false; }
  };

  /// One attempt: what is sent, and what reads the answer to it.
  struct Exchange {
    HttpRequest request;
    std::unique_ptr<Decoder> decoder;  ///< not null; may point into the GenerateRequest
  };

  /// `transport` is ProviderConfig::transport and outlives the provider.
  explicit HttpProvider(HttpTransport* transport) : transport_(transport) {}

  void generate(const GenerateRequest& request, EventSink& sink,
                const CallContext& context) override {
    std::vector<std::size_t> refused;  // hashes of the requests
    Exchange exchange = begin(request);
    while (true) {
      Relay relay(*exchange.decoder, sink);
      try {
        transport_->send(exchange.request, relay, context);
      } catch (const Error& error) {
        const bool broke =
            error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kDeadline;
        if (!broke || !relay.accepted() || relay.failed || !exchange.decoder->ended()) throw;
      }
      if (relay.accepted()) {
        exchange.decoder->finish(sink);
        return;
      }
      const Error error = classify_error(relay.head, relay.error_body);
      refused.push_back(hash_of(exchange.request));
      std::optional<std::string> notice;
      if (refused.size() <= kMaxAdaptations) notice = adapt(error, relay.error_body);
      if (!notice) throw error;
      exchange = begin(request);
      if (std::find(refused.begin(), refused.end(), hash_of(exchange.request)) != refused.end()) {
        throw error;  // nothing was changed
      }
      if (!notice->empty()) sink.on_event(WarningEvent{*notice});
    }
  }

 protected:
  static constexpr std::size_t kMaxAdaptations = 3;

  /// `request` holds the whole conversation and stays valid until generate() returns. Equal
  /// requests give equal bytes, unless adapt() was called in between. Throws
  /// Error{kInvalidArgument} for a request the vendor's format cannot express.
  virtual Exchange begin(const GenerateRequest& request) = 0;

  /// The Error for an answer with a status outside 200-299. `body` holds at most the first 64 KiB
  /// of the answer and may be anything, a proxy's HTML included. Set `http_status`, `retryable`,
  /// and `retry_after_ms` when the vendor names a wait.
  virtual Error classify_error(const HttpHead& head, std::string_view body) const = 0;

  /// Called with the Error and the body of an answer outside 200-299, at most three times for one
  /// generate(). A provider that knows which member of the request was refused changes its state so
  /// that begin() leaves it out, and returns the notice for the person, "" for none; begin() is
  /// then called again. std::nullopt ends the call with `error`; so does a begin() that makes a
  /// request which was refused already.
  virtual std::optional<std::string> adapt(const Error& error, std::string_view body) {
    (void)error;
    (void)body;
    return std::nullopt;
  }

  /// For requests of the provider's own, such as the list of models.
  HttpTransport& transport() const { return *transport_; }

 private:
  static std::size_t hash_of(const HttpRequest& request) {
    return std::hash<std::string>{}(request.url + ' ' + request.body);
  }

  /// Gives answers with status 2xx to the decoder and collects the body of all others.
  struct Relay final : HttpSink {
    Relay(Decoder& target, EventSink& events) : decoder(target), sink(events) {}
    bool accepted() const { return head.status >= 200 && head.status < 300; }
    void on_head(const HttpHead& received) override { head = received; }
    bool on_event(const HttpEvent& event) override {
      if (accepted()) {
        failed = true;  // unless decode() returns
        const bool more = decoder.decode(event, sink);
        failed = false;
        return more;
      }
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
    bool failed = false;  ///< the decoder threw
  };

  HttpTransport* transport_;
};

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
