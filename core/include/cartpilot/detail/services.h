// The host as a plugin sees it: its table, and HTTP through it. (host_log() is in plugin.h.)
//
// The host hands itself over once, at init; it stays valid for the life of the process. All
// functions may be called from any thread. Before init, or with a host that lacks the service,
// HTTP throws Error{kUnsupported}.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/abi.h"
#include "cartpilot/detail/calls.h"
#include "cartpilot/detail/visibility.h"
#include "cartpilot/detail/wire_request.h"
#include "cartpilot/http.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace detail {

/// Where this library keeps the host it was given.
inline std::atomic<const cp_host*>& current_host() {
  static std::atomic<const cp_host*> host{nullptr};
  return host;
}

/// A table of the host, or nullptr.
template <class Table>
const Table* host_service(const char* interface_id) {
  const cp_host* host = current_host().load();
  if (host == nullptr || !CP_HAS(cp_host, host, query)) return nullptr;
  return static_cast<const Table*>(host->query(host->ctx, interface_id));
}

inline std::int32_t start_plugin(const cp_host* host, const cp_sink* err) noexcept {
  return guarded(err, SecretScrub(), [&] {
    if (host == nullptr || host->epoch != CP_EPOCH) {
      throw Error(ErrorCode::kUnsupported, "the host speaks another plugin ABI epoch");
    }
    current_host().store(host);
  });
}

/// HttpTransport over the host's HTTP service.
class HostTransport final : public HttpTransport {
 public:
  void send(const HttpRequest& request, HttpSink& sink, const CallContext& context) override {
    const auto* http = host_service<cp_host_http_v1>(CP_HOST_HTTP);
    if (http == nullptr || !CP_HAS(cp_host_http_v1, http, send)) {
      throw Error(ErrorCode::kUnsupported, "this host offers no HTTP service");
    }
    Receiver receiver{sink, {}, std::nullopt, nullptr};
    const cp_sink out{sizeof(cp_sink), &receiver, &Receiver::emit};
    const cp_call call{sizeof(cp_call), const_cast<CallContext*>(&context), &cancelled,
                       context.deadline_unix_ms()};
    const std::string head = dump_json(http_request_to_json(request));
    const std::int32_t status =
        http->send(http->ctx, &call, bytes(head), bytes(request.body), &out);
    if (receiver.thrown) std::rethrow_exception(receiver.thrown);
    if (status != CP_OK) throw error_of(status, receiver.error, "HTTP request");
  }

 private:
  struct Receiver {
    HttpSink& sink;
    std::string event_name;
    std::optional<std::string> error;
    std::exception_ptr thrown;  // by the sink; carried past the host and thrown again by send()

    static std::int32_t emit(void* context, std::int32_t kind, cp_bytes payload) noexcept {
      auto& self = *static_cast<Receiver*>(context);
      if (self.thrown) return 1;
      try {
        return self.take(kind, view(payload)) ? 0 : 1;
      } catch (...) {
        self.thrown = std::current_exception();
        return 1;
      }
    }

    bool take(std::int32_t kind, std::string_view data) {
      switch (kind) {
        case CP_EMIT_HTTP_HEAD:
          sink.on_head(http_head_from_json(parse_json(data, "HTTP head")));
          return true;
        case CP_EMIT_HTTP_BODY: return sink.on_event({HttpEvent::Kind::kBody, {}, data});
        case CP_EMIT_HTTP_STRAY: return sink.on_event({HttpEvent::Kind::kStray, {}, data});
        case CP_EMIT_SSE_NAME: event_name.assign(data.data(), data.size()); return true;
        case CP_EMIT_SSE_DATA: {
          const std::string name = std::move(event_name);
          event_name.clear();
          return sink.on_event({HttpEvent::Kind::kEvent, name, data});
        }
        case CP_EMIT_ERROR: error.emplace(data); return true;
        default: return true;  // a later revision's piece
      }
    }
  };

  static std::int32_t cancelled(void* context) noexcept {
    return static_cast<const CallContext*>(context)->cancelled() ? 1 : 0;
  }
};

inline HttpTransport& host_transport() {
  static HostTransport transport;
  return transport;
}

}  // namespace detail

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
