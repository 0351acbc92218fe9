// ReplayTransport: a transport that answers every request with the same bytes, through the real
// SSE decoder, without a socket. And a provider from a shipped plugin on top of it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cartpilot/http.h"
#include "cartpilot/stream_event.h"
#include "net/sse_decoder.h"
#include "plugin/host/plugins.h"

namespace cartpilot::bench {

class ReplayTransport final : public HttpTransport {
 public:
  std::string answer;             ///< body of an event stream
  std::size_t request_bytes = 0;  ///< of the last request's body
  std::size_t piece = 16384;      ///< bytes handed to the decoder at a time

  void send(const HttpRequest& request, HttpSink& sink, const CallContext&) override {
    request_bytes = request.body.size();
    sink.on_head({200, {{"Content-Type", "text/event-stream"}}});
    net::SseDecoder decoder([&](const HttpEvent& event) { return sink.on_event(event); },
                            request.max_body_bytes);
    const std::string_view bytes = answer;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      if (!decoder.feed(bytes.substr(at, piece))) return;
    }
    decoder.finish();
  }
};

/// Hears everything and does nothing.
struct NullSink final : EventSink {
  void on_event(const StreamEvent&) override { ++events; }
  std::size_t events = 0;
};

struct ReplayProvider {
  ReplayProvider(const std::filesystem::path& plugins, const std::string& name)
      : host(search(plugins), transport),
        provider(host.make_provider(name,
                                    {{"GEMINI_API_KEY", "bench"},
                                     {"OPENAI_API_KEY", "bench"},
                                     {"GEMINI_BASE_URL", "http://127.0.0.1:9"},
                                     {"OPENAI_BASE_URL", "http://127.0.0.1:9/v1"}},
                                    {})) {}

  static plugin::SearchOptions search(const std::filesystem::path& plugins) {
    plugin::SearchOptions options;
    options.directories = {plugins};
    options.standard_places = false;
    return options;
  }

  ReplayTransport transport;
  plugin::PluginHost host;
  std::unique_ptr<LLMProvider> provider;
};

}  // namespace cartpilot::bench
