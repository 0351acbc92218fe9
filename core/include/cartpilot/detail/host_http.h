// The host's side of the HTTP service: what stands behind cp_host_http_v1.send.
//
// The program and the check kit's FakeHost serve plugins with it. One thread during a call; nothing
// is kept.
#pragma once

#include <cstdint>
#include <string>

#include "cartpilot/abi.h"
#include "cartpilot/detail/calls.h"
#include "cartpilot/detail/visibility.h"
#include "cartpilot/detail/wire_request.h"
#include "cartpilot/http.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace detail {

/// Feeds an answer to the plugin's sink.
class PieceSink final : public HttpSink {
 public:
  explicit PieceSink(const cp_sink* out) : out_(out) {}

  void on_head(const HttpHead& head) override {
    wanted_ = emit(out_, CP_EMIT_HTTP_HEAD, dump_json(http_head_to_json(head)));
  }

  bool on_event(const HttpEvent& event) override {
    if (!wanted_) return false;
    switch (event.kind) {
      case HttpEvent::Kind::kBody: wanted_ = emit(out_, CP_EMIT_HTTP_BODY, event.data); break;
      case HttpEvent::Kind::kStray: wanted_ = emit(out_, CP_EMIT_HTTP_STRAY, event.data); break;
      case HttpEvent::Kind::kEvent:
        wanted_ = (event.name.empty() || emit(out_, CP_EMIT_SSE_NAME, event.name)) &&
                  emit(out_, CP_EMIT_SSE_DATA, event.data);
        break;
    }
    return wanted_;
  }

 private:
  const cp_sink* out_;
  bool wanted_ = true;
};

/// Sends the request of a plugin. Failures are a status and CP_EMIT_ERROR.
inline std::int32_t serve_http(HttpTransport& transport, cp_bytes request_json, cp_bytes body,
                               const CallContext& context, const cp_sink* out) noexcept {
  return guarded(out, SecretScrub(), [&] {
    HttpRequest request = http_request_from_json(parse_json(view(request_json), "HTTP request"));
    request.body = std::string(view(body));
    PieceSink sink(out);
    transport.send(request, sink, context);
  });
}

}  // namespace detail
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
